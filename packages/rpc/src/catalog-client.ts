// How gateways and storage nodes see the metadata service: a mirror of the catalog kept by a watch,
// and a few proposals. The client finds the leader, resumes its watch after a reconnect and asks for
// a full list when it fell too far behind; callers see none of that.
import type {
  CatalogChange,
  CatalogView,
  DiskRecord,
  GatewayRecord,
  ReservationOutcome,
  SessionPath,
} from "@ashlar/catalog";
import type { ChunkId, NodeId, StoreUuid, VolumeId } from "@ashlar/core";
import type { ReservationAction } from "@ashlar/reservations";
import type { CopyReport } from "./convert/copying.ts";
import type { DiskTimes } from "./convert/disk-times.ts";
import type { LoadReport } from "./convert/load.ts";
import type { MirrorStatus } from "./convert/mirror.ts";
import type { ScrubPass } from "./convert/scrub.ts";

export interface StorageRegistration {
  readonly node: NodeId;
  readonly bootId: string;
  /** host:port of the node's gRPC server. */
  readonly address: string;
  readonly disks: readonly DiskRecord[];
  /**
   * The highest family and incarnation that its stores ever saw, 0 for none: a catalog restored from an
   * older copy never gives them again.
   */
  readonly familySeen: number;
  readonly incarnationSeen: number;
  /** What fails together with it; empty: nothing else. */
  readonly zone: string;
}

export interface GatewayRegistration {
  readonly gateway: NodeId;
  readonly bootId: string;
  readonly portals: GatewayRecord["portals"];
  /** The highest that this process ever saw, 0 for none: as of storage nodes. */
  readonly incarnationSeen: number;
}

/** Facts a storage node tells with its pings; kept in memory by the metadata service, not logged. */
export interface StorageReport {
  readonly disks: readonly {
    readonly storeUuid: StoreUuid;
    readonly sizeBytes: number;
    readonly freeBytes: number;
    readonly state: "up" | "failed";
    /** The newest, if there ever was one. */
    readonly scrub?: ScrubPass | undefined;
    /** Of a store that lies on two disks. */
    readonly mirror?: MirrorStatus | undefined;
    readonly times?: DiskTimes | undefined;
  }[];
  readonly copying?: CopyReport | undefined;
  /** Of hosts; told when it is another: until then the one before holds. */
  readonly load?: LoadReport | undefined;
}

export interface CatalogClient {
  readonly view: CatalogView;
  /** Resolves when the mirror holds a full list. */
  ready(options: { readonly signal: AbortSignal }): Promise<void>;
  /** Called after the changes of one entry are in `view`; returns how to stop listening. */
  onChanges(listen: (changes: readonly CatalogChange[]) => void): () => void;
  /** Resolves when the mirror has reached what was committed at the time of the call (read index). */
  catchUp(options: { readonly signal: AbortSignal }): Promise<void>;

  /**
   * Registers this process, starts pings every PING_INTERVAL_MS, and gives its incarnation. The same
   * bootId of a process that is up gets the same incarnation again.
   */
  registerStorage(
    registration: StorageRegistration,
    report: () => StorageReport,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly incarnation: number }>;
  registerGateway(
    registration: GatewayRegistration,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly incarnation: number }>;
  /**
   * Called when the catalog declared an incarnation of this process down: register again. It may be the one
   * that a registration under way is about to resolve with.
   */
  onSuperseded(listen: (incarnation: number) => void): void;

  /**
   * Compare-and-swap: `store`, a learner, joins the ISR if version and epoch still are as given.
   * @throws SystemError catalog/conflict when they are not.
   */
  addToIsr(
    request: {
      readonly chunk: ChunkId;
      readonly epoch: number;
      readonly version: number;
      readonly store: StoreUuid;
    }[],
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
  /**
   * Begins the volume's next generation; resolves when nothing admitted before can take effect any
   * more, and the mirror has the new record. `reset`: the unit's tasks end in all gateways.
   * @throws SystemError volume/not-fenced, volume/changing, volume/not-found, the signal's reason.
   */
  fenceVolume(
    request: { readonly volume: VolumeId; readonly reset: boolean },
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
  /**
   * Changes who has reserved a volume's logical unit: resolves with what came of it when nothing admitted before
   * can take effect any more, and the mirror has the new record.
   * @throws SystemError as of {@link fenceVolume}; raft/session-expired when it is not known whether it was done.
   */
  changeReservation(
    request: { readonly volume: VolumeId; readonly action: ReservationAction },
    options: { readonly signal: AbortSignal },
  ): Promise<ReservationOutcome>;
  /**
   * Resolves with how many changes the newest state of a volume's reservations counts, when the mirror has it, or a newer
   * one, and no older one is told any more.
   * @throws SystemError volume/not-found, volume/not-fenced, the signal's reason.
   */
  proveReservations(
    volume: VolumeId,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly changes: number }>;
  /**
   * Address of the portal that is to serve a login which came to a public one; undefined when no gateway that
   * lives has a private portal.
   */
  placeSession(
    path: SessionPath,
    options: { readonly signal: AbortSignal },
  ): Promise<string | undefined>;
  /** Resolves when the mirror has heard of all up to that entry. */
  reachedIndex(index: number, options: { readonly signal: AbortSignal }): Promise<void>;
  /** The store failed for good: it leaves every configuration where another member is left. */
  storeDown(store: StoreUuid, options: { readonly signal: AbortSignal }): Promise<void>;
}
