// Who may use what, as messages <-> domain: mappings and their changes, hosts and what they prove.
import {
  type AccessEdit,
  type HostChap,
  type HostRecord,
  type Mapping,
  VOLUME_ACCESS,
  VOLUME_CHANGES,
  type VolumeChange,
  type VolumeChangeKind,
  type VolumeRecord,
} from "@ashlar/catalog";
import { hostName, initiatorName, SystemError } from "@ashlar/core";
import { NO_RESERVATIONS } from "@ashlar/reservations";
import type { HostStatus } from "../admin.ts";
import type {
  AccessEdit__Output,
  AccessEdit as AccessEditMessage,
} from "../gen/ashlar/v1/AccessEdit.ts";
import type { HostChap__Output, HostChap as HostChapMessage } from "../gen/ashlar/v1/HostChap.ts";
import type {
  HostRecord__Output,
  HostRecord as HostRecordMessage,
} from "../gen/ashlar/v1/HostRecord.ts";
import type { HostStatus__Output } from "../gen/ashlar/v1/HostStatus.ts";
import type { Mapping__Output } from "../gen/ashlar/v1/Mapping.ts";
import type {
  VolumeRecord__Output,
  VolumeRecord as VolumeRecordMessage,
} from "../gen/ashlar/v1/VolumeRecord.ts";
import { fromReservations, toReservations } from "./reservations.ts";
import { oneOf } from "./scalars.ts";

const CHANGE_KINDS = Object.keys(VOLUME_CHANGES) as VolumeChangeKind[];
const CHAP_KINDS = ["", "one-way", "mutual"] as const;

/** @throws SystemError argument/invalid. */
export const fromMapping = ({ host, lun, readOnly }: Mapping__Output): Mapping => ({
  host: hostName(host),
  lun,
  readOnly,
});

export function toAccessEdit(edit: AccessEdit): AccessEditMessage {
  switch (edit.kind) {
    case "map":
      return { kind: edit.kind, mapping: edit.mapping };
    case "unmap":
      return { kind: edit.kind, host: edit.host };
    case "open":
      return { kind: edit.kind };
  }
}

/** @throws SystemError argument/invalid, rpc/version. */
export function fromAccessEdit(message: AccessEdit__Output | null): AccessEdit {
  const kind = oneOf(["map", "unmap", "open"], message?.kind ?? "");
  if (kind === "open") return { kind };
  if (kind === "unmap") return { kind, host: hostName(message?.host ?? "") };
  if (message?.mapping) return { kind, mapping: fromMapping(message.mapping) };
  throw new SystemError("rpc/bad-frame", "a mapping is missing");
}

/** The fields of a volume's message that have no number or text of their own in the record. */
export const toSharedState = ({
  access,
  mappings,
  change,
  reservations,
}: Pick<VolumeRecord, "access" | "mappings" | "change" | "reservations">): Required<
  Pick<VolumeRecordMessage, "access" | "change" | "accessEdit" | "reservations">
> => ({
  access: { access, mappings: [...mappings] },
  change: change?.kind ?? "",
  accessEdit: change?.kind === "access" ? toAccessEdit(change.edit) : null,
  reservations: toReservations(reservations),
});

export function fromSharedState({
  access,
  change,
  accessEdit,
  reservations,
}: Pick<VolumeRecord__Output, "access" | "change" | "accessEdit" | "reservations">): Pick<
  VolumeRecord,
  "access" | "mappings" | "change" | "reservations"
> {
  return {
    // A volume of whose users nothing is known is not open to all.
    access: oneOf(VOLUME_ACCESS, access?.access ?? ""),
    mappings: (access?.mappings ?? []).map(fromMapping),
    change: change === "" ? undefined : changeOf(change, accessEdit),
    reservations: reservations ? fromReservations(reservations) : NO_RESERVATIONS,
  };
}

function changeOf(kind: string, edit: AccessEdit__Output | null): VolumeChange {
  const known = oneOf(CHANGE_KINDS, kind);
  if (known === "access") return { kind: known, edit: fromAccessEdit(edit) };
  return known === "reservations" ? { kind: known, action: undefined } : { kind: known };
}

export const toChap = (chap: HostChap | undefined): HostChapMessage | null =>
  chap ? { ...chap, mutual: chap.mutual ?? null } : null;

export const fromChap = (message: HostChap__Output | null): HostChap | undefined => {
  if (!message) return undefined;
  const { user, secret, mutual } = message;
  return {
    user,
    secret,
    mutual: mutual ? { user: mutual.user, secret: mutual.secret } : undefined,
  };
};

export const toHost = ({ initiators, chap, ...record }: HostRecord): HostRecordMessage => ({
  ...record,
  initiators: [...initiators],
  chap: toChap(chap),
});

export const fromHost = (message: HostRecord__Output): HostRecord => ({
  host: hostName(message.host),
  initiators: message.initiators.map(initiatorName),
  chap: fromChap(message.chap),
  createdAt: message.createdAt,
});

export const hostStatus = (message: HostStatus__Output): HostStatus => ({
  name: hostName(message.name),
  initiators: message.initiators,
  chap: oneOf(CHAP_KINDS, message.chap),
  chapUser: message.chapUser,
  targetUser: message.targetUser,
  createdAt: message.createdAt,
  volumes: message.volumes.map(({ name, lun, readOnly }) => ({ name, lun, readOnly })),
});
