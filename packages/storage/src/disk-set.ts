// The stores of a node's disks. A disk is made on the first start and opened ever after; one that
// cannot be opened, or fails later, is reported and left alone: the process lives on with the others
// (P19).
import { type DiskId, type StoreUuid, storeUuid, toSystemError } from "@ashlar/core";
import type { ChunkStore } from "@ashlar/replica";
import type { ScrubPass, StorageReport } from "@ashlar/rpc";
import type { Clock, Disk, Log, Random, Registry } from "@ashlar/runtime";
import { createStore, openStore } from "@ashlar/store";
import type { DiskConfig, StorageConfig } from "./config.ts";
import type { DiskEntry, NodeCatalogue } from "./node-catalogue.ts";

export interface OpenDisk {
  readonly disk: DiskId;
  readonly store: ChunkStore;
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
}

export class DiskSet {
  private readonly deps: DiskSetDeps;
  private readonly config: Pick<StorageConfig, "clusterId" | "nodeId" | "disks">;
  private readonly byStore = new Map<StoreUuid, OpenDisk>();
  private readonly notOpened: MissingDisk[] = [];

  constructor(deps: DiskSetDeps, config: Pick<StorageConfig, "clusterId" | "nodeId" | "disks">) {
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
        const store = await this.openOne(config, chunkSize);
        this.byStore.set(store.storeUuid, { disk: config.diskId, store, failed: false });
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

  report(scrubOf: (store: StoreUuid) => ScrubPass | undefined = () => undefined): StorageReport {
    const disks = this.all.map(({ store, failed }) => {
      const { storeUuid: uuid } = store;
      const { sizeBytes, freeBytes } = store.space();
      const state = failed ? ("failed" as const) : ("up" as const);
      const space = { sizeBytes, freeBytes: Math.max(0, freeBytes) };
      return { storeUuid: uuid, ...space, state, scrub: scrubOf(uuid) };
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

  /**
   * None where the store that was there is out of use for good and was taken away: then another is made. That
   * is remembered, since a disk that cannot be opened is not named when the node registers.
   */
  private async entryOf({ diskId, path }: DiskConfig): Promise<DiskEntry | undefined> {
    const { catalogue, disk, isOutOfUse } = this.deps;
    const known = catalogue.get(diskId);
    if (known?.state === "ready" && isOutOfUse(known.storeUuid)) {
      await catalogue.put(diskId, { ...known, state: "retired" });
    }
    if (!known || known.state === "creating") return known;
    if (known.state === "ready" && !isOutOfUse(known.storeUuid)) return known;
    return (await disk.exists(path)) ? { ...known, state: "ready" } : undefined;
  }

  private miss({ diskId, sizeBytes }: DiskConfig): void {
    const known = this.deps.catalogue.get(diskId);
    if (!known || known.state === "creating") return;
    this.notOpened.push({ disk: diskId, storeUuid: known.storeUuid, sizeBytes });
  }

  private async openOne(config: DiskConfig, chunkSize: number): Promise<ChunkStore> {
    const { disk, clock, random, log, registry, catalogue } = this.deps;
    const { clusterId, nodeId: node } = this.config;
    const { diskId, path, sizeBytes } = config;
    const identity = { clusterId, node, diskId, path, chunkSize };
    const ports = { log, registry, clock };
    const known = await this.entryOf(config);
    const found = known
      ? undefined
      : await this.openUnknown(config, () => openStore(disk, identity, ports));
    if (found) return found;
    if (known?.state !== "ready") {
      const uuid = known?.storeUuid ?? storeUuid(random.uuid());
      await catalogue.put(diskId, { storeUuid: uuid, state: "creating" });
      // Half made by an earlier start: nothing was ever acknowledged from it.
      if (known && !isDevice(path) && (await disk.exists(path))) await disk.remove(path);
      log.info({ disk: diskId, path, sizeBytes, storeUuid: uuid }, "store is made");
      await createStore(disk, { ...identity, sizeBytes, storeUuid: uuid }, { log });
      await catalogue.put(diskId, { storeUuid: uuid, state: "ready" });
    }
    return openStore(disk, identity, ports);
  }

  /** The catalogue was lost: a store that lies there says itself that it is this disk's. */
  private async openUnknown(
    { diskId, path }: DiskConfig,
    open: () => Promise<ChunkStore>,
  ): Promise<ChunkStore | undefined> {
    const { disk, log, catalogue } = this.deps;
    if (!(await disk.exists(path))) return undefined;
    try {
      const store = await open();
      log.warn({ disk: diskId, path, storeUuid: store.storeUuid }, "a store is known by itself");
      await catalogue.put(diskId, { storeUuid: store.storeUuid, state: "ready" });
      return store;
    } catch (thrown) {
      // A device is there before a store is; what another one left on it is refused when one is made.
      if (isDevice(path)) return undefined;
      throw thrown;
    }
  }
}

/** A device's name is never removed: it is not ours. */
const isDevice = (path: string): boolean => path.startsWith("/dev/");
