// What hosts with reservations did and met, as figures of a run: none may stay zero over many seeds.

export type HostFigures = Record<(typeof NAMES)[number], number>;

const NAMES = [
  "acked",
  "reads",
  "writes",
  "swaps",
  "miscompares",
  "conflicts",
  "busy",
  "denied",
  "unanswered",
  "attentions",
  "logins",
  "loginsRefused",
  "register",
  "registerAndIgnoreExistingKey",
  "reserve",
  "release",
  "clear",
  "preempt",
  "preemptAndAbort",
  "requestConflicts",
  "requestFaults",
  "requestsUnknown",
  "readKeys",
  "readReservation",
  "readFullStatus",
  "mapped",
  "mappedReadOnly",
  "unmapped",
  "hostFrozen",
  "hostClogged",
  "hostCut",
  "gatewayUnaware",
  "gatewayLate",
  "restarts",
] as const;

export const noHostFigures = (): HostFigures =>
  Object.fromEntries(NAMES.map((name) => [name, 0])) as HostFigures;
