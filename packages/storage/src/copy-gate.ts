// The one place that all copying of this node passes, what it sends and what it receives: the word that an extent has
// arrived waits here, at both ends, until CopyGovernor's speed allows for the next. Nothing is held meanwhile, neither a
// range of the chunk nor its place in the log: so few are on their way that without the word the copy stands still.
import { type CatalogView, type CopySpeed, DEFAULT_COPY_SPEED } from "@ashlar/catalog";
import { EXTENT_SIZE } from "@ashlar/core";
import type { Clock, Timer } from "@ashlar/runtime";
import { COPY_WINDOW_MS, CopyGovernor } from "./copy-governor.ts";

/** Time for which unused speed is saved up: what timers and a busy process are late. */
const SAVED_MS = 100;
const MS_PER_S = 1_000;

export class CopyGate {
  readonly governor: CopyGovernor;
  private readonly clock: Clock;
  private readonly view: Pick<CatalogView, "cluster">;
  private waiting: (() => void)[] = [];
  /** Bytes that may pass now; below zero for those that went ahead of their time. */
  private creditBytes = 0;
  private creditedMs: number;
  private timer: Timer | undefined;
  private opening = false;

  /** @param view whose cluster says what copies heed. */
  constructor(clock: Clock, view: Pick<CatalogView, "cluster">) {
    this.clock = clock;
    this.view = view;
    this.governor = new CopyGovernor(() => this.speed, clock.nowMs());
    this.creditedMs = clock.nowMs();
  }

  /** As people have set it. */
  get speed(): CopySpeed {
    return this.view.cluster?.copySpeed ?? DEFAULT_COPY_SPEED;
  }

  get waitingCount(): number {
    return this.waiting.length;
  }

  /** Calls when one more extent may pass, in the order in which this was asked. What it costs is the access: all count whole. */
  pass(call: () => void): void {
    this.waiting.push(call);
    if (this.timer === undefined) this.open();
  }

  private open(): void {
    if (this.opening) return;
    this.opening = true;
    let passed = 0;
    let speed = this.credit();
    while (passed < this.waiting.length && this.creditBytes > 0) {
      const call = this.waiting[passed];
      passed += 1;
      this.creditBytes -= EXTENT_SIZE;
      this.governor.onCopied(this.clock.nowMs(), EXTENT_SIZE);
      call?.();
      speed = this.credit();
    }
    this.waiting = this.waiting.slice(passed);
    this.opening = false;
    if (this.waiting.length === 0) return;
    // The speed may change meanwhile, but not more often than windows end.
    const dueMs = Math.min((-this.creditBytes / speed) * MS_PER_S, COPY_WINDOW_MS);
    this.timer = this.clock.after(Math.max(1, dueMs), () => {
      this.timer = undefined;
      this.open();
    });
  }

  /** @returns the speed in force, in bytes per second. */
  private credit(): number {
    const nowMs = this.clock.nowMs();
    const speed = this.governor.bytesPerSecond(nowMs);
    const sinceMs = nowMs - this.creditedMs;
    this.creditedMs = nowMs;
    const savedMax = Math.max((speed / MS_PER_S) * SAVED_MS, EXTENT_SIZE);
    // Infinite times nothing is no number.
    const gained = sinceMs > 0 ? (speed / MS_PER_S) * sinceMs : 0;
    this.creditBytes =
      speed === Number.POSITIVE_INFINITY ? speed : Math.min(this.creditBytes + gained, savedMax);
    return speed;
  }
}
