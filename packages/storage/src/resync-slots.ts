// How many chunks of this node are copied to learners at a time. Each holds a few extents in memory
// and a disk read; the rest wait in the order in which they asked.
import type { NodeId } from "@ashlar/core";
import type { ReplicaDriver } from "./replica-driver.ts";

/** 8 chunks x 4 extents in flight keep a disk and a socket busy and hold 2 MiB. */
const RESYNCS_MAX = 8;

export class ResyncSlots {
  private readonly running = new Set<string>();
  private readonly waiting = new Map<string, () => void>();

  get runningCount(): number {
    return this.running.size;
  }

  get waitingCount(): number {
    return this.waiting.size;
  }

  request(driver: ReplicaDriver, node: NodeId): void {
    this.waiting.set(keyOf(driver, node), () => driver.step({ kind: "resyncGranted", node }));
    this.grant();
  }

  release(driver: ReplicaDriver, node: NodeId): void {
    const key = keyOf(driver, node);
    this.waiting.delete(key);
    if (this.running.delete(key)) this.grant();
  }

  private grant(): void {
    for (const [key, start] of this.waiting) {
      if (this.running.size >= RESYNCS_MAX) return;
      if (this.running.has(key)) continue;
      this.waiting.delete(key);
      this.running.add(key);
      start();
    }
  }
}

const keyOf = ({ chunk }: ReplicaDriver, node: NodeId): string => `${chunk} ${node}`;
