// What a host waits for, second by second: the p99 of its reads and of its writes in each, which is what copying heeds,
// and what a person sees who watches a host.
import type { BlockDevice } from "@ashlar/core";
import type { OperationMeter } from "@ashlar/lab";
import { LatencyHistogram } from "@ashlar/runtime";

const WINDOW_MS = 1_000;
/** Fewer say nothing of one in a hundred. */
const OPERATIONS_MIN = 20;

interface Spread {
  readonly windows: number;
  readonly medianMs: number;
  /** Of ten windows nine are below. */
  readonly p90Ms: number;
  /** In which p99 was above the target. */
  readonly slowShare: number;
}

class Windows {
  private readonly byStart = new Map<number, LatencyHistogram>();

  add(endedMs: number, ms: number): void {
    const start = Math.floor(endedMs / WINDOW_MS);
    const window = this.byStart.get(start) ?? new LatencyHistogram();
    this.byStart.set(start, window);
    window.record(ms);
  }

  spread(targetMs: number): Spread {
    const p99s = [...this.byStart.values()]
      .map((window) => window.summary())
      .filter(({ count }) => count >= OPERATIONS_MIN)
      .map(({ p99Ms }) => p99Ms)
      .sort((a, b) => a - b);
    const at = (share: number): number => p99s[Math.floor(p99s.length * share)] ?? Number.NaN;
    const slow = p99s.filter((ms) => ms > targetMs).length;
    const slowShare = slow / p99s.length;
    return { windows: p99s.length, medianMs: at(0.5), p90Ms: at(0.9), slowShare };
  }
}

export class LatencyWindows implements OperationMeter {
  private reads = new Windows();
  private writes = new Windows();

  async count<T>(operation: Promise<T>, kind: keyof BlockDevice): Promise<T> {
    const beganMs = performance.now();
    const value = await operation;
    const endedMs = performance.now();
    (kind === "read" ? this.reads : this.writes).add(endedMs, endedMs - beganMs);
    return value;
  }

  /** Since the last call. */
  take(targetMs: number): { readonly reads: Spread; readonly writes: Spread } {
    const taken = { reads: this.reads.spread(targetMs), writes: this.writes.spread(targetMs) };
    this.reads = new Windows();
    this.writes = new Windows();
    return taken;
  }
}
