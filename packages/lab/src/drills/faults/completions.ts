/** Buckets of a timeline: more could not be told apart in a chart. */
const BUCKETS_MAX = 240;
const BUCKET_FIRST_MS = 200;

/** How many operations completed when, in buckets that become wider as time goes on. */
export class Completions {
  private counts: number[] = [];
  private widthMs = BUCKET_FIRST_MS;

  get bucketMs(): number {
    return this.widthMs;
  }

  get buckets(): readonly number[] {
    return this.counts;
  }

  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  add(atMs: number): void {
    while (atMs >= this.widthMs * BUCKETS_MAX) this.widen();
    const bucket = Math.max(0, Math.floor(atMs / this.widthMs));
    while (this.counts.length <= bucket) this.counts.push(0);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
  }

  private widen(): void {
    this.widthMs *= 2;
    const pairs = Math.ceil(this.counts.length / 2);
    this.counts = Array.from({ length: pairs }, (_, at) => {
      return (this.counts[2 * at] ?? 0) + (this.counts[2 * at + 1] ?? 0);
    });
  }
}
