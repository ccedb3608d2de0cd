// Admin messages <-> domain.
import { NODE_SERVICES, VOLUME_ACCESS } from "@ashlar/catalog";
import { nodeId, volumeName } from "@ashlar/core";
import type {
  ClusterStatus,
  DiskStatus,
  GatewayStatus,
  GroupStatus,
  MemberRole,
  MemberStatus,
  NodeStatus,
  ProcessState,
  ProcessStatus,
  VolumeStatus,
} from "../admin.ts";
import type { ClusterStatusReply__Output } from "../gen/ashlar/v1/ClusterStatusReply.ts";
import type {
  GatewayStatus as GatewayMessage,
  GatewayStatus__Output,
} from "../gen/ashlar/v1/GatewayStatus.ts";
import type { GroupStatusReply__Output } from "../gen/ashlar/v1/GroupStatusReply.ts";
import type { MemberStatus__Output } from "../gen/ashlar/v1/MemberStatus.ts";
import type { NodeStatus__Output } from "../gen/ashlar/v1/NodeStatus.ts";
import type { ProcessStatus__Output } from "../gen/ashlar/v1/ProcessStatus.ts";
import type { VolumeStatus__Output } from "../gen/ashlar/v1/VolumeStatus.ts";
import { fromMapping } from "./access.ts";
import { fromSlowMark } from "./catalog.ts";
import { mirrorStatus } from "./mirror.ts";
import { oneOf, safeNumber } from "./scalars.ts";
import { scrubPass } from "./scrub.ts";
import { fromPortal } from "./sessions.ts";

const PROCESS_STATES: readonly ProcessState[] = ["up", "down"];
const MEMBER_ROLES: readonly MemberRole[] = [
  "leader",
  "follower",
  "candidate",
  "learner",
  "absent",
  "unknown",
];
const DISK_STATES: readonly DiskStatus["state"][] = [
  "up",
  "down",
  "failed",
  "retired",
  "missing",
  "leaving",
];

function processStatus(message: ProcessStatus__Output): ProcessStatus {
  return {
    id: nodeId(message.id),
    state: oneOf(PROCESS_STATES, message.state),
    incarnation: safeNumber(message.incarnation),
    address: message.address,
    portals: message.portals.map(fromPortal),
  };
}

export const gatewayStatus = (message: GatewayStatus__Output): GatewayStatus => ({
  id: nodeId(message.id),
  state: oneOf(PROCESS_STATES, message.state),
  draining: message.draining,
  incarnation: safeNumber(message.incarnation),
  portals: message.portals.map(fromPortal),
  sessions: message.sessionsKnown ? message.sessions : null,
});

export const toGatewayStatus = ({
  sessions,
  portals,
  ...status
}: GatewayStatus): GatewayMessage => ({
  ...status,
  portals: [...portals],
  sessionsKnown: sessions !== null,
  sessions: sessions ?? 0,
});

const memberStatus = (message: MemberStatus__Output): MemberStatus => ({
  id: nodeId(message.id),
  address: message.address,
  member: safeNumber(message.member),
  role: oneOf(MEMBER_ROLES, message.role),
  state: oneOf(PROCESS_STATES, message.state),
  matchIndex: safeNumber(message.matchIndex),
  lag: safeNumber(message.lag),
});

export function groupStatus(message: GroupStatusReply__Output): GroupStatus {
  return {
    clusterId: message.clusterId,
    self: nodeId(message.self),
    role: oneOf(MEMBER_ROLES, message.role),
    term: safeNumber(message.term),
    leader: message.leader,
    leaderAddress: message.leaderAddress,
    firstIndex: safeNumber(message.firstIndex),
    lastIndex: safeNumber(message.lastIndex),
    commitIndex: safeNumber(message.commitIndex),
    appliedIndex: safeNumber(message.appliedIndex),
    members: message.members.map(memberStatus),
    release: { build: message.build, protocol: message.protocol },
    bootId: message.bootId,
  };
}

export function clusterStatus(message: ClusterStatusReply__Output): ClusterStatus {
  return {
    clusterId: message.clusterId,
    chunkSize: message.chunkSize,
    createdAt: message.createdAt,
    appliedIndex: safeNumber(message.appliedIndex),
    metadata: message.metadata.map(memberStatus),
    storage: message.storage.map(processStatus),
    gateways: message.gateways.map(processStatus),
    volumes: message.volumes,
    slowDisks: message.slowDisks,
    lostPaths: message.lostPaths,
    chunks: safeNumber(message.chunks),
    degradedChunks: safeNumber(message.degradedChunks),
    unavailableChunks: safeNumber(message.unavailableChunks),
    resyncChunks: safeNumber(message.resyncChunks),
  };
}

export function nodeStatus(message: NodeStatus__Output): NodeStatus {
  return {
    id: nodeId(message.id),
    state: oneOf(PROCESS_STATES, message.state),
    service: oneOf(NODE_SERVICES, message.service),
    zone: message.zone,
    incarnation: safeNumber(message.incarnation),
    address: message.address,
    disks: message.disks.map((disk) => ({
      id: disk.id,
      storeUuid: disk.storeUuid,
      state: oneOf(DISK_STATES, disk.state),
      sizeBytes: safeNumber(disk.sizeBytes),
      freeBytes: safeNumber(disk.freeBytes),
      chunks: safeNumber(disk.chunks),
      slow: disk.slow ? fromSlowMark(disk.slow) : null,
      scrub: disk.scrub ? scrubPass(disk.scrub) : null,
      mirror: disk.mirror ? mirrorStatus(disk.mirror) : null,
    })),
    sizeBytes: safeNumber(message.sizeBytes),
    freeBytes: safeNumber(message.freeBytes),
    chunks: safeNumber(message.chunks),
    primaries: safeNumber(message.primaries),
    degradedChunks: safeNumber(message.degradedChunks),
    resyncChunks: safeNumber(message.resyncChunks),
  };
}

export function volumeStatus(message: VolumeStatus__Output): VolumeStatus {
  return {
    name: volumeName(message.name),
    id: message.id,
    iqn: message.iqn,
    lun: message.lun,
    sizeBytes: safeNumber(message.sizeBytes),
    blockSize: message.blockSize,
    replicas: message.replicas,
    createdAt: message.createdAt,
    family: message.family,
    generation: safeNumber(message.generation),
    change: message.change,
    resets: safeNumber(message.resets),
    access: oneOf(VOLUME_ACCESS, message.access),
    mappings: message.mappings.map(fromMapping),
    chunks: safeNumber(message.chunks),
    degradedChunks: safeNumber(message.degradedChunks),
    unavailableChunks: safeNumber(message.unavailableChunks),
    resyncChunks: safeNumber(message.resyncChunks),
  };
}

/** A domain object whose fields are those of its message; only readonly differs. */
export type AsMessage<T> = T extends readonly (infer E)[]
  ? AsMessage<E>[]
  : T extends string
    ? T
    : T extends object
      ? { -readonly [K in keyof T]: AsMessage<T[K]> }
      : T;
export const asMessage = <T>(value: T): AsMessage<T> => value as AsMessage<T>;
