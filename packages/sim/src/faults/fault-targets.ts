// What faults may strike, and the atlas that keeps them from taking what cannot be had again: of each chunk
// one good copy stays, and of the metadata group a majority keeps its folders.
import { SystemError } from "@ashlar/core";
import type { SimCluster } from "../cluster/sim-cluster.ts";
import type { SimProcess } from "../cluster/sim-process.ts";
import type { DiskCall } from "../disk/sim-disk.ts";
import type { Operator } from "../workload/operator.ts";
import type { World } from "../world/world.ts";

/** Share of the pages of a disk that rot. */
const ROT_PERCENT = 20;
const ROT_BYTES = 4096;
/** So long nothing may have been wrong before a disk is lost. */
const QUIET_MS = 2_000;

/** A disk that was lost, and what was on it. */
interface Loss {
  readonly process: SimProcess;
  readonly stores: ReadonlySet<string>;
}

export class FaultTargets {
  readonly world: World;
  readonly cluster: SimCluster;
  private readonly operator: Operator;
  private loss: Loss | undefined;
  /** Faults that last. */
  private ongoing = 0;
  private quietSinceMs = 0;

  constructor(world: World, cluster: SimCluster, operator: Operator) {
    this.world = world;
    this.cluster = cluster;
    this.operator = operator;
  }

  /** Something is wrong for a while; `end` puts it right. */
  during(fromMs: number, toMs: number, end: () => void): void {
    this.ongoing += 1;
    this.world.after(this.world.between(fromMs, toMs), undefined, () => {
      this.ongoing -= 1;
      this.onStrike();
      end();
    });
  }

  onStrike(): void {
    this.quietSinceMs = this.world.nowMs;
  }

  /**
   * A disk was lost and not all copies are back: a second fault could take the last good one, which no
   * system survives.
   */
  get isFragile(): boolean {
    return this.loss !== undefined && !this.isRecovered;
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

  /**
   * A storage node whose disk may be lost now: every chunk has another copy in sync elsewhere, and nobody is
   * about to be taken out for a path that is gone.
   */
  pickExpendable(): SimProcess | undefined {
    const { storage, newestCatalog: view } = this.cluster;
    const isQuiet = this.ongoing === 0 && this.world.nowMs - this.quietSinceMs > QUIET_MS;
    if (!isQuiet || !this.cluster.isUp || !this.isWhole) return undefined;
    if (this.operator.isCreating || this.cluster.hearsComplaints) return undefined;
    const sole = new Set<string>();
    for (const { family } of view.volumes.values()) {
      for (const { members } of view.chunksOf(family)) {
        if (members.length === 1) for (const { node } of members) sole.add(node);
      }
    }
    const candidates = storage.filter(({ name }) => !sole.has(name));
    return candidates.length > 0 ? this.world.pick(candidates) : undefined;
  }

  /**
   * Flips bits, or puts one piece of the disk in the place of another, on one machine: of each chunk on it
   * there is another good copy. Returns how many pieces were harmed, and how many of them misplaced.
   */
  rot(): { readonly flipped: number; readonly misplaced: number } {
    const process = this.pickExpendable();
    const counts = { flipped: 0, misplaced: 0 };
    if (!process) return counts;
    for (const [path, content] of process.disk.files) {
      const pages = path.startsWith("/disk-") ? content.writtenPages : [];
      for (const position of pages) {
        if (this.world.random.below(100) >= ROT_PERCENT) continue;
        if (this.world.random.below(4) === 0) {
          const page = Buffer.alloc(ROT_BYTES);
          content.read(this.world.pick(pages), page);
          content.damage(position, page);
          counts.misplaced += 1;
        } else {
          const at = position + this.world.random.below(ROT_BYTES);
          const byte = Buffer.alloc(1);
          content.read(at, byte);
          content.damage(at, Buffer.from([(byte[0] ?? 0) ^ (1 << this.world.random.below(8))]));
          counts.flipped += 1;
        }
      }
    }
    this.world.note(`${process.name} rots: ${counts.flipped} and ${counts.misplaced} pages`);
    return counts;
  }

  /** The process comes back with an empty disk. */
  replaceDisk(process: SimProcess): void {
    this.loss = { process, stores: this.storesOf(process) };
    process.kill("disk replaced");
    this.emptyDisk(process);
  }

  /** All machines lose their power, some for so long that they are declared down; one comes back empty. */
  blackout(lost: SimProcess): void {
    this.loss = { process: lost, stores: this.storesOf(lost) };
    for (const process of this.cluster.all) {
      if (process.isAlive) process.cutPower(this.world.between(100, 8_000));
    }
    this.world.note(`${lost.name} has lost its disk`);
    this.emptyDisk(lost);
  }

  private emptyDisk(process: SimProcess): void {
    process.disk.files.clear();
    process.disk.folders.clear();
    process.disk.troubles.clear();
  }

  /** Every call of that kind fails from now on, until the disk is replaced. */
  breakDisk(process: SimProcess, call: DiskCall): void {
    this.loss = { process, stores: this.storesOf(process) };
    process.disk.troubles.set("broken", {
      failure: (made) =>
        made === call ? new SystemError("disk/failed", "EIO", { errno: "EIO" }) : undefined,
    });
    this.during(500, 4_000, () => this.replaceDisk(process));
  }

  /** Whether all copies of all chunks are in sync, as the metadata members have it. */
  get isWhole(): boolean {
    const view = this.cluster.newestCatalog;
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

  private get isRecovered(): boolean {
    const { process, stores } = this.loss ?? {};
    if (!process || !stores) return true;
    const isBack = [...this.storesOf(process)].every((store) => !stores.has(store));
    if (isBack && this.isWhole && process.isUp) this.loss = undefined;
    return this.loss === undefined;
  }

  /** As the configurations of chunks name them. */
  private storesOf({ name }: SimProcess): ReadonlySet<string> {
    const stores = new Set<string>();
    const view = this.cluster.newestCatalog;
    for (const { family } of view.volumes.values()) {
      for (const { members } of view.chunksOf(family)) {
        for (const { node, storeUuid } of members) if (node === name) stores.add(storeUuid);
      }
    }
    return stores;
  }
}
