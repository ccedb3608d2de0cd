// Verifies the copies on all disks of a node in the background, each disk on its own: see DiskScrubber.
import type { CatalogView, ChunkConfig } from "@ashlar/catalog";
import {
  type ClusterId,
  type DiskId,
  type NodeId,
  type StoreUuid,
  SystemError,
} from "@ashlar/core";
import {
  type ChunkCheck,
  checkChunks,
  GrpcClient,
  type Network,
  type ScrubPass,
} from "@ashlar/rpc";
import type { Clock, Log, Startable } from "@ashlar/runtime";
import type { ChunkChecks } from "./chunk-checks.ts";
import { DiskScrubber, type ScrubOptions } from "./disk-scrubber.ts";
import type { DiskSet } from "./disk-set.ts";
import type { NodeCatalogue } from "./node-catalogue.ts";

export interface ScrubbingDeps {
  readonly node: NodeId;
  readonly clusterId: ClusterId;
  readonly disks: Pick<DiskSet, "all">;
  readonly view: CatalogView;
  readonly catalogue: NodeCatalogue;
  readonly checks: Pick<ChunkChecks, "check">;
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Log;
}

export class Scrubbing implements Startable {
  private readonly deps: ScrubbingDeps;
  private readonly byStore: ReadonlyMap<StoreUuid, DiskScrubber>;

  constructor(deps: ScrubbingDeps, options: ScrubOptions) {
    this.deps = deps;
    const check = this.compare.bind(this);
    this.byStore = new Map(
      deps.disks.all.map((disk) => [
        disk.store.storeUuid,
        new DiskScrubber({ ...deps, disk, check }, options),
      ]),
    );
  }

  async start(): Promise<void> {
    for (const scrubber of this.byStore.values()) await scrubber.start();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.byStore.values()].map((scrubber) => scrubber.stop()));
  }

  /**
   * Begins a pass over a disk, unless one is under way.
   * @throws SystemError disk/not-found, disk/failed.
   */
  begin(disk: DiskId): ScrubPass {
    const found = this.deps.disks.all.find((one) => one.disk === disk);
    const scrubber = found && this.byStore.get(found.store.storeUuid);
    if (!found || !scrubber) {
      throw new SystemError("disk/not-found", `${this.deps.node} has not opened a disk "${disk}"`, {
        hint: "see `ashlar disk list`",
      });
    }
    if (found.failed) throw new SystemError("disk/failed", `${disk} has failed`);
    return scrubber.begin();
  }

  /** The newest pass over a store, if there ever was one. */
  passOf(store: StoreUuid): ScrubPass | undefined {
    return this.byStore.get(store)?.pass;
  }

  /** Asked of whoever leads the chunk: it alone can put copies side by side. */
  private async compare(
    { chunk, primary }: ChunkConfig,
    { deep, signal }: { readonly deep: boolean; readonly signal: AbortSignal },
  ): Promise<ChunkCheck> {
    const { node, checks, view, clusterId, network } = this.deps;
    if (primary.node === node) return checks.check(chunk, { deep, signal });
    const address = view.nodes.get(primary.node)?.address ?? "";
    const client = new GrpcClient({ address, clusterId, network });
    try {
      for await (const told of checkChunks(client, [chunk], { signal })) return told;
      throw new SystemError("rpc/disconnected", `${primary.node} did not tell`);
    } finally {
      client.close();
    }
  }
}
