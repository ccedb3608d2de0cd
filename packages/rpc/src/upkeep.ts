// The Upkeep service: what people ask of the machines and disks that copies lie on, and of the copies.
import type { CopySpeed, NodeService, Rebalancing, SlowMark } from "@ashlar/catalog";
import type { NodeId, VolumeName } from "@ashlar/core";
import type { AdminCallOptions, DiskPlace, Forceful } from "./admin.ts";
import type { CopyReport } from "./convert/copying.ts";
import type { ProcessRelease } from "./release.ts";
import type { SafetyAnswer, SafetySubject } from "./safety.ts";

/** How the spreading of copies stands. */
export interface RebalanceStatus {
  readonly rebalancing: Rebalancing;
  /** Why nothing is begun now, in words; empty for nothing. */
  readonly hindrance: string;
  /** Copies being made now. */
  readonly moving: number;
  /** Moves planned and not begun. */
  readonly planned: number;
  /** Begun since there was something to move. */
  readonly begun: number;
  /** Milliseconds since then. */
  readonly elapsedMs: number;
  /** What copies of any kind heed. */
  readonly copySpeed: CopySpeed;
  /** How fast each node copies, as it told last. */
  readonly nodes: readonly ({ readonly id: NodeId } & CopyReport)[];
}

/** Disks that are out of the way, since hosts waited for them. */
export interface SlowDisks {
  /** None is taken out of the way. */
  readonly keeps: boolean;
  readonly disks: readonly (DiskPlace &
    SlowMark & {
      /** Chunks that it leads still, since no other copy of them is in sync. */
      readonly primaries: number;
      /** Copies that are on it still. */
      readonly copies: number;
    })[];
}

export type CopySpeedChange = { readonly [K in keyof CopySpeed]: CopySpeed[K] | undefined };

export interface RebalancePreview {
  readonly moves: number;
  /** What they are taken to hold. */
  readonly bytes: number;
  /** Moves that were left out, since the node has no room. */
  readonly homeless: number;
  readonly nodes: readonly {
    readonly id: NodeId;
    readonly sizeBytes: number;
    readonly copies: number;
    readonly copiesAfter: number;
  }[];
}

/** Who has not stopped yet of a cluster that shuts down. */
export interface ShutdownStatus {
  /** False also after a change of leaders: then it has to be begun again. */
  readonly underWay: boolean;
  readonly gateways: readonly NodeId[];
  readonly nodes: readonly NodeId[];
}

/** What is told again changes nothing. Errors are SystemErrors with the codes that are named. */
export interface UpkeepService {
  /**
   * What is wanted of a node from now on. A node that drains serves on, and its copies move elsewhere: see
   * `chunks` of its status. Nobody makes copies of one in maintenance elsewhere.
   * @throws SystemError node/not-found; unless `force` is given, node/needed when copies of a node that is to be
   * drained have no place elsewhere, or when without a node that is to be away some chunk could not be served.
   */
  setNodeService(
    asked: { readonly node: NodeId; readonly service: NodeService },
    options: AdminCallOptions & Forceful,
  ): Promise<void>;
  /**
   * A node that is down goes for good; its disks are of no use any more until they are wiped. `lost`: what it held
   * is made again elsewhere.
   * @throws SystemError node/not-found; node/needed while it is up, has copies (unless `lost`), or the only one.
   */
  removeNode(
    asked: { readonly node: NodeId; readonly lost: boolean },
    options: AdminCallOptions,
  ): Promise<void>;
  /**
   * The copies on a disk move elsewhere (`leaving`), or do not any more.
   * @throws SystemError node/not-found, disk/not-found, disk/failed; disk/needed when they have no place elsewhere,
   * unless `force` is given.
   */
  emptyDisk(
    asked: DiskPlace & { readonly leaving: boolean },
    options: AdminCallOptions & Forceful,
  ): Promise<void>;
  /**
   * A disk that was taken for slow is used again as any other; that is right only of one that is well again.
   * @throws SystemError node/not-found, disk/not-found, disk/failed.
   */
  trustDisk(asked: DiskPlace, options: AdminCallOptions): Promise<void>;
  /** Whether slow disks are left where they are. Those that are out of the way are used again. */
  keepSlowDisks(keeps: boolean, options: AdminCallOptions): Promise<void>;
  slowDisks(options: AdminCallOptions): Promise<SlowDisks>;
  /**
   * How many copies a volume is to have, 1 to 3: they are made, or go, under its I/O.
   * @throws SystemError volume/not-found, volume/too-few-nodes, argument/invalid.
   */
  setReplicas(
    asked: { readonly name: VolumeName; readonly replicas: number },
    options: AdminCallOptions,
  ): Promise<void>;
  /**
   * Whether copies move by themselves so that they are spread evenly. `cancel`: those that move now are given up.
   * @returns how many were.
   */
  setRebalancing(
    asked: { readonly rebalancing: Rebalancing; readonly cancel: boolean },
    options: AdminCallOptions,
  ): Promise<number>;
  /**
   * What copies of any kind heed from now on; undefined: as it is.
   * @throws SystemError argument/invalid beyond LATENCY_TARGET_MS and COPY_FLOOR.
   */
  setCopySpeed(asked: CopySpeedChange, options: AdminCallOptions): Promise<void>;
  rebalanceStatus(options: AdminCallOptions): Promise<RebalanceStatus>;
  /** What would move, if nothing hindered it. */
  previewRebalance(options: AdminCallOptions): Promise<RebalancePreview>;
  /**
   * What would break if something were stopped now.
   * @throws SystemError node/not-found, disk/not-found, gateway/not-found, member/unknown.
   */
  judgeSafety(subject: SafetySubject, options: AdminCallOptions): Promise<SafetyAnswer>;
  /** The same, asked by a process about itself: unless something breaks at once, it counts as gone from then on. */
  mayStop(subject: SafetySubject, options: AdminCallOptions): Promise<SafetyAnswer>;
  /** The whole cluster is to stop: gateways are told to, then storage nodes. Or not any more. */
  setShutdown(
    asked: { readonly underWay: boolean },
    options: AdminCallOptions,
  ): Promise<ShutdownStatus>;
  shutdownStatus(options: AdminCallOptions): Promise<ShutdownStatus>;
  /** Which program storage nodes and gateways run, as far as their pings have told. */
  listReleases(options: AdminCallOptions): Promise<readonly ProcessRelease[]>;
}

/** What each member serves. */
export interface UpkeepServer extends UpkeepService {
  /** The process ends for good once this is answered, as the last part of a shutdown. */
  endMember(): void;
}
