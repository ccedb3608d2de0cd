// Which unit attention a nexus has to be told when its unit's reservations have become others. Who follows the
// state sees each change with what it has to tell; who missed some in between is told what can be seen.
import {
  type NexusId,
  type NoticeKind,
  type Reservations,
  registrationOf,
  sameNexus,
} from "./state.ts";

export function noticeFor(
  before: Reservations,
  after: Reservations,
  nexus: NexusId,
): NoticeKind | undefined {
  if (after.changes === before.changes) return undefined;
  if (after.changes === before.changes + 1) {
    return after.notices.find((one) => sameNexus(one, nexus))?.kind;
  }
  if (!registrationOf(before, nexus)) return undefined;
  if (!registrationOf(after, nexus)) return "registrationsPreempted";
  const isOther = before.held !== undefined && before.held.type !== after.held?.type;
  return isOther ? "reservationsReleased" : undefined;
}

/** Who lost its tasks to a PREEMPT AND ABORT since. */
export const abortedSince = (before: Reservations, after: Reservations): readonly NexusId[] =>
  after.aborts.filter(({ change }) => change > before.changes);
