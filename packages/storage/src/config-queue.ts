// Configurations on their way to replicas. When a node is lost, a node that is left may have to tell tens
// of thousands of its replicas at once, and each takes its time: so they are told in slices, between which
// everybody else has a turn. Of one chunk only the newest counts.
import type { ChunkConfig } from "@ashlar/catalog";
import type { ChunkId } from "@ashlar/core";
import type { Clock } from "@ashlar/runtime";

/** Replicas told within one turn: keeps a turn well below 20 ms. */
export const CONFIGS_PER_TURN = 128;

export class ConfigQueue {
  private readonly clock: Pick<Clock, "after">;
  private readonly give: (config: ChunkConfig) => void;
  private readonly waiting = new Map<ChunkId, ChunkConfig>();
  private emptied: (() => void)[] = [];
  private timed = false;

  constructor(clock: Pick<Clock, "after">, give: (config: ChunkConfig) => void) {
    this.clock = clock;
    this.give = give;
  }

  /** Gives the first ones at once, unless others wait already. */
  add(configs: readonly ChunkConfig[]): void {
    for (const config of configs) this.waiting.set(config.chunk, config);
    if (!this.timed) this.turn();
  }

  /** Now, if it waits: somebody asks for this chunk. */
  hurry(chunk: ChunkId): void {
    const config = this.waiting.get(chunk);
    if (config === undefined) return;
    this.waiting.delete(chunk);
    this.give(config);
  }

  /** It has been given otherwise, or the chunk is gone. */
  drop(chunk: ChunkId): void {
    this.waiting.delete(chunk);
  }

  /** Resolves when nothing waits. */
  async given(): Promise<void> {
    if (this.waiting.size === 0) return;
    await new Promise<void>((resolve) => this.emptied.push(resolve));
  }

  private turn(): void {
    let left = CONFIGS_PER_TURN;
    for (const chunk of this.waiting.keys()) {
      if (left === 0) break;
      left -= 1;
      this.hurry(chunk);
    }
    this.timed = this.waiting.size > 0;
    if (this.timed) this.clock.after(0, () => this.turn());
    else for (const resolve of this.emptied.splice(0)) resolve();
  }
}
