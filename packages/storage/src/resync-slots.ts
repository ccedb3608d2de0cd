// How many chunks of this node are copied to learners at a time. Each holds a few extents in memory and a disk read. The
// rest wait: those with the fewest members in sync first, whose next loss would be one of data, and among equals in the
// order in which they asked.
import type { ChunkId, NodeId } from "@ashlar/core";
import type { ReplicaDriver } from "./replica-driver.ts";

/** 8 chunks x 4 extents in flight keep a disk and a socket busy and hold 2 MiB. */
const RESYNCS_MAX = 8;

type Resynced = Pick<ReplicaDriver, "chunk" | "step">;

export class ResyncSlots {
  private readonly running = new Set<string>();
  /** By members in sync; in each, in the order of asking. */
  private readonly waiting: Map<string, () => void>[] = [];
  private readonly inSyncOf: (chunk: ChunkId) => number;

  /** @param inSyncOf members of a chunk, as far as this node knows. */
  constructor(inSyncOf: (chunk: ChunkId) => number) {
    this.inSyncOf = inSyncOf;
  }

  get runningCount(): number {
    return this.running.size;
  }

  get waitingCount(): number {
    return this.waiting.reduce((sum, { size }) => sum + size, 0);
  }

  request(driver: Resynced, node: NodeId): void {
    this.enqueue(driver, node);
    this.grant();
  }

  release(driver: Resynced, node: NodeId): void {
    const key = keyOf(driver, node);
    for (const queue of this.waiting) queue.delete(key);
    if (this.running.delete(key)) this.grant();
  }

  /** Other members of the chunk are in sync than when it asked. */
  reorder(driver: Resynced, members: readonly { readonly node: NodeId }[]): void {
    for (const { node } of members) {
      const key = keyOf(driver, node);
      if (this.waiting.some((queue) => queue.delete(key))) this.enqueue(driver, node);
    }
  }

  private enqueue(driver: Resynced, node: NodeId): void {
    const inSync = this.inSyncOf(driver.chunk);
    while (this.waiting.length <= inSync) this.waiting.push(new Map());
    const start = (): void => driver.step({ kind: "resyncGranted", node });
    this.waiting[inSync]?.set(keyOf(driver, node), start);
  }

  private grant(): void {
    for (const queue of this.waiting) {
      for (const [key, start] of queue) {
        if (this.running.size >= RESYNCS_MAX) return;
        if (this.running.has(key)) continue;
        queue.delete(key);
        this.running.add(key);
        start();
      }
    }
  }
}

const keyOf = ({ chunk }: Resynced, node: NodeId): string => `${chunk} ${node}`;
