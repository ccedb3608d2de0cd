// Reservations of a volume's logical unit as bytes, in commands and in snapshots. Tables are append only, by a
// new version of the format that holds them.
import {
  type ByteReader,
  type ByteWriter,
  type Codec,
  CodecError,
  flag,
  list,
  mapped,
  oneOf,
  optional,
  record,
  text,
  uint,
} from "@ashlar/core";
import {
  type Abort,
  type ActionKind,
  FAULTS,
  isReservationType,
  type NexusId,
  NOTICES,
  type Notice,
  type Registrant,
  type ReservationAction,
  type Reservations,
  type ReservationType,
} from "@ashlar/reservations";

const nexusFields = { initiatorPort: text, targetPort: uint };
const holdingFields = { gateway: uint, serial: uint };
const nexus = record<NexusId>(nexusFields);
const key: Codec<string> = mapped(text, (value) => {
  if (!/^[0-9a-f]{16}$/.test(value)) throw new CodecError("not a reservation key");
  return value;
});
const type: Codec<ReservationType> = {
  write: (to, value) => to.u8(value),
  read: (from) => {
    const value = from.u8();
    if (!isReservationType(value)) throw new CodecError(`not a type of reservation: ${value}`);
    return value;
  },
};

export const reservations = record<Reservations>({
  changes: uint,
  generation: uint,
  aptpl: flag,
  registrants: list(record<Registrant>({ ...nexusFields, key })),
  held: optional(record({ type, holder: optional(nexus) })),
  reserved: optional(record({ ...nexusFields, ...holdingFields })),
  notices: list(record<Notice>({ ...nexusFields, kind: oneOf(NOTICES), change: uint })),
  aborts: list(record<Abort>({ ...nexusFields, change: uint })),
});

type FieldsOf<K extends ActionKind> = Omit<
  Extract<ReservationAction, { readonly kind: K }>,
  "kind" | "nexus" | "seen"
>;

/** Tags are the format: never use one again. */
const ACTIONS: {
  readonly [K in ActionKind]: { readonly tag: number; readonly fields: Codec<FieldsOf<K>> };
} = {
  register: {
    tag: 1,
    fields: record({ key: optional(key), newKey: key, allTargetPorts: flag, aptpl: flag }),
  },
  reserve: { tag: 2, fields: record({ key, type }) },
  release: { tag: 3, fields: record({ key, type }) },
  clear: { tag: 4, fields: record({ key }) },
  preempt: { tag: 5, fields: record({ key, victim: key, type, abort: flag }) },
  registerAndMove: {
    tag: 6,
    fields: record({ key, newKey: key, unregister: flag, aptpl: flag, to: nexus }),
  },
  take: { tag: 7, fields: record(holdingFields) },
  give: { tag: 8, fields: record(holdingFields) },
};

const KIND_OF_TAG: ReadonlyMap<number, ActionKind> = new Map(
  Object.entries(ACTIONS).map(([kind, { tag }]) => [tag, kind as ActionKind]),
);

export const reservationAction: Codec<ReservationAction> = {
  write: (to: ByteWriter, action: ReservationAction) => {
    const { tag, fields }: { tag: number; fields: unknown } = ACTIONS[action.kind];
    to.u8(tag);
    nexus.write(to, action.nexus);
    to.uint(action.seen);
    (fields as Codec<object>).write(to, action);
  },
  read: (from: ByteReader) => {
    const kind = KIND_OF_TAG.get(from.u8());
    if (!kind) throw new CodecError("unknown action on reservations");
    const who = nexus.read(from);
    const seen = from.uint();
    const fields = (ACTIONS[kind].fields as Codec<object>).read(from);
    return { kind, nexus: who, seen, ...fields } as ReservationAction;
  },
};

/** What came of a request, as its caller needs it. */
export const RESERVATION_OUTCOMES = ["changed", "unchanged", "conflict", ...FAULTS] as const;
export type ReservationOutcome = (typeof RESERVATION_OUTCOMES)[number];
export const reservationOutcome = oneOf(RESERVATION_OUTCOMES);
