// A disk that was taken for slow has less and less to do, and how fast it is would not be known any more. So it is asked
// for a little now and then, as long as the catalog says that it is slow; what that takes is told with its times.

import type { CatalogView } from "@ashlar/catalog";
import { type NodeId, type StoreUuid, toSystemError } from "@ashlar/core";
import type { Clock, Log, Startable, Timer } from "@ashlar/runtime";
import type { DiskSet } from "./disk-set.ts";

/** Twice in a slot of its times, at least; a disk notices nothing of it. */
export const PROBE_INTERVAL_MS = 2_000;

export interface SlowProberDeps {
  readonly node: NodeId;
  readonly view: Pick<CatalogView, "nodes">;
  readonly disks: Pick<DiskSet, "all">;
  readonly clock: Clock;
  readonly log: Log;
}

export class SlowProber implements Startable {
  private readonly deps: SlowProberDeps;
  private readonly underWay = new Set<StoreUuid>();
  private timer: Timer | undefined;

  constructor(deps: SlowProberDeps) {
    this.deps = deps;
  }

  async start(): Promise<void> {
    this.timer = this.deps.clock.every(PROBE_INTERVAL_MS, () => this.probe());
  }

  async stop(): Promise<void> {
    this.timer?.cancel();
  }

  private probe(): void {
    const { node, view, disks, log } = this.deps;
    const slow = new Set(
      (view.nodes.get(node)?.disks ?? []).flatMap((disk) => (disk.slow ? [disk.storeUuid] : [])),
    );
    if (slow.size === 0) return;
    for (const { disk, store, failed } of disks.all) {
      const { storeUuid } = store;
      // One at a time: a disk that hangs is not to be given more and more.
      if (failed || !slow.has(storeUuid) || !store.probe || this.underWay.has(storeUuid)) continue;
      this.underWay.add(storeUuid);
      store
        .probe()
        // A store that failed tells its replicas by itself.
        .catch((thrown: unknown) => log.debug({ disk, error: toSystemError(thrown) }, "no probe"))
        .finally(() => this.underWay.delete(storeUuid));
    }
  }
}
