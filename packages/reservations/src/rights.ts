// What a nexus may do while a logical unit is reserved (SPC-4 5.13.1, SPC-2 5.5): the tables of the
// standards, as one decision for each kind of command.
import {
  admitsRegistrants,
  excludesReaders,
  holds,
  type NexusId,
  type Reservations,
  registrationOf,
  sameNexus,
} from "./state.ts";

/**
 * `always`: allowed to everyone; `inform`: tells of the device, which only RESERVE(6) and (10) forbid to
 * others; `read`: refused by exclusive-access reservations of others; `write`: refused by every
 * reservation of others, and what has no part of its own in these tables as well.
 */
export type ReservationRule = "always" | "inform" | "read" | "write";

/** Kinds of commands that are refused with RESERVATION CONFLICT. */
export interface Rights {
  readonly inform: boolean;
  readonly read: boolean;
  readonly write: boolean;
}

const ALL: Rights = { inform: true, read: true, write: true };
const NONE: Rights = { inform: false, read: false, write: false };
const READS: Rights = { inform: true, read: true, write: false };
const INFORMS: Rights = { inform: true, read: false, write: false };

export function rightsOf(state: Reservations, nexus: NexusId): Rights {
  const { held, reserved } = state;
  if (reserved) return sameNexus(reserved, nexus) ? ALL : NONE;
  if (!held) return ALL;
  const registrant = registrationOf(state, nexus);
  if (registrant && (admitsRegistrants(held.type) || holds(state, registrant))) return ALL;
  return excludesReaders(held.type) ? INFORMS : READS;
}

/** Whether a PREEMPT AND ABORT ended what the nexus had begun when `changes` was as given. */
export const wasAborted = ({ aborts }: Reservations, nexus: NexusId, changes: number): boolean =>
  aborts.some((one) => one.change > changes && sameNexus(one, nexus));
