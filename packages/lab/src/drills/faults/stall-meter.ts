// How long hosts were kept waiting: the longest time in which something was under way and nothing completed, every
// such time that a person would notice, the slowest operation, and how many completed when. Times in which nothing
// was asked are no stalls.
import type { BlockDevice } from "@ashlar/core";
import { type Clock, nodeClock } from "@ashlar/runtime";
import { Completions } from "./completions.ts";
import { MeasuredDevice } from "./measured-device.ts";

export interface Stall {
  /** When it began, in milliseconds since the origin. */
  readonly atMs: number;
  readonly ms: number;
}

const NO_STALL: Stall = { atMs: 0, ms: 0 };
/** Shorter ones are what a busy machine does by itself. */
export const NOTED_MIN_MS = 500;
/** Kept of the longest: a drill that stalls more often has more to tell than a list. */
const NOTED_MAX = 25;

export interface StallMeterOptions {
  /** Whether an operation that failed is an answer: of a path it is, of a volume it is not. */
  readonly failureIsAnswer?: boolean;
  /** What times are counted from, of the clock (default: now). */
  readonly originMs?: number;
}

export class StallMeter {
  readonly completions = new Completions();
  private readonly clock: Clock;
  private readonly failureIsAnswer: boolean;
  private readonly originMs: number;
  private readonly noted: Stall[] = [];
  private underWay = 0;
  private progressMs = 0;
  private takenAtMs = 0;
  /** Something failed and nothing completed since: what began with it still lasts. */
  private unanswered = false;
  private sinceTake = NO_STALL;
  private longestEver = NO_STALL;
  private slowestEver = NO_STALL;

  constructor(clock: Clock = nodeClock, options: StallMeterOptions = {}) {
    this.clock = clock;
    this.failureIsAnswer = options.failureIsAnswer ?? false;
    this.originMs = options.originMs ?? clock.nowMs();
  }

  /** The device, its operations counted. */
  measure(device: BlockDevice): BlockDevice {
    return new MeasuredDevice(device, this);
  }

  /** The longest since the last call, one that still lasts included; begins anew. */
  takeStall(): Stall {
    this.look();
    const taken = this.sinceTake;
    this.sinceTake = NO_STALL;
    this.takenAtMs = this.clock.nowMs();
    return taken;
  }

  /** The same in milliseconds. */
  take(): number {
    return this.takeStall().ms;
  }

  get longest(): Stall {
    this.look();
    return this.longestEver;
  }

  /** The operation that took longest, of those that ended. */
  get slowest(): Stall {
    return this.slowestEver;
  }

  /** The longest ones, in the order in which they happened. */
  get stalls(): readonly Stall[] {
    return [...this.noted].sort((a, b) => a.atMs - b.atMs);
  }

  async count<T>(operation: Promise<T>): Promise<T> {
    const beganMs = this.clock.nowMs();
    if (this.underWay === 0 && !this.unanswered) this.progressMs = beganMs;
    this.underWay += 1;
    let answered = this.failureIsAnswer;
    try {
      const value = await operation;
      answered = true;
      this.completions.add(this.clock.nowMs() - this.originMs);
      return value;
    } finally {
      this.ended(beganMs, answered);
    }
  }

  private ended(beganMs: number, answered: boolean): void {
    const nowMs = this.clock.nowMs();
    const took = { atMs: beganMs - this.originMs, ms: nowMs - beganMs };
    if (took.ms > this.slowestEver.ms) this.slowestEver = took;
    const stall = this.look();
    this.unanswered = !answered;
    if (answered) {
      this.note(stall);
      this.progressMs = nowMs;
    }
    this.underWay -= 1;
  }

  /** The stall of this moment, which is the longest if it is. */
  private look(): Stall {
    if (this.underWay === 0 && !this.unanswered) return NO_STALL;
    const stall = this.since(this.progressMs);
    if (stall.ms > this.longestEver.ms) this.longestEver = stall;
    const untaken = this.since(Math.max(this.progressMs, this.takenAtMs));
    if (untaken.ms > this.sinceTake.ms) this.sinceTake = untaken;
    return stall;
  }

  private since(beganMs: number): Stall {
    return { atMs: beganMs - this.originMs, ms: this.clock.nowMs() - beganMs };
  }

  private note(stall: Stall): void {
    if (stall.ms < NOTED_MIN_MS) return;
    this.noted.push(stall);
    if (this.noted.length <= NOTED_MAX) return;
    const shortest = this.noted.reduce((a, b) => (b.ms < a.ms ? b : a));
    this.noted.splice(this.noted.indexOf(shortest), 1);
  }
}
