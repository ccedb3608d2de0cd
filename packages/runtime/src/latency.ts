// Latencies in logarithmic buckets: constant memory for any number of operations, percentiles
// within 5 %.

/** Buckets per doubling; 16 keep the error of a percentile below 5 %. */
const STEPS = 16;
/** Smallest latency told apart. */
const FLOOR_MS = 0.001;
const BUCKETS = 30 * STEPS;

export interface LatencySummary {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export class LatencyHistogram {
  private readonly buckets = new Uint32Array(BUCKETS);
  private count = 0;
  private sumMs = 0;
  private maxMs = 0;

  record(ms: number): void {
    const bucket = Math.floor(Math.log2(Math.max(ms, FLOOR_MS) / FLOOR_MS) * STEPS);
    const index = Math.min(bucket, BUCKETS - 1);
    this.buckets[index] = (this.buckets[index] ?? 0) + 1;
    this.count++;
    this.sumMs += ms;
    this.maxMs = Math.max(this.maxMs, ms);
  }

  summary(): LatencySummary {
    return {
      count: this.count,
      meanMs: this.count === 0 ? 0 : this.sumMs / this.count,
      p50Ms: this.percentile(0.5),
      p95Ms: this.percentile(0.95),
      p99Ms: this.percentile(0.99),
      maxMs: this.maxMs,
    };
  }

  /** Upper edge of the bucket that holds the `share` quantile; 0 when nothing was recorded. */
  private percentile(share: number): number {
    if (this.count === 0) return 0;
    let left = Math.ceil(share * this.count);
    for (let index = 0; index < BUCKETS; index++) {
      left -= this.buckets[index] ?? 0;
      if (left <= 0) return Math.min(this.maxMs, FLOOR_MS * 2 ** ((index + 1) / STEPS));
    }
    return this.maxMs;
  }
}
