// How fast copies may come to this node and leave it, by what hosts feel meanwhile. Time is cut into windows. One in
// which more than a hundredth of what hosts waited for took longer than the target slows copying down, at once and by
// half or more; every other one lets it gain, quickly far below the speed that was too much last, slowly near it. It
// never goes below the floor, since a copy that is missing is a risk of its own, and nothing holds it back where hosts
// are silent. Pure: time and figures are told; what waits is CopyGate's.
import type { CopySpeed } from "@ashlar/catalog";
import { GIB, present } from "@ashlar/core";
import type { CopyReport } from "@ashlar/rpc";
import { LatencyHistogram } from "@ashlar/runtime";

/** Holds some operations of a host that does one after the other, and is over before somebody complains. */
export const COPY_WINDOW_MS = 500;
/** Hosts that are silent for so many windows are not there: copies take what there is. */
export const IDLE_WINDOWS = 10;
/** What waits longer than this waits for something else than a disk that is busy. */
const STUCK_WINDOWS_MAX = 10;
/** Of so few operations one that is slow is a sign; of more, one may have its own reason. */
const FEW = 10;
const SLOW_SHARE = 0.01;
/** At least, and at most, what is kept of the speed when hosts wait too long. */
const KEPT_MIN = 1 / 4;
const KEPT_MAX = 1 / 2;
const GAIN = 1.25;
/** From this share of the speed that was too much on, copying gains slowly. */
const NEAR = 3 / 4;
const NEAR_GAIN_SHARE = 1 / 50;
/** More than any disk: not a limit any more. */
const LIMIT_MAX = 4 * GIB;
const MS_PER_S = 1_000;

/** What hosts waited for in one window. */
class Waits {
  readonly latency = new LatencyHistogram();
  private count = 0;
  private slow = 0;

  add(ms: number, targetMs: number): void {
    this.latency.record(ms);
    this.count += 1;
    if (ms > targetMs) this.slow += 1;
  }

  get isEmpty(): boolean {
    return this.count === 0;
  }

  get areSlow(): boolean {
    return this.slow > Math.max(this.count * SLOW_SHARE, this.count < FEW ? 0 : 1);
  }
}

/** Operations that this node answers, and appends it acknowledges to those who do: either may be what is slow. */
type WaitKind = "operation" | "append";
const newWaits = (): Record<WaitKind, Waits> => ({ operation: new Waits(), append: new Waits() });

export class CopyGovernor {
  private readonly speed: () => CopySpeed;
  private windowEndMs: number;
  private waits = newWaits();
  private copiedBytes = 0;
  private answered = 0;
  private inFlight = 0;
  private inFlightBefore = 0;
  private limit = Number.POSITIVE_INFINITY;
  /** The speed that was too much last. */
  private tooMuch: number | undefined;
  private idleWindows = 0;
  private stuckWindows = 0;
  private lastBytesPerSecond = 0;
  private lastP99Ms = 0;

  /** @param speed as it is set now. */
  constructor(speed: () => CopySpeed, nowMs: number) {
    this.speed = speed;
    this.windowEndMs = nowMs + COPY_WINDOW_MS;
  }

  /** An operation of a host arrived. */
  onBegun(nowMs: number): void {
    this.turn(nowMs);
    this.inFlight += 1;
  }

  /** @param waitedMs undefined when it was refused: that is no sign of a busy disk. */
  onAnswered(nowMs: number, waitedMs: number | undefined): void {
    this.turn(nowMs);
    this.inFlight -= 1;
    this.answered += 1;
    if (waitedMs !== undefined) this.add("operation", waitedMs);
  }

  /** An entry that a primary waits for is durable here. */
  onAppended(nowMs: number, waitedMs: number): void {
    this.turn(nowMs);
    this.add("append", waitedMs);
  }

  onCopied(nowMs: number, bytes: number): void {
    this.turn(nowMs);
    this.copiedBytes += bytes;
  }

  /** At least the floor; infinite when nothing holds copies back. */
  bytesPerSecond(nowMs: number): number {
    this.turn(nowMs);
    return Math.max(this.limit, this.speed().floorBytesPerSecond);
  }

  report(nowMs: number): CopyReport {
    const limit = this.bytesPerSecond(nowMs);
    const isLimited = limit !== Number.POSITIVE_INFINITY;
    const isFloor = limit <= this.speed().floorBytesPerSecond;
    return {
      state: !isLimited ? "unlimited" : isFloor ? "floor" : "limited",
      limitBytesPerSecond: isLimited ? limit : null,
      bytesPerSecond: this.lastBytesPerSecond,
      p99Ms: this.lastP99Ms,
    };
  }

  private add(kind: WaitKind, waitedMs: number): void {
    this.waits[kind].add(waitedMs, this.speed().latencyTargetMs);
  }

  /** Ends the windows that are over. After so many without a word the rest are alike. */
  private turn(nowMs: number): void {
    if (nowMs < this.windowEndMs) return;
    const over = 1 + Math.floor((nowMs - this.windowEndMs) / COPY_WINDOW_MS);
    const told = Math.min(over, STUCK_WINDOWS_MAX + IDLE_WINDOWS + 1);
    for (let window = 0; window < told; window += 1) this.endWindow();
    this.windowEndMs += over * COPY_WINDOW_MS;
  }

  private endWindow(): void {
    const { latencyTargetMs } = this.speed();
    const waits = Object.values(this.waits).filter(({ isEmpty }) => !isEmpty);
    const isStuck = this.answered === 0 && this.inFlightBefore > 0 && waits.length === 0;
    this.stuckWindows = isStuck ? this.stuckWindows + 1 : 0;
    const isHeld = isStuck && this.stuckWindows <= STUCK_WINDOWS_MAX;
    this.lastBytesPerSecond = (this.copiedBytes / COPY_WINDOW_MS) * MS_PER_S;
    if (waits.length > 0) {
      this.lastP99Ms = Math.max(...waits.map(({ latency }) => latency.summary().p99Ms));
    } else if (isHeld) this.lastP99Ms = this.stuckWindows * COPY_WINDOW_MS;
    this.idleWindows = waits.length === 0 && !isHeld ? this.idleWindows + 1 : 0;
    const isSlow = isHeld ? this.lastP99Ms > latencyTargetMs : waits.some(({ areSlow }) => areSlow);
    if (isSlow) this.slowDown();
    else if (this.idleWindows >= IDLE_WINDOWS) this.limitTo(Number.POSITIVE_INFINITY);
    else this.gain();
    this.waits = newWaits();
    this.copiedBytes = 0;
    this.answered = 0;
    this.inFlightBefore = this.inFlight;
  }

  private slowDown(): void {
    const { latencyTargetMs, floorBytesPerSecond } = this.speed();
    const speed = Math.min(this.limit, this.lastBytesPerSecond);
    const kept = Math.min(KEPT_MAX, Math.max(KEPT_MIN, latencyTargetMs / this.lastP99Ms));
    this.tooMuch = Math.max(speed, floorBytesPerSecond);
    this.limit = Math.max(speed * kept, floorBytesPerSecond);
  }

  private gain(): void {
    const { floorBytesPerSecond } = this.speed();
    const limit = Math.max(this.limit, floorBytesPerSecond);
    const isNear = this.tooMuch !== undefined && limit >= this.tooMuch * NEAR;
    const gained = isNear
      ? limit + present(this.tooMuch, "what was too much") * NEAR_GAIN_SHARE
      : limit * GAIN;
    this.limitTo(gained);
  }

  private limitTo(limit: number): void {
    this.limit = limit > LIMIT_MAX ? Number.POSITIVE_INFINITY : limit;
    if (this.tooMuch !== undefined && limit > this.tooMuch) this.tooMuch = undefined;
  }
}
