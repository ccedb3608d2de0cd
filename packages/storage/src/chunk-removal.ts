// Chunks of deleted volumes are removed from the disks: when the deletion is heard, and at start for
// deletions that happened meanwhile. Family numbers are never used again, so a chunk whose family
// was given and is not in the complete and caught-up mirror belonged to a volume that was deleted. A
// family that was not given yet, or was skipped, is no deletion: the catalog is older than the data, as
// after its folder was restored from a copy, and the data may be all there is of a volume.
import type { CatalogChange, CatalogView } from "@ashlar/catalog";
import { type ChunkId, type FamilyId, familyOf, toSystemError } from "@ashlar/core";
import type { Log } from "@ashlar/runtime";
import type { DiskSet } from "./disk-set.ts";
import type { ReplicaMap } from "./replica-map.ts";

export interface ChunkRemovalDeps {
  readonly disks: Pick<DiskSet, "all" | "get">;
  readonly replicas: ReplicaMap;
  readonly view: CatalogView;
  readonly log: Log;
}

export class ChunkRemoval {
  private readonly deps: ChunkRemovalDeps;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(deps: ChunkRemovalDeps) {
    this.deps = deps;
  }

  /** The mirror holds all that was committed when this node started. */
  onCaughtUp(): void {
    const families = new Set([...this.deps.view.volumes.values()].map(({ family }) => family));
    this.removeWhere((family) => !families.has(family));
  }

  /** Changes that are in the view already. */
  onChanges(changes: readonly CatalogChange[]): void {
    const deleted = new Set<FamilyId>();
    for (const change of changes) if (change.kind === "volumeDeleted") deleted.add(change.family);
    if (deleted.size > 0) this.removeWhere((family) => deleted.has(family));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private removeWhere(isDeleted: (family: FamilyId) => boolean): void {
    const { familiesGiven: given = 0, familiesSkipped = [] } = this.deps.view.cluster ?? {};
    const isKnown = (family: FamilyId): boolean =>
      family <= given &&
      !familiesSkipped.some(({ first, last }) => first <= family && family <= last);
    const chunks = new Set<ChunkId>();
    const unknown = new Set<FamilyId>();
    for (const chunk of this.held()) {
      const family = familyOf(chunk);
      if (!isDeleted(family)) continue;
      if (isKnown(family)) chunks.add(chunk);
      else unknown.add(family);
    }
    if (unknown.size > 0) {
      const fields = { families: [...unknown], familiesGiven: given };
      this.deps.log.warn(fields, "the catalog is older than these data: kept");
    }
    if (chunks.size > 0) this.running = this.running.then(() => this.remove(chunks));
  }

  private *held(): Generator<ChunkId, void, undefined> {
    for (const { store, failed } of this.deps.disks.all) {
      if (!failed) for (const { chunk } of store.chunks()) yield chunk;
    }
    for (const { chunk } of this.deps.replicas.all) yield chunk;
  }

  private async remove(chunks: ReadonlySet<ChunkId>): Promise<void> {
    const { replicas, log } = this.deps;
    try {
      for (const chunk of chunks) {
        if (this.stopped) return;
        await replicas.remove(chunk);
      }
      log.info({ chunks: chunks.size }, "chunks of deleted volumes removed");
    } catch (thrown) {
      log.error({ error: toSystemError(thrown) }, "chunks of a deleted volume not removed");
    }
  }
}
