// A5: copies of a chunk never lie twice on one node, also while they move; and no move takes a good copy away before
// the volume's copies are in sync without it. Looks at every change of every chunk's configuration, in order.
import type { CatalogChange, CatalogView, ChunkConfig } from "@ashlar/catalog";
import { assert, type ChunkId, familyOf } from "@ashlar/core";

export class PlacementChecker {
  /** Copies in sync that were dropped for one elsewhere. */
  dropped = 0;
  private readonly last = new Map<ChunkId, ChunkConfig>();

  /** @param view with the changes in it. */
  onChanges(changes: readonly CatalogChange[], view: Pick<CatalogView, "volumes">): void {
    for (const change of changes) {
      if (change.kind === "chunk") this.onConfig(change.record, view);
    }
  }

  private onConfig(config: ChunkConfig, view: Pick<CatalogView, "volumes">): void {
    const { chunk, members, isr, version } = config;
    const where = `A5: chunk ${chunk} version ${version}`;
    const nodes = members.map(({ node }) => node);
    assert(new Set(nodes).size === nodes.length, `${where}: two copies on one node: ${nodes}`);
    const stores = members.map(({ storeUuid }) => storeUuid);
    assert(isr.length > 0 && isr.every((store) => stores.includes(store)), `${where}: K4`);
    const before = this.last.get(chunk);
    this.last.set(chunk, config);
    // A list that was asked for anew leaves changes out.
    if (before?.version !== version - 1) return;
    const gone = before.members.filter(({ storeUuid }) => !stores.includes(storeUuid));
    const good = gone.filter(({ storeUuid }) => before.isr.includes(storeUuid));
    if (good.length === 0) return;
    this.dropped += good.length;
    const wanted = replicasOf(chunk, view);
    assert(
      isr.length >= wanted,
      `${where}: ${good.map(({ node }) => node)} had to go while ${isr.length} of ${wanted} copies are in sync`,
    );
  }
}

function replicasOf(chunk: ChunkId, { volumes }: Pick<CatalogView, "volumes">): number {
  for (const { family, replicas } of volumes.values()) {
    if (familyOf(chunk) === family) return replicas;
  }
  // It was deleted in the same moment.
  return 0;
}
