// Copies that were made elsewhere while this node, or a disk of it, was away are removed here: their chunk's
// configuration names other stores. Only under a mirror that holds all that was committed when this node
// started, and never what a newer epoch promised than that mirror knows: the catalog may have been restored
// from an older copy, and the data be all there is.
import type { CatalogChange, CatalogView, ChunkConfig } from "@ashlar/catalog";
import { type ChunkId, toSystemError } from "@ashlar/core";
import type { ChunkStore } from "@ashlar/replica";
import type { Log } from "@ashlar/runtime";
import type { DiskSet } from "./disk-set.ts";
import type { ReplicaMap } from "./replica-map.ts";

export interface StrayCopiesDeps {
  readonly disks: Pick<DiskSet, "all">;
  readonly replicas: Pick<ReplicaMap, "removeStray">;
  readonly view: CatalogView;
  readonly log: Log;
}

/** Whether the chunk has its copies elsewhere. */
export const isStray = ({ members }: ChunkConfig, { storeUuid }: ChunkStore): boolean =>
  !members.some((member) => member.storeUuid === storeUuid);

export class StrayCopies {
  private readonly deps: StrayCopiesDeps;
  private running: Promise<void> = Promise.resolve();
  /** Chunks and stores whose turn will come. */
  private readonly queued = new Set<string>();
  private caughtUp = false;
  private stopped = false;

  constructor(deps: StrayCopiesDeps) {
    this.deps = deps;
  }

  /** The mirror holds all that was committed when this node started. */
  onCaughtUp(): void {
    this.caughtUp = true;
    for (const { store, failed } of this.deps.disks.all) {
      if (failed) continue;
      for (const { chunk } of store.chunks()) {
        const config = this.deps.view.chunk(chunk);
        if (config) this.look(config, store);
      }
    }
  }

  /** Changes that are in the view already. */
  onChanges(changes: readonly CatalogChange[]): void {
    if (!this.caughtUp) return;
    for (const change of changes) {
      if (change.kind !== "chunk") continue;
      for (const { store, failed } of this.deps.disks.all) {
        if (!failed) this.look(change.record, store);
      }
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private look(config: ChunkConfig, store: ChunkStore): void {
    if (!isStray(config, store)) return;
    const { promisedEpoch, tail } = store.status(config.chunk);
    if (promisedEpoch === 0 && tail.seq === 0) return;
    if (promisedEpoch > config.epoch) {
      const fields = { chunk: config.chunk, promisedEpoch, epoch: config.epoch };
      this.deps.log.warn(fields, "the catalog is older than a copy it does not name: kept");
      return;
    }
    const key = `${config.chunk} ${store.storeUuid}`;
    if (this.queued.has(key)) return;
    this.queued.add(key);
    this.running = this.running
      .then(() => this.remove(config.chunk, store))
      .then(() => void this.queued.delete(key));
  }

  private async remove(chunk: ChunkId, store: ChunkStore): Promise<void> {
    const { replicas, log } = this.deps;
    if (this.stopped) return;
    try {
      if (await replicas.removeStray(chunk, store)) {
        log.info({ chunk, store: store.storeUuid }, "a copy that was made elsewhere is removed");
      }
    } catch (thrown) {
      log.error({ chunk, error: toSystemError(thrown) }, "a copy that was made elsewhere stays");
    }
  }
}
