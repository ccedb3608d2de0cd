// The clock of one process: virtual time that goes a little faster or slower than the world's, from a
// beginning of its own. Timers of a stopped process fire when it goes on, late.
import type { Clock, Timer } from "@ashlar/runtime";
import { wallMsOf } from "./owned-globals.ts";
import type { ProcessLife } from "./process-life.ts";
import type { World } from "./world.ts";

/** Node rounds shorter timers up to this. */
const TIMER_MIN_MS = 1;

export class ProcessClock implements Clock {
  private readonly world: World;
  private readonly life: ProcessLife;
  /** Milliseconds of this clock for each of the world's. */
  private readonly rate: number;
  private readonly startedMs: number;

  constructor(world: World, life: ProcessLife, { rate }: { readonly rate: number }) {
    this.world = world;
    this.life = life;
    this.rate = rate;
    this.startedMs = world.nowMs;
  }

  nowMs(): number {
    return (this.world.nowMs - this.startedMs) * this.rate;
  }

  wallMs(): number {
    return Math.floor(wallMsOf(this.world));
  }

  after(ms: number, call: () => void): Timer {
    return this.world.after(Math.max(TIMER_MIN_MS, ms) / this.rate, this.life, call);
  }

  every(ms: number, call: () => void): Timer {
    let timer: Timer | undefined;
    const arm = (): void => {
      timer = this.after(ms, () => {
        arm();
        call();
      });
    };
    arm();
    return { cancel: () => timer?.cancel() };
  }
}
