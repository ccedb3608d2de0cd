// The simulated world: virtual time, one seed, and one event after the other, each of which belongs to a
// process or to nobody. Between two events everything that the last one set off (promises, ticks) has run
// to its end, so nothing but the queue decides what happens next.
import { assert } from "@ashlar/core";
import { type Random, seededRandom } from "@ashlar/runtime";
import { EventQueue } from "./event-queue.ts";
import { ownGlobals } from "./owned-globals.ts";
import type { ProcessLife } from "./process-life.ts";
import { TraceHash } from "./trace-hash.ts";

/** More than any run needs: a loop without time passing ends here. */
const EVENTS_MAX = 20_000_000;
/** Between two immediates of one turn of the real loop all promises and ticks are done too, and a turn is dear. */
const EVENTS_PER_TURN = 256;

export interface Cancellable {
  cancel(): void;
}

export class World {
  readonly random: Random;
  readonly trace = new TraceHash();
  /** Called for each line of the story; only when somebody reads it. */
  tell: ((line: string) => void) | undefined;
  private readonly seed: number;
  private readonly queue = new EventQueue();
  private now = 0;
  private owner: ProcessLife | undefined;
  private failure: { readonly thrown: unknown } | undefined;
  events = 0;

  constructor(seed: number) {
    this.seed = seed;
    this.random = seededRandom(seed);
  }

  /** Virtual milliseconds since the beginning. */
  get nowMs(): number {
    return this.now;
  }

  /** The process whose event is under way. */
  get running(): ProcessLife | undefined {
    return this.owner;
  }

  /** A source of its own, so that what one part draws changes nothing for the others. */
  randomFor(name: string): Random {
    let mixed = this.seed;
    for (const char of name) mixed = (Math.imul(mixed, 31) + char.charCodeAt(0)) >>> 0;
    return seededRandom(mixed);
  }

  chance(percent: number): boolean {
    return this.random.below(1_000_000) < percent * 10_000;
  }

  /** Milliseconds, with fractions, from `fromMs` up to `toMs`. */
  between(fromMs: number, toMs: number): number {
    return fromMs + (this.random.below(1_000_000) / 1_000_000) * (toMs - fromMs);
  }

  pick<T>(choices: readonly T[]): T {
    assert(choices.length > 0, "there is something to choose from");
    return choices[this.random.below(choices.length)] as T;
  }

  /** Calls after `ms` on behalf of `life`, as far as that is alive and awake by then. */
  after(ms: number, life: ProcessLife | undefined, call: () => void): Cancellable {
    let cancelled = false;
    // Asked again when it is delivered: it may have waited for a process that was stopped or busy.
    const act = (): void => {
      if (!cancelled) call();
    };
    const event = this.queue.push(this.now + Math.max(0, ms), () => this.deliver(life, act));
    return {
      cancel: () => {
        cancelled = true;
        event.call = undefined;
      },
    };
  }

  note(text: string): void {
    this.trace.add(`${this.now.toFixed(3)} ${text}`);
    this.tell?.(text);
  }

  /** The run is over, and why. */
  fail(thrown: unknown): void {
    this.failure ??= { thrown };
  }

  /** Runs until virtual time `untilMs`, or until `isDone`. Rejects with what went wrong. */
  async run(untilMs: number, isDone: () => boolean = () => false): Promise<void> {
    const globals = ownGlobals(this);
    try {
      await new Promise<void>((resolve) => {
        let isOver = false;
        const step = (): void => {
          isOver ||= this.failure !== undefined || isDone() || !this.next(untilMs);
        };
        const turn = (): void => {
          for (let event = 0; event < EVENTS_PER_TURN; event += 1) globals.setImmediate(step);
          globals.setImmediate(isOver ? resolve : turn);
        };
        turn();
      });
    } finally {
      globals.giveBack();
    }
    if (this.failure) throw this.failure.thrown;
  }

  /** Lets a stopped process go on with what it missed. */
  resume(life: ProcessLife): void {
    for (const call of life.resume()) this.after(0, life, call);
  }

  private next(untilMs: number): boolean {
    const event = this.queue.pop();
    if (!event || this.events >= EVENTS_MAX) {
      this.fail(new Error(event ? "too many events" : "nothing is left to happen"));
      return false;
    }
    if (event.at > untilMs) {
      this.queue.push(event.at, event.call as () => void);
      this.now = untilMs;
      return false;
    }
    this.now = event.at;
    this.events += 1;
    event.call?.();
    return true;
  }

  private deliver(life: ProcessLife | undefined, call: () => void): void {
    if (life && !life.isAlive) return;
    if (life?.isStopped) {
      life.gather(call);
      return;
    }
    if (life && life.turnMs > 0) {
      if (life.busyUntilMs > this.now) {
        this.after(life.busyUntilMs - this.now, life, call);
        return;
      }
      life.busyUntilMs = this.now + life.turnMs;
    }
    this.owner = life;
    try {
      call();
    } catch (thrown) {
      this.fail(thrown);
    }
  }
}
