// Which unit attentions a nexus has to be told when its unit's reservations have become others. The state keeps
// what its last changes had to tell, so that who follows it in steps of several changes misses none.
import { type NexusId, type NoticeKind, type Reservations, sameNexus } from "./state.ts";

/** In order, each kind once. */
export const noticesFor = (
  before: Reservations,
  after: Reservations,
  nexus: NexusId,
): readonly NoticeKind[] => [
  ...new Set(
    after.notices
      .filter((one) => one.change > before.changes && sameNexus(one, nexus))
      .map(({ kind }) => kind),
  ),
];

/** Who lost its tasks to a PREEMPT AND ABORT since. */
export const abortedSince = (before: Reservations, after: Reservations): readonly NexusId[] =>
  after.aborts.filter(({ change }) => change > before.changes);
