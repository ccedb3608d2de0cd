// Configurations on their way to replicas. When a node is lost, a node that is left may have to tell tens
// of thousands of its replicas at once, and each takes its time: so they are told in slices, between which
// everybody else has a turn. Of one chunk only the newest counts.
import type { ChunkConfig } from "@ashlar/catalog";
import type { ChunkId } from "@ashlar/core";
import type { Clock } from "@ashlar/runtime";

/** Replicas told within one turn: keeps a turn well below 20 ms. */
export const CONFIGS_PER_TURN = 128;
/** Replicas looked at within one turn for whether anybody waits for them. */
const LOOKS_PER_TURN = 1024;

export class ConfigQueue {
  private readonly clock: Pick<Clock, "after">;
  private readonly give: (config: ChunkConfig) => void;
  private readonly isUrgent: (chunk: ChunkId) => boolean;
  /** Set while those that are urgent are looked for among very many. */
  private looking: Iterator<ChunkId> | undefined;
  private readonly waiting = new Map<ChunkId, ChunkConfig>();
  private emptied: (() => void)[] = [];
  private timed = false;

  /** @param isUrgent whether somebody waits for the chunk: of very many, these are told first. */
  constructor(
    clock: Pick<Clock, "after">,
    give: (config: ChunkConfig) => void,
    isUrgent: (chunk: ChunkId) => boolean,
  ) {
    this.clock = clock;
    this.give = give;
    this.isUrgent = isUrgent;
  }

  /** Gives the first ones at once, unless others wait already. */
  add(configs: readonly ChunkConfig[]): void {
    for (const config of configs) this.waiting.set(config.chunk, config);
    if (this.waiting.size > CONFIGS_PER_TURN) this.looking ??= this.waiting.keys();
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
    let left = CONFIGS_PER_TURN - this.giveUrgent();
    if (!this.looking) {
      for (const chunk of this.waiting.keys()) {
        if (left === 0) break;
        left -= 1;
        this.hurry(chunk);
      }
    }
    this.timed = this.waiting.size > 0;
    if (this.timed) this.clock.after(0, () => this.turn());
    else for (const resolve of this.emptied.splice(0)) resolve();
  }

  /** How many it gave. */
  private giveUrgent(): number {
    let given = 0;
    for (let looks = 0; looks < LOOKS_PER_TURN && given < CONFIGS_PER_TURN; looks += 1) {
      const next = this.looking?.next();
      if (next === undefined || next.done) {
        this.looking = undefined;
        break;
      }
      if (!this.isUrgent(next.value)) continue;
      given += 1;
      this.hurry(next.value);
    }
    return given;
  }
}
