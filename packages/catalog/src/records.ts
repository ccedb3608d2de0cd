// What the catalog knows, as other packages see it: immutable records, one per thing, replaced as a
// whole when it changes. A watch delivers exactly these, so a mirror needs no knowledge of commands.
import {
  type ChunkId,
  type ClusterId,
  type DiskId,
  type FamilyId,
  GIB,
  type HostName,
  type InitiatorName,
  MIB,
  type NodeId,
  type StoreUuid,
  type VolumeId,
  type VolumeName,
} from "@ashlar/core";
import { NO_RESERVATIONS, type ReservationAction, type Reservations } from "@ashlar/reservations";
import type { ChunkScans } from "./chunk-tables.ts";

export interface ClusterRecord {
  readonly clusterId: ClusterId;
  /** Bytes per chunk, fixed when the cluster is made. */
  readonly chunkSize: number;
  /** ISO 8601, from the proposal, never from the applying member's clock. */
  readonly createdAt: string;
  /**
   * The newest family that a volume was ever shown with, 0 for none. A family up to this one that no
   * volume has was deleted; one beyond it is unknown here, as after the catalog was restored from an
   * older copy, and its data must be kept.
   */
  readonly familiesGiven: number;
  /**
   * Families up to this one that were not given here, though stores had chunks of them: what came after
   * an older copy that the catalog was restored from. They are unknown here for good.
   */
  readonly familiesSkipped: readonly FamilyRange[];
  readonly rebalancing: Rebalancing;
  readonly copySpeed: CopySpeed;
  readonly advice: AdviceMode;
  /** Whether slow disks are left where they are; absent: they are taken out of the way. */
  readonly keepsSlowDisks?: true;
}

/**
 * `auto`: copies move by themselves where disks came, went or grew. `paused`: only away from where they cannot stay.
 * Their places are the format: append only.
 */
export const REBALANCING = ["auto", "paused"] as const;
export type Rebalancing = (typeof REBALANCING)[number];

/**
 * Of what is recommended. `manual`: people apply it. `auto`: what moves no data is also done by itself.
 * Their places are the format: append only.
 */
export const ADVICE_MODES = ["manual", "auto"] as const;
export type AdviceMode = (typeof ADVICE_MODES)[number];

/** What copying heeds, on each storage node: that of lost copies, of moves, and of those that returned. */
export interface CopySpeed {
  /** Milliseconds: copying gives way while more than one in a hundred operations of hosts takes longer. */
  readonly latencyTargetMs: number;
  /** It always may go on with so much. */
  readonly floorBytesPerSecond: number;
}

/** A host notices more than this; a chunk is copied at this speed in 8 s. */
export const DEFAULT_COPY_SPEED: CopySpeed = { latencyTargetMs: 20, floorBytesPerSecond: 8 * MIB };
/** Below a millisecond nothing would ever be quick enough, above a minute nothing too slow. */
export const LATENCY_TARGET_MS: { readonly min: number; readonly max: number } = {
  min: 1,
  max: 60_000,
};
/** So slow that a copy of a large disk takes weeks, and more than any disk has. */
export const COPY_FLOOR: { readonly min: number; readonly max: number } = {
  min: MIB,
  max: 64 * GIB,
};

/** Families from the first to the last, both included. */
export interface FamilyRange {
  readonly first: number;
  readonly last: number;
}

export interface DiskRecord {
  readonly disk: DiskId;
  readonly storeUuid: StoreUuid;
  /** Bytes the store can hold in all, reserve included. */
  readonly sizeBytes: number;
  /**
   * `down` after storeDown: this uuid never returns. `missing`: its node could not open it, or another node that
   * is up has it; it may be back. `leaving`: it serves, gets no new copies, and its copies move elsewhere.
   */
  readonly state: (typeof DISK_STATES)[number];
  /** It does not fail and keeps hosts waiting: it leads nothing it need not, and its copies move elsewhere. */
  readonly slow?: SlowMark;
}

/** Why a disk is taken for slow, in words that name it and what it was compared with. */
export interface SlowMark {
  readonly reason: string;
  /** ISO 8601, from the proposal. */
  readonly since: string;
}

/** In a record that travels with each change of its node. */
export const SLOW_REASON_MAX = 512;

/** Their places are the format: append only. */
export const DISK_STATES = ["up", "down", "missing", "leaving"] as const;

/**
 * What people want of a storage node. `in`: it takes part. `draining`: it serves, gets no new copies, and its
 * copies move elsewhere. `maintenance`: it may be away for a while, and nobody makes its copies elsewhere.
 * Their places are the format: append only.
 */
export const NODE_SERVICES = ["in", "draining", "maintenance"] as const;
export type NodeService = (typeof NODE_SERVICES)[number];

/** A storage node. */
export interface NodeRecord {
  readonly node: NodeId;
  readonly state: "up" | "down";
  /**
   * From one cluster-wide counter, a new one with each registration, below 2^48: an epoch names one
   * incarnation of its primary.
   */
  readonly incarnation: number;
  /** Random per process start; a supervisor's exit report names it. */
  readonly bootId: string;
  /** host:port of the node's gRPC server (chunk service). */
  readonly address: string;
  readonly disks: readonly DiskRecord[];
  /** Over all restarts of its process. */
  readonly service: NodeService;
  /** What fails together, such as a rack: no two copies are in one. Empty: the node is one for itself. */
  readonly zone: string;
}

/**
 * What a portal does with a login: `direct` serves it. `public` sends it to a private portal of some gateway, and
 * serves it only where there is none. `private` serves it, and is shown in discovery only where nothing is public.
 * Their places are the format: append only.
 */
export const PORTAL_ROLES = ["direct", "public", "private"] as const;
export type PortalRole = (typeof PORTAL_ROLES)[number];

/** A portal as told to initiators. */
export interface PortalRecord {
  /** host:port; of a private portal the host is an IP literal. */
  readonly address: string;
  /** Target portal group tag, one of its own for each portal of the cluster. */
  readonly tpgt: number;
  readonly role: PortalRole;
}

/** A gateway; ops carry its incarnation. */
export interface GatewayRecord {
  readonly gateway: NodeId;
  readonly state: "up" | "down";
  /** As of nodes: from the same counter. */
  readonly incarnation: number;
  readonly bootId: string;
  readonly portals: readonly PortalRecord[];
  /** It takes no new sessions and lets go of those it has, whatever becomes of its process. */
  readonly draining: boolean;
}

export interface VolumeRecord {
  readonly volume: VolumeId;
  readonly name: VolumeName;
  readonly family: FamilyId;
  readonly sizeBytes: number;
  /** Bytes per logical block, 512 or 4096. */
  readonly blockSize: number;
  readonly replicas: number;
  /**
   * Version of the volume's shared state; it only rises. Operations carry it, and the nodes that lead
   * the volume's chunks refuse those of any other (P11).
   */
  readonly generation: number;
  /** Prepared and not in force yet: operations of every generation are refused meanwhile. */
  readonly change: VolumeChange | undefined;
  /**
   * How often the logical unit was reset. A gateway that sees it rise ends the unit's tasks: what was
   * begun before is not sent again under the new generation.
   */
  readonly resets: number;
  /** Whose host has reserved the logical unit, the same for all gateways. */
  readonly reservations: Reservations;
  readonly iqn: string;
  /** Where it is not mapped otherwise. */
  readonly lun: number;
  readonly createdAt: string;
  /** `any`: open to every initiator. `mapped`: to the hosts of `mappings` alone. */
  readonly access: VolumeAccess;
  /** In order of the hosts' names, one for each; none while it is open to any. */
  readonly mappings: readonly Mapping[];
}

export const VOLUME_ACCESS = ["any", "mapped"] as const;
export type VolumeAccess = (typeof VOLUME_ACCESS)[number];

/** That a host may use a volume. */
export interface Mapping {
  readonly host: HostName;
  /** The number of the unit for this host, 0 .. LUN_MAX. */
  readonly lun: number;
  readonly readOnly: boolean;
}

/** Hosts of one volume: the largest failover clusters have as many. They travel with each of its changes. */
export const MAPPINGS_MAX = 64;

/** Initiators that are one machine to people, and how they prove who they are. */
export interface HostRecord {
  readonly host: HostName;
  /** 1 .. INITIATORS_MAX, in order; no other host has any of them. */
  readonly initiators: readonly InitiatorName[];
  /** Undefined: nothing is to be proved. */
  readonly chap: HostChap | undefined;
  readonly createdAt: string;
}

/** Secrets stand here as they are, since both sides of CHAP compute with them (RFC 1994). Never shown. */
export interface HostChap {
  /** Empty: the name of the initiator. */
  readonly user: string;
  readonly secret: string;
  /** What the target proves itself with; its secret is another one (RFC 7143 12.1.3). */
  readonly mutual: { readonly user: string; readonly secret: string } | undefined;
}

/** Ports of one machine. */
export const INITIATORS_MAX = 16;
/** Of one cluster: each mirror holds all of them, and they are checked one by one. */
export const HOSTS_MAX = 1024;

/**
 * What a change of the shared state does once no operation admitted before can take effect any more.
 * `fence` does nothing but that.
 */
export type VolumeChange =
  | { readonly kind: "fence" }
  | { readonly kind: "delete" }
  | {
      readonly kind: "reservations";
      /** Not told by a watch: to whoever follows, the generation is closed, for whatever reason. */
      readonly action: ReservationAction | undefined;
    }
  | { readonly kind: "access"; readonly edit: AccessEdit };
export type VolumeChangeKind = VolumeChange["kind"];
/** Their numbers in the format: never use one again. */
export const VOLUME_CHANGES: Readonly<Record<VolumeChangeKind, number>> = {
  fence: 0,
  delete: 1,
  reservations: 2,
  access: 3,
};

/** What becomes of a volume's mappings; applied to those in force when it is prepared. */
export type AccessEdit =
  /** The host may use it from now on, as the mapping says, and who is not mapped may not. */
  | { readonly kind: "map"; readonly mapping: Mapping }
  | { readonly kind: "unmap"; readonly host: HostName }
  /** Every initiator may use it, and no mapping is left. */
  | { readonly kind: "open" };

/** What gateways share of a volume that nobody has used yet. */
export const UNUSED_STATE = {
  generation: 1,
  change: undefined,
  resets: 0,
  reservations: NO_RESERVATIONS,
} as const;

/** A metadata member, or one that is expected to join the group. */
export interface MemberRecord {
  readonly node: NodeId;
  /** host:port where the other members and clients reach it. */
  readonly address: string;
  /** Its number in the Raft group, 0 before it joined. */
  readonly member: number;
}

export interface ChunkMember {
  readonly node: NodeId;
  readonly disk: DiskId;
  readonly storeUuid: StoreUuid;
}

/** Configuration of one chunk (ARCHITECTURE.md). */
export interface ChunkConfig {
  readonly chunk: ChunkId;
  /** Names one incarnation of one primary; stands in LSNs, promises and operations. */
  readonly epoch: number;
  /** Rises with every change; compare-and-swap checks it. */
  readonly version: number;
  readonly members: readonly ChunkMember[];
  /** In-sync stores, a subset of members, never empty (K4). */
  readonly isr: readonly StoreUuid[];
  /** Members being brought up to date. */
  readonly learners: readonly StoreUuid[];
  /** Members that go as soon as the volume's replicas are in sync without them; absent: none. */
  readonly leaving?: readonly StoreUuid[];
  readonly primary: { readonly node: NodeId; readonly incarnation: number };
}

/** What one applied entry changed, in order: the unit a watch delivers. */
export type CatalogChange =
  | { readonly kind: "cluster"; readonly record: ClusterRecord }
  | { readonly kind: "node"; readonly record: NodeRecord }
  | { readonly kind: "nodeRemoved"; readonly node: NodeId }
  | { readonly kind: "gateway"; readonly record: GatewayRecord }
  | { readonly kind: "member"; readonly record: MemberRecord }
  | { readonly kind: "memberRemoved"; readonly node: NodeId }
  | { readonly kind: "host"; readonly record: HostRecord }
  | { readonly kind: "hostDeleted"; readonly host: HostName }
  | { readonly kind: "volume"; readonly record: VolumeRecord }
  | { readonly kind: "volumeDeleted"; readonly volume: VolumeId; readonly family: FamilyId }
  | { readonly kind: "chunk"; readonly record: ChunkConfig };

/**
 * A read-only mirror of the catalog, fed by a watch (gateways, storage nodes) or by apply (members).
 */
export interface CatalogView {
  readonly cluster: ClusterRecord | undefined;
  /** Index of the last entry whose changes are in. */
  readonly appliedIndex: number;
  readonly nodes: ReadonlyMap<NodeId, NodeRecord>;
  readonly gateways: ReadonlyMap<NodeId, GatewayRecord>;
  /** The metadata members that belong to the cluster, also those that have not joined yet. */
  readonly members: ReadonlyMap<NodeId, MemberRecord>;
  readonly hosts: ReadonlyMap<HostName, HostRecord>;
  /** The host that an initiator belongs to; the name is in lower case. */
  hostOf(initiatorName: string): HostRecord | undefined;
  readonly volumes: ReadonlyMap<VolumeId, VolumeRecord>;
  chunk(chunk: ChunkId): ChunkConfig | undefined;
  /** All chunks of a family in order of index: a record of each, which takes long for a large one. */
  chunksOf(family: FamilyId): readonly ChunkConfig[];
  /** For those who look at very many chunks. */
  readonly chunks: ChunkScans;
}
