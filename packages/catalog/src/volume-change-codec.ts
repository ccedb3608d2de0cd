// Changes of a volume's shared state as bytes: the number of the kind, then what that kind carries.
import {
  type Codec,
  CodecError,
  flag,
  hostName,
  mapped,
  oneOf,
  present,
  record,
  text,
  uint,
} from "@ashlar/core";
import type { ReservationAction } from "@ashlar/reservations";
import {
  type AccessEdit,
  type Mapping,
  VOLUME_CHANGES,
  type VolumeChange,
  type VolumeChangeKind,
} from "./records.ts";
import { reservationAction } from "./reservation-codecs.ts";

export const host = mapped(text, hostName);
export const mapping = record<Mapping>({ host, lun: uint, readOnly: flag });

const editKind = oneOf(["map", "unmap", "open"]);

const accessEdit: Codec<AccessEdit> = {
  write: (to, edit) => {
    editKind.write(to, edit.kind);
    if (edit.kind === "map") mapping.write(to, edit.mapping);
    else if (edit.kind === "unmap") host.write(to, edit.host);
  },
  read: (from) => {
    const kind = editKind.read(from);
    if (kind === "map") return { kind, mapping: mapping.read(from) };
    return kind === "unmap" ? { kind, host: host.read(from) } : { kind };
  },
};

/** A member knows the changes it prepared: only watchers are not told. */
const preparedAction: Codec<ReservationAction | undefined> = {
  write: (to, action) => reservationAction.write(to, present(action, "a prepared change is known")),
  read: (from) => reservationAction.read(from),
};

type Payload<K extends VolumeChangeKind> = Omit<Extract<VolumeChange, { kind: K }>, "kind">;

const PAYLOADS: { readonly [K in VolumeChangeKind]: Codec<Payload<K>> } = {
  fence: record({}),
  delete: record({}),
  reservations: record({ action: preparedAction }),
  access: record({ edit: accessEdit }),
};

const KIND_OF_NUMBER: ReadonlyMap<number, VolumeChangeKind> = new Map(
  Object.entries(VOLUME_CHANGES).map(([kind, number]) => [number, kind as VolumeChangeKind]),
);

export const volumeChange: Codec<VolumeChange> = {
  write: (to, change) => {
    to.u8(VOLUME_CHANGES[change.kind]);
    (PAYLOADS[change.kind] as Codec<object>).write(to, change);
  },
  read: (from) => {
    const kind = KIND_OF_NUMBER.get(from.u8());
    if (!kind) throw new CodecError("unknown change of a volume");
    return { kind, ...(PAYLOADS[kind] as Codec<object>).read(from) } as VolumeChange;
  },
};
