// The stores of a node's disks. A disk is made on the first start and opened ever after; one that
// cannot be opened, or fails later, is reported and left alone: the process lives on with the others
// (P19).
import { type DiskId, type StoreUuid, storeUuid, toSystemError } from "@ashlar/core";
import type { ChunkStore } from "@ashlar/replica";
import type { ScrubPass, StorageRegistration, StorageReport } from "@ashlar/rpc";
import type { Clock, Disk, Log, Random, Registry } from "@ashlar/runtime";
import {
  createStore,
  type DiskChunkStore,
  type MirrorStatus,
  type OpenStoreOptions,
  openStore,
  type StoreOwner,
} from "@ashlar/store";
import type { DiskConfig, StorageConfig } from "./config.ts";
import { DiskTimer } from "./disk-times.ts";
import type { DiskEntry, NodeCatalogue } from "./node-catalogue.ts";
import { timedDisk } from "./timed-disk.ts";

export interface OpenDisk {
  readonly disk: DiskId;
  /** Of a pair it tells how its members stand. */
  readonly store: ChunkStore & {
    readonly mirrorStatus?: MirrorStatus | undefined;
    /** Has the disk make something durable that means nothing. */
    readonly probe?: () => Promise<void>;
  };
  /** What its disk takes. */
  readonly timer?: DiskTimer;
  failed: boolean;
}

/** A store that is known here and could not be opened. */
export interface MissingDisk {
  readonly disk: DiskId;
  readonly storeUuid: StoreUuid;
  readonly sizeBytes: number;
}

export interface DiskSetDeps {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly registry: Registry;
  readonly catalogue: NodeCatalogue;
  /** Whether a store failed or was retired: it is never used again. */
  readonly isOutOfUse: (store: StoreUuid) => boolean;
  /** Whether another node that is up has it: then what lies here is a copy. */
  readonly isElsewhere: (store: StoreUuid) => boolean;
}

export type DiskSetConfig = Pick<
  StorageConfig,
  "clusterId" | "nodeId" | "disks" | "pageCacheBytes"
>;

export class DiskSet {
  private readonly deps: DiskSetDeps;
  private readonly config: DiskSetConfig;
  private readonly byStore = new Map<StoreUuid, OpenDisk>();
  private readonly notOpened: MissingDisk[] = [];

  constructor(deps: DiskSetDeps, config: DiskSetConfig) {
    this.deps = deps;
    this.config = config;
  }

  get all(): readonly OpenDisk[] {
    return [...this.byStore.values()];
  }

  /** Whatever keeps them from being opened, people want to see them and may give them up. */
  get missing(): readonly MissingDisk[] {
    return this.notOpened;
  }

  get(store: StoreUuid): OpenDisk | undefined {
    return this.byStore.get(store);
  }

  /** Makes or opens every disk; those that fail are logged. */
  async open(chunkSize: number): Promise<void> {
    for (const config of this.config.disks) {
      try {
        const timer = new DiskTimer(this.deps.clock.nowMs());
        const store = await this.openOne(config, chunkSize, timedDisk({ ...this.deps, timer }));
        this.byStore.set(store.storeUuid, { disk: config.diskId, store, timer, failed: false });
      } catch (thrown) {
        const error = toSystemError(thrown, "disk/failed");
        this.deps.log.error(
          { disk: config.diskId, path: config.path, code: error.code, error },
          "disk cannot be used",
        );
        this.miss(config);
      }
    }
  }

  /** Those that serve, and those that this node once had. */
  registered(): StorageRegistration["disks"] {
    const serving = this.all.filter(({ failed }) => !failed);
    return [
      ...serving.map(({ disk, store }) => ({
        disk,
        storeUuid: store.storeUuid,
        sizeBytes: store.space().sizeBytes,
        state: "up" as const,
      })),
      ...this.missing.map((missing) => ({ ...missing, state: "missing" as const })),
    ];
  }

  report(scrubOf: (store: StoreUuid) => ScrubPass | undefined = () => undefined): StorageReport {
    const nowMs = this.deps.clock.nowMs();
    const disks = this.all.map(({ store, timer, failed }) => {
      const { storeUuid: uuid } = store;
      const { sizeBytes, freeBytes } = store.space();
      const state = failed ? ("failed" as const) : ("up" as const);
      const space = { sizeBytes, freeBytes: Math.max(0, freeBytes) };
      const times = timer?.times(nowMs);
      const news = { scrub: scrubOf(uuid), mirror: store.mirrorStatus, times };
      return { storeUuid: uuid, ...space, state, ...news };
    });
    return { disks };
  }

  async close(): Promise<void> {
    for (const { disk, store } of this.byStore.values()) {
      try {
        await store.close();
      } catch (thrown) {
        this.deps.log.warn({ disk, error: toSystemError(thrown) }, "store did not close in order");
      }
    }
  }

  /** Remembers who is out of use: a disk that cannot be opened may not be named in the catalog for ever. */
  private async entryOf({ diskId }: DiskConfig): Promise<DiskEntry | undefined> {
    const { catalogue, isOutOfUse } = this.deps;
    const known = catalogue.get(diskId);
    if (known?.state !== "ready" || !isOutOfUse(known.storeUuid)) return known;
    const retired = { ...known, state: "retired" as const };
    await catalogue.put(diskId, retired);
    return retired;
  }

  private miss({ diskId, sizeBytes }: DiskConfig): void {
    const known = this.deps.catalogue.get(diskId);
    if (!known || known.state === "creating") return;
    this.notOpened.push({ disk: diskId, storeUuid: known.storeUuid, sizeBytes });
  }

  private async openOne(
    config: DiskConfig,
    chunkSize: number,
    disk: Disk,
  ): Promise<DiskChunkStore> {
    const { clock, log, registry, catalogue: witness } = this.deps;
    const { clusterId, nodeId: node, pageCacheBytes } = this.config;
    const { diskId, path, mirrorPath } = config;
    const ports = { log, registry, clock, witness };
    const identity = { clusterId, node, diskId, path, mirrorPath, chunkSize, pageCacheBytes };
    const known = await this.entryOf(config);
    if (known?.state === "ready") {
      return openStore(disk, { ...identity, expected: known.storeUuid }, ports);
    }
    if (known?.state !== "creating") {
      const open = (adopts: (owner: StoreOwner) => boolean): Promise<DiskChunkStore> =>
        openStore(disk, { ...identity, adopts }, ports);
      const found = await this.openFound(config, { retired: known?.storeUuid, open });
      if (found) return found;
    }
    await this.make(config, identity, known?.state === "creating" ? known : undefined);
    return openStore(disk, identity, ports);
  }

  /**
   * What lies where no store is known to be: the catalogue was lost, or the disk comes from a node that is gone.
   * A store says itself whose it is, and one that is not in use elsewhere is this node's from now on.
   */
  private async openFound(
    { diskId, path, mirrorPath = path }: DiskConfig,
    {
      retired,
      open,
    }: {
      readonly retired: StoreUuid | undefined;
      readonly open: (adopts: (owner: StoreOwner) => boolean) => Promise<DiskChunkStore>;
    },
  ): Promise<DiskChunkStore | undefined> {
    const { disk, log, catalogue, isElsewhere, isOutOfUse } = this.deps;
    if (!(await disk.exists(path)) && !(await disk.exists(mirrorPath))) return undefined;
    try {
      const store = await open(({ storeUuid: uuid }) => !isElsewhere(uuid));
      const { storeUuid: uuid } = store;
      log.warn({ disk: diskId, path, storeUuid: uuid }, "a store that was found here is used");
      const state = uuid === retired || isOutOfUse(uuid) ? "retired" : "ready";
      await catalogue.put(diskId, { storeUuid: uuid, state });
      return store;
    } catch (thrown) {
      // A device, or an empty file, is there before a store is.
      const { isBlank } = toSystemError(thrown).meta;
      if (isBlank === true) return undefined;
      throw thrown;
    }
  }

  private async make(
    { diskId, path, sizeBytes }: DiskConfig,
    identity: OpenStoreOptions,
    begun: DiskEntry | undefined,
  ): Promise<void> {
    const { disk, random, log, catalogue } = this.deps;
    const uuid = begun?.storeUuid ?? storeUuid(random.uuid());
    await catalogue.put(diskId, { storeUuid: uuid, state: "creating" });
    // Half made by an earlier start: nothing was ever acknowledged from it.
    if (begun && !isDevice(path) && (await disk.exists(path))) await disk.remove(path);
    log.info({ disk: diskId, path, sizeBytes, storeUuid: uuid }, "store is made");
    await createStore(disk, { ...identity, sizeBytes, storeUuid: uuid }, { log });
    await catalogue.put(diskId, { storeUuid: uuid, state: "ready" });
  }
}

/** A device's name is never removed: it is not ours. */
const isDevice = (path: string): boolean => path.startsWith("/dev/");
