// The records of the catalog as bytes, shared by commands and snapshots. Fields are in the order of each
// table and append only, by a new version of the format that holds them.
import {
  type ChunkId,
  type Codec,
  chunkIdFromNumber,
  clusterId,
  diskId,
  type FamilyId,
  familyId,
  flag,
  initiatorName,
  list,
  mapped,
  nodeId,
  oneOf,
  optional,
  record,
  type StoreUuid,
  storeUuid,
  text,
  uint,
  volumeId,
  volumeName,
} from "@ashlar/core";
import { NO_RESERVATIONS } from "@ashlar/reservations";
import type { IsrCandidate } from "./command.ts";
import {
  ADVICE_MODES,
  type ChunkMember,
  type ClusterRecord,
  type CopySpeed,
  DEFAULT_COPY_SPEED,
  DISK_STATES,
  type DiskRecord,
  type FamilyRange,
  type GatewayRecord,
  type HostChap,
  type HostRecord,
  type MemberRecord,
  NODE_SERVICES,
  type NodeRecord,
  PORTAL_ROLES,
  type PortalRecord,
  REBALANCING,
  type SlowMark,
  VOLUME_ACCESS,
  type VolumeRecord,
} from "./records.ts";
import { reservations } from "./reservation-codecs.ts";
import type { VolumeDraft } from "./state.ts";
import { host, mapping, volumeChange } from "./volume-change-codec.ts";

export { host, volumeChange };

export const node = mapped(text, nodeId);
export const store: Codec<StoreUuid> = mapped(text, storeUuid);
export const family: Codec<FamilyId> = mapped(uint, familyId);
export const chunk: Codec<ChunkId> = mapped(uint, chunkIdFromNumber);
const upOrDown = oneOf(["up", "down"]);

export const clusterFields = {
  clusterId: mapped(text, clusterId),
  chunkSize: uint,
  createdAt: text,
};
const clusterFieldsV2 = { ...clusterFields, familiesGiven: uint };
const clusterFieldsV6 = {
  ...clusterFieldsV2,
  familiesSkipped: list(record<FamilyRange>({ first: uint, last: uint })),
};
export const rebalancing = oneOf(REBALANCING);
const clusterFieldsV7 = { ...clusterFieldsV6, rebalancing };
export const copySpeedFields = { latencyTargetMs: uint, floorBytesPerSecond: uint };
const copySpeed = record<CopySpeed>(copySpeedFields);
const clusterFieldsV8 = { ...clusterFieldsV7, copySpeed };
export const adviceMode = oneOf(ADVICE_MODES);
export const cluster: Codec<ClusterRecord> = record<Omit<ClusterRecord, "keepsSlowDisks">>({
  ...clusterFieldsV8,
  advice: adviceMode,
});
const recordV8 = record(clusterFieldsV8);
/** Up to format 8: nothing was done by itself that was only recommended. */
export const clusterV8: Codec<ClusterRecord> = {
  write: recordV8.write,
  read: (from) => ({ ...recordV8.read(from), advice: "manual" }),
};
const recordV7 = record(clusterFieldsV7);
const HEEDLESS = { copySpeed: DEFAULT_COPY_SPEED, advice: "manual" } as const;
/** Up to format 7: copies heeded nothing. */
export const clusterV7: Codec<ClusterRecord> = {
  write: recordV7.write,
  read: (from) => ({ ...recordV7.read(from), ...HEEDLESS }),
};
/** Up to format 6: nothing moved by itself, and nobody had said that it must not. */
const QUIET = { rebalancing: "auto", ...HEEDLESS } as const;
export const clusterV6: Codec<ClusterRecord> = {
  write: cluster.write,
  read: (from) => ({ ...record(clusterFieldsV6).read(from), ...QUIET }),
};
/** Of format 1. That no family was given deletes nothing, until the next volume is made. */
export const clusterV1: Codec<ClusterRecord> = {
  write: cluster.write,
  read: (from) => ({
    ...record(clusterFields).read(from),
    familiesGiven: 0,
    familiesSkipped: [],
    ...QUIET,
  }),
};
export const clusterV2: Codec<ClusterRecord> = {
  write: cluster.write,
  read: (from) => ({
    ...record(clusterFieldsV2).read(from),
    familiesSkipped: [],
    ...QUIET,
  }),
};
/** Whether it is slow is told apart from it, for it is known of stores: see encode.ts. */
export const disk: Codec<DiskRecord> = record<Omit<DiskRecord, "slow">>({
  disk: mapped(text, diskId),
  storeUuid: store,
  sizeBytes: uint,
  state: oneOf(DISK_STATES),
});
export const slowMark = record<SlowMark>({ reason: text, since: text });
const portalFieldsV7 = { address: text, tpgt: uint };
export const portals = list(record<PortalRecord>({ ...portalFieldsV7, role: oneOf(PORTAL_ROLES) }));
/** Up to command format 7: no portal redirected. */
export const portalsV7: Codec<readonly PortalRecord[]> = {
  write: portals.write,
  read: (from) =>
    list(record(portalFieldsV7))
      .read(from)
      .map((portal) => ({ ...portal, role: "direct" })),
};
const nodeFieldsV6 = {
  node,
  state: upOrDown,
  incarnation: uint,
  bootId: text,
  address: text,
  disks: list(disk),
};
export const nodeService = oneOf(NODE_SERVICES);
export const nodeRecord = record<NodeRecord>({
  ...nodeFieldsV6,
  service: nodeService,
  zone: text,
});
/** Up to format 6: every node took part, and was a zone for itself. */
export const nodeRecordV6: Codec<NodeRecord> = {
  write: nodeRecord.write,
  read: (from) => ({ ...record(nodeFieldsV6).read(from), service: "in", zone: "" }),
};
const gatewayFields = { gateway: node, state: upOrDown, incarnation: uint, bootId: text };
export const gatewayRecord = record<GatewayRecord>({ ...gatewayFields, portals, draining: flag });
/** Up to format 5: no gateway was drained. */
export const gatewayRecordV5: Codec<GatewayRecord> = {
  write: gatewayRecord.write,
  read: (from) => ({
    ...record({ ...gatewayFields, portals: portalsV7 }).read(from),
    draining: false,
  }),
};
const volumeFieldsV3 = {
  volume: mapped(text, volumeId),
  name: mapped(text, volumeName),
  family,
  sizeBytes: uint,
  blockSize: uint,
  replicas: uint,
  generation: uint,
  iqn: text,
  lun: uint,
  createdAt: text,
};
const volumeFieldsV5 = { ...volumeFieldsV3, change: optional(volumeChange), resets: uint };
export const volumeAccess = oneOf(VOLUME_ACCESS);
export const volumeRecord = record<VolumeRecord>({
  ...volumeFieldsV5,
  reservations,
  access: volumeAccess,
  mappings: list(mapping),
});
const OPEN = { reservations: NO_RESERVATIONS, access: "any", mappings: [] } as const;
/** Up to format 5: every volume was open to any initiator, and nothing could be reserved. */
export const volumeRecordV5: Codec<VolumeRecord> = {
  write: volumeRecord.write,
  read: (from) => ({ ...record(volumeFieldsV5).read(from), ...OPEN }),
};
/** Up to format 3: no generation was ever changed. */
export const volumeRecordV3: Codec<VolumeRecord> = {
  write: volumeRecord.write,
  read: (from) => ({ ...record(volumeFieldsV3).read(from), change: undefined, resets: 0, ...OPEN }),
};
export const initiators = list(mapped(text, initiatorName));
export const hostChap = record<HostChap>({
  user: text,
  secret: text,
  mutual: optional(record({ user: text, secret: text })),
});
export const hostRecord = record<HostRecord>({
  host,
  initiators,
  chap: optional(hostChap),
  createdAt: text,
});
export const memberRecord = record<MemberRecord>({ node, address: text, member: uint });
const draftOf = (of: Codec<VolumeRecord>): Codec<VolumeDraft> =>
  record<VolumeDraft>({ record: of, chunks: uint, placed: uint });
export const draft = draftOf(volumeRecord);
export const draftV5 = draftOf(volumeRecordV5);
export const draftV3 = draftOf(volumeRecordV3);
export const member = record<ChunkMember>({ node, disk: mapped(text, diskId), storeUuid: store });
export const candidate = record<IsrCandidate>({ chunk, epoch: uint, version: uint, store });
