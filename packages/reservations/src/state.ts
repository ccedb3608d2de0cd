// Who has reserved a logical unit: persistent reservations (SPC-4 5.13) and the older RESERVE and RELEASE
// (SPC-2 5.5). There is one such state for each volume, in the catalog; gateways have copies of it.

/** An I_T nexus: who may do what is decided by nexus, not by host. */
export interface NexusId {
  /** Initiator name and ISID: `iqn…,i,0x…` (RFC 7143, 4.4). */
  readonly initiatorPort: string;
  /** Relative target port identifier: the target portal group tag. */
  readonly targetPort: number;
}

/** In lower case, as hosts are known by it. */
export const initiatorNameOf = ({ initiatorPort }: NexusId): string =>
  initiatorPort.replace(/,.*$/s, "").toLowerCase();

export const sameNexus = (a: NexusId, b: NexusId): boolean =>
  a.targetPort === b.targetPort && a.initiatorPort === b.initiatorPort;

/** Reservation keys as 16 hexadecimal digits: they exceed what a number holds, and are only compared. */
export type ReservationKey = string;

/** As a REGISTER gives it to unregister, and a PREEMPT to mean everybody. */
export const NO_KEY: ReservationKey = "0".repeat(16);

/** Types of a persistent reservation (SPC-4 6.15.3.3); the scope is always the logical unit. */
export const RESERVATION_TYPE = {
  writeExclusive: 1,
  exclusiveAccess: 3,
  writeExclusiveRegistrantsOnly: 5,
  exclusiveAccessRegistrantsOnly: 6,
  writeExclusiveAllRegistrants: 7,
  exclusiveAccessAllRegistrants: 8,
} as const;
export type ReservationType = (typeof RESERVATION_TYPE)[keyof typeof RESERVATION_TYPE];

const TYPES: ReadonlySet<number> = new Set(Object.values(RESERVATION_TYPE));
export const isReservationType = (type: number): type is ReservationType => TYPES.has(type);

/** Whoever is registered holds the reservation. */
export const isHeldByAll = (type: ReservationType): boolean =>
  type === RESERVATION_TYPE.writeExclusiveAllRegistrants ||
  type === RESERVATION_TYPE.exclusiveAccessAllRegistrants;

/** Registrants have access, holders or not. */
export const admitsRegistrants = (type: ReservationType): boolean =>
  type >= RESERVATION_TYPE.writeExclusiveRegistrantsOnly;

/** Reads are refused too. */
export const excludesReaders = (type: ReservationType): boolean =>
  type === RESERVATION_TYPE.exclusiveAccess ||
  type === RESERVATION_TYPE.exclusiveAccessRegistrantsOnly ||
  type === RESERVATION_TYPE.exclusiveAccessAllRegistrants;

export interface Registrant extends NexusId {
  readonly key: ReservationKey;
}

/** What a change of somebody else's has to be told as a unit attention (SPC-4 5.13.5). */
export const NOTICES = [
  "reservationsPreempted",
  "reservationsReleased",
  "registrationsPreempted",
] as const;
export type NoticeKind = (typeof NOTICES)[number];

export interface Notice extends NexusId {
  readonly kind: NoticeKind;
  /** The change that is told, as {@link Reservations.changes} counts. */
  readonly change: number;
}

/** The tasks of a nexus ended by a PREEMPT AND ABORT: what was begun before must not be done any more. */
export interface Abort extends NexusId {
  /** The change that did it, as {@link Reservations.changes} counts. */
  readonly change: number;
}

/** One RESERVE(6) or (10), so that the loss of a session does not end what its successor has reserved. */
export interface Holding {
  /** Incarnation of the gateway that it came through. */
  readonly gateway: number;
  /** Counts within that. */
  readonly serial: number;
}

export interface Reservations {
  /** Counts all changes of this state; it only rises. */
  readonly changes: number;
  /** PRGENERATION, below 2^32 (SPC-4 6.15.2). */
  readonly generation: number;
  /** As the last REGISTER asked for. It is kept over a loss of power in any case. */
  readonly aptpl: boolean;
  /** In the order in which they came. */
  readonly registrants: readonly Registrant[];
  /** The persistent reservation. `holder` is undefined when all registrants hold it. */
  readonly held:
    | { readonly type: ReservationType; readonly holder: NexusId | undefined }
    | undefined;
  /** Who has the unit by RESERVE(6) or (10). */
  readonly reserved: (NexusId & Holding) | undefined;
  /** What changes had to tell, oldest first: at most NOTICES_KEPT_MAX. */
  readonly notices: readonly Notice[];
  /** The latest of each nexus, oldest first: at most ABORTS_KEPT_MAX. */
  readonly aborts: readonly Abort[];
}

export const NO_RESERVATIONS: Reservations = {
  changes: 0,
  generation: 0,
  aptpl: false,
  registrants: [],
  held: undefined,
  reserved: undefined,
  notices: [],
  aborts: [],
};

/** 64 hosts with four paths each. Bounds the record, which every change sends to all gateways. */
export const REGISTRANTS_MAX = 256;
/** As many as one CLEAR has to tell. Who misses more finds out by his next command. */
export const NOTICES_KEPT_MAX = 256;
/** An operation lives for 20 s at most; hosts pre-empt each other far less often. */
export const ABORTS_KEPT_MAX = 256;

export const registrationOf = (
  { registrants }: Reservations,
  nexus: NexusId,
): Registrant | undefined => registrants.find((one) => sameNexus(one, nexus));

export function holds({ held }: Reservations, registrant: NexusId): boolean {
  if (!held) return false;
  return held.holder === undefined || sameNexus(held.holder, registrant);
}
