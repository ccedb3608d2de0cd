// What faults may strike, and the atlas that keeps them from taking what cannot be had again: of each chunk
// one good copy stays, and of the metadata group a majority keeps its folders.
import { SystemError } from "@ashlar/core";
import type { SimCluster } from "../cluster/sim-cluster.ts";
import type { SimProcess } from "../cluster/sim-process.ts";
import type { DiskCall } from "../disk/sim-disk.ts";
import type { World } from "../world/world.ts";

export class FaultTargets {
  readonly world: World;
  readonly cluster: SimCluster;
  /** The one storage node whose disk was lost, until all copies are back. */
  private lost: SimProcess | undefined;

  constructor(world: World, cluster: SimCluster) {
    this.world = world;
    this.cluster = cluster;
  }

  /** Calls after a while, unless the world ended before. */
  later(fromMs: number, toMs: number, call: () => void): void {
    this.world.after(this.world.between(fromMs, toMs), undefined, call);
  }

  /** One that runs. */
  pick(processes: readonly SimProcess[]): SimProcess | undefined {
    const running = processes.filter(({ isUp, isStopped }) => isUp && !isStopped);
    return running.length > 0 ? this.world.pick(running) : undefined;
  }

  /** Two machines, the operator's never among them. */
  pair(): readonly [string, string] {
    const { all } = this.cluster;
    const from = this.world.pick(all).name;
    const others = all.filter(({ name }) => name !== from);
    return [from, this.world.pick(others).name];
  }

  /** A storage node whose disk may be lost now: every chunk has another copy in sync elsewhere. */
  pickExpendable(): SimProcess | undefined {
    const { storage, catalog } = this.cluster;
    if (this.lost && !this.isWhole) return undefined;
    const { view } = catalog;
    const sole = new Set<string>();
    for (const { family } of view.volumes.values()) {
      for (const { isr, members } of view.chunksOf(family)) {
        const isSynced = (store: string): boolean => isr.some((synced) => synced === store);
        const holders = members.filter(({ storeUuid }) => isSynced(storeUuid));
        if (holders.length < 2) for (const { node } of holders) sole.add(node);
      }
    }
    const others = storage.every(({ isUp }) => isUp);
    const candidates = storage.filter(({ name }) => others && !sole.has(name));
    return candidates.length > 0 ? this.world.pick(candidates) : undefined;
  }

  /** The machine comes back with an empty disk. */
  replaceDisk(process: SimProcess): void {
    this.lost = process;
    process.kill("disk replaced");
    process.disk.files.clear();
    process.disk.folders.clear();
    process.disk.troubles.clear();
  }

  /** Every write of that disk fails from now on, until it is replaced. */
  breakDisk(process: SimProcess, call: DiskCall): void {
    this.lost = process;
    process.disk.troubles.set("broken", {
      failure: (made) =>
        made === call ? new SystemError("disk/failed", "EIO", { errno: "EIO" }) : undefined,
    });
    this.later(500, 4_000, () => this.replaceDisk(process));
  }

  /** Whether all copies of all chunks are in sync, as far as the catalog is known. */
  get isWhole(): boolean {
    const { view } = this.cluster.catalog;
    for (const { family } of view.volumes.values()) {
      for (const { isr, members } of view.chunksOf(family)) {
        if (isr.length < members.length) return false;
      }
    }
    return true;
  }

  healDisks(): void {
    for (const { disk } of this.cluster.all) {
      disk.sizeBytesMax = Number.MAX_SAFE_INTEGER;
      for (const trouble of ["slow", "failing"]) disk.troubles.delete(trouble);
    }
  }
}
