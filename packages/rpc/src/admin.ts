// What people and their tools ask of a cluster, in domain types: served by the metadata process,
// called by the command line. Field names are those of `--json`.
import type {
  AccessEdit,
  HostChap,
  Mapping,
  NodeService,
  PortalRecord,
  ProposalId,
  SlowMark,
  VolumeAccess,
} from "@ashlar/catalog";
import type {
  DiskId,
  HostName,
  InitiatorName,
  NodeId,
  SystemError,
  VolumeId,
  VolumeName,
} from "@ashlar/core";
import type { MirrorStatus } from "./convert/mirror.ts";
import type { ScrubPass } from "./convert/scrub.ts";
import type { RecommendService } from "./recommend.ts";
import type { Release } from "./release.ts";
import type { UpkeepService } from "./upkeep.ts";

export type ProcessState = "up" | "down";

export interface ProcessStatus {
  readonly id: NodeId;
  readonly state: ProcessState;
  readonly incarnation: number;
  /** host:port of its gRPC server; empty for gateways. */
  readonly address: string;
  /** Gateways only: as told to initiators. */
  readonly portals: readonly PortalRecord[];
}

export interface GatewayStatus {
  readonly id: NodeId;
  readonly state: ProcessState;
  /** It takes no new sessions and lets go of those it has. */
  readonly draining: boolean;
  readonly incarnation: number;
  readonly portals: readonly PortalRecord[];
  /** Sessions of hosts; null while nothing is known of them: it is down, or there is a new leader. */
  readonly sessions: number | null;
}

/** What a metadata member does in its group; `absent` is expected and has never joined. */
export type MemberRole = "leader" | "follower" | "candidate" | "learner" | "absent" | "unknown";

export interface MemberStatus {
  readonly id: NodeId;
  /** host:port of its gRPC server. */
  readonly address: string;
  /** Its number in the Raft group, 0 before it joined. */
  readonly member: number;
  readonly role: MemberRole;
  readonly state: ProcessState;
  /** Last index that is known to be in its log. */
  readonly matchIndex: number;
  /** Entries the leader has beyond that. */
  readonly lag: number;
}

/** How one member sees its group: told without asking the others, so also when there is no leader. */
export interface GroupStatus {
  readonly clusterId: string;
  readonly self: NodeId;
  readonly role: MemberRole;
  readonly term: number;
  /** The leader as far as this member knows; empty when it knows none. */
  readonly leader: string;
  readonly leaderAddress: string;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  /** Only a leader knows how far the others are. */
  readonly members: readonly MemberStatus[];
  /** Of the program of the member that answers. */
  readonly release: Release;
  /** Of its process, random per start. */
  readonly bootId: string;
}

/** How chunks stand: a chunk is degraded with fewer in-sync replicas than its volume wants. */
export interface ChunkCounts {
  readonly chunks: number;
  readonly degradedChunks: number;
  /** No in-sync replica is up. */
  readonly unavailableChunks: number;
  /** A replica is being brought up to date. */
  readonly resyncChunks: number;
}

export interface ClusterStatus extends ChunkCounts {
  readonly clusterId: string;
  readonly chunkSize: number;
  readonly createdAt: string;
  readonly appliedIndex: number;
  readonly metadata: readonly MemberStatus[];
  readonly storage: readonly ProcessStatus[];
  readonly gateways: readonly ProcessStatus[];
  readonly volumes: number;
  /** Why disks are out of the way, each by its name. */
  readonly slowDisks: readonly string[];
  readonly lostPaths: readonly LostPathStatus[];
}

/** A network path that is lost while others are left. */
export interface LostPathStatus {
  /** Who does not hear it. */
  readonly process: string;
  readonly peer: string;
  /** An address of the peer: host:port, or the host alone where that takes carriers. */
  readonly path: string;
}

export interface DiskStatus {
  readonly id: string;
  readonly storeUuid: string;
  /**
   * `retired`: taken out of use while its node runs; what it held is made again elsewhere. `missing`: its node
   * could not open it, or another node has it.
   */
  readonly state: "up" | "down" | "failed" | "retired" | "missing" | "leaving";
  readonly sizeBytes: number;
  readonly freeBytes: number;
  /** Chunks with a copy on it, in sync or not. */
  readonly chunks: number;
  /** The newest; null before the first, and while nothing is known of it. */
  readonly scrub: ScrubPass | null;
  /** Null of a disk that has no mirror, and while nothing is known of it. */
  readonly mirror: MirrorStatus | null;
  /** Why it is taken for slow; null of a disk that is not. */
  readonly slow: SlowMark | null;
}

/** A disk by its names. */
export interface DiskPlace {
  readonly node: NodeId;
  readonly disk: DiskId;
}

export interface NodeStatus {
  readonly id: NodeId;
  readonly state: ProcessState;
  /** What people want of it. */
  readonly service: NodeService;
  /** Empty: it is one for itself. */
  readonly zone: string;
  readonly incarnation: number;
  readonly address: string;
  readonly disks: readonly DiskStatus[];
  readonly sizeBytes: number;
  /** As of the node's newest ping; 0 before its first. */
  readonly freeBytes: number;
  /** Chunks with a replica here. */
  readonly chunks: number;
  readonly primaries: number;
  /** Chunks whose replica here is not in sync. */
  readonly degradedChunks: number;
  /** Chunks whose replica here is being brought up to date. */
  readonly resyncChunks: number;
}

export interface VolumeStatus extends ChunkCounts {
  readonly name: VolumeName;
  readonly id: string;
  readonly iqn: string;
  readonly lun: number;
  readonly sizeBytes: number;
  readonly blockSize: number;
  readonly replicas: number;
  readonly createdAt: string;
  readonly family: number;
  /** Of its shared state: operations of another one are refused where its chunks are led. */
  readonly generation: number;
  /** What is prepared and not yet in force, empty for nothing. */
  readonly change: string;
  /** How often the logical unit was reset. */
  readonly resets: number;
  /** `any`: every initiator may use it. `mapped`: the hosts of `mappings` alone. */
  readonly access: VolumeAccess;
  readonly mappings: readonly Mapping[];
}

/** A host as people may see it: without its secrets. */
export interface HostStatus {
  readonly name: HostName;
  readonly initiators: readonly string[];
  /** What its initiators prove, and whether the target does too; empty for nothing. */
  readonly chap: "" | "one-way" | "mutual";
  /** Empty: the name of the initiator. */
  readonly chapUser: string;
  readonly targetUser: string;
  readonly createdAt: string;
  /** What it is mapped to. */
  readonly volumes: readonly {
    readonly name: string;
    readonly lun: number;
    readonly readOnly: boolean;
  }[];
}

export interface CreateHostOptions {
  readonly name: HostName;
  readonly initiators: readonly InitiatorName[];
  readonly chap: HostChap | undefined;
}

export interface SetHostOptions {
  readonly name: HostName;
  readonly added: readonly InitiatorName[];
  readonly removed: readonly InitiatorName[];
  /** Undefined: as it was. */
  readonly chap: { readonly now: HostChap | undefined } | undefined;
}

export interface CreateVolumeOptions {
  /** Chosen by the caller, so that a request that is sent again makes no second volume. */
  readonly volume: VolumeId;
  readonly name: VolumeName;
  /** A whole number of MiB, 1 MiB .. 64 TiB. */
  readonly sizeBytes: number;
  /** Absent: two where two nodes are up, else one. */
  readonly replicas?: number | undefined;
  /** 512 (default) or 4096. */
  readonly blockSize?: number | undefined;
  /** Absent: `any`. */
  readonly access?: VolumeAccess | undefined;
}

export interface VolumeCheck {
  readonly chunks: number;
  /** Replicas compared: those in sync. */
  readonly replicas: number;
  /** Replicas that differ from their primary's at the same LSN. */
  readonly different: number;
  /** Checksum units (4 KiB) that could not be read back right. */
  readonly damaged: number;
}

export interface CheckProgress {
  readonly chunksDone: number;
  readonly chunksTotal: number;
}

export interface AdminCallOptions {
  readonly signal: AbortSignal;
  /** On the server's side: as the caller named it. */
  readonly proposal?: ProposalId | undefined;
}

export interface Forceful {
  readonly force?: boolean | undefined;
}

/** Errors are SystemErrors with the codes of volume/ and cluster/. */
export interface AdminService {
  clusterStatus(options: AdminCallOptions): Promise<ClusterStatus>;
  /** Of the member that is asked. */
  groupStatus(options: AdminCallOptions): Promise<GroupStatus>;
  /**
   * Expects a metadata member of this name at this address; told again, its address is changed.
   * It becomes a voter when its process has joined and caught up.
   */
  addMember(
    member: { readonly id: NodeId; readonly address: string },
    options: AdminCallOptions,
  ): Promise<void>;
  /** @throws SystemError member/unknown, member/needed when too few would be left that answer. */
  removeMember(id: NodeId, options: AdminCallOptions): Promise<void>;
  listNodes(options: AdminCallOptions): Promise<readonly NodeStatus[]>;
  /**
   * Begins to verify all copies on a disk, unless that is under way; tells the pass as it stands.
   * @throws SystemError node/not-found, disk/not-found, and as calls of a node that is down.
   */
  scrubDisk(place: DiskPlace, options: AdminCallOptions): Promise<ScrubPass>;
  /**
   * Takes a disk out of use for good; what it holds is made again elsewhere from now on.
   * @throws SystemError node/not-found, disk/not-found; disk/needed when it has the only copy in sync
   * of some chunk, or, without `force`, when no other disk has room for what it holds.
   */
  retireDisk(place: DiskPlace, options: AdminCallOptions & Forceful): Promise<void>;
  listGateways(options: AdminCallOptions): Promise<readonly GatewayStatus[]>;
  /**
   * From now on, over restarts, a gateway takes no new sessions and lets go of those it has, or takes some again.
   * @throws SystemError gateway/not-found; gateway/needed when no other one is up that takes sessions, unless
   * `force` is given.
   */
  drainGateway(
    asked: { readonly gateway: NodeId; readonly draining: boolean },
    options: AdminCallOptions & Forceful,
  ): Promise<void>;
  listVolumes(options: AdminCallOptions): Promise<readonly VolumeStatus[]>;
  getVolume(name: VolumeName, options: AdminCallOptions): Promise<VolumeStatus>;
  /** The volume can be served when this resolves. */
  createVolume(volume: CreateVolumeOptions, options: AdminCallOptions): Promise<VolumeStatus>;
  /**
   * Nothing that gateways sent before takes effect when this resolves.
   * @throws SystemError volume/not-fenced when a node that leads some of it does not answer: `force`
   * deletes the volume all the same.
   */
  deleteVolume(name: VolumeName, options: AdminCallOptions & Forceful): Promise<void>;
  /**
   * Begins the next generation: nothing that gateways sent before takes effect when this resolves.
   * @throws SystemError volume/not-fenced, volume/changing.
   */
  fenceVolume(name: VolumeName, options: AdminCallOptions): Promise<VolumeStatus>;
  /**
   * Who may use a volume: when it resolves, nothing takes effect any more of those who may not.
   * @throws SystemError host/not-found, host/not-mapped, volume/too-many-mappings, volume/not-fenced.
   */
  changeAccess(
    name: VolumeName,
    edit: AccessEdit,
    options: AdminCallOptions,
  ): Promise<VolumeStatus>;
  listHosts(options: AdminCallOptions): Promise<readonly HostStatus[]>;
  getHost(name: HostName, options: AdminCallOptions): Promise<HostStatus>;
  /** @throws SystemError host/exists, host/initiator-taken, host/too-many, argument/invalid. */
  createHost(host: CreateHostOptions, options: AdminCallOptions): Promise<HostStatus>;
  /** @throws SystemError as {@link createHost}; host/in-use when a mapped host would lose an initiator. */
  setHost(change: SetHostOptions, options: AdminCallOptions): Promise<HostStatus>;
  /** @throws SystemError host/not-found, host/in-use while it is mapped. */
  deleteHost(name: HostName, options: AdminCallOptions): Promise<void>;
  /**
   * Compares every replica of every chunk at one LSN.
   * @throws SystemError chunk/unavailable when some chunks could not be checked.
   */
  checkVolume(
    name: VolumeName,
    options: AdminCallOptions & { readonly onProgress?: (progress: CheckProgress) => void },
  ): Promise<VolumeCheck>;
}

/** What came of asking one member how it sees its group. */
export type MemberAnswer =
  | { readonly address: string; readonly status: GroupStatus; readonly error?: never }
  | { readonly address: string; readonly error: SystemError; readonly status?: never };

/**
 * An AdminService over the network. It finds the leader and rides out its loss; a call that is made again
 * takes effect once. @throws SystemError cluster/unavailable when nobody led for too long.
 */
export interface AdminClient extends AdminService {
  readonly upkeep: UpkeepService;
  readonly recommend: RecommendService;
  /** Asks every member that is known, each without the others. */
  askMembers(options: { readonly signal: AbortSignal }): Promise<readonly MemberAnswer[]>;
  /** Has the metadata member at this address end for good, as the last part of a shutdown. */
  endMember(address: string, options: { readonly signal: AbortSignal }): Promise<void>;
  close(): void;
}
