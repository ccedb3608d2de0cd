/** A hash over everything that happened, in order: equal runs have equal ones. */
export class TraceHash {
  private low = 0x811c9dc5;
  private high = 0x9e3779b9;

  add(value: number): void {
    this.low = Math.imul(this.low ^ value, 0x01000193);
    this.high = Math.imul(this.high ^ (value + 0x7f4a7c15), 0x85ebca6b) ^ (this.low >>> 15);
  }

  toString(): string {
    const hex = (lane: number): string => (lane >>> 0).toString(16).padStart(8, "0");
    return hex(this.high) + hex(this.low);
  }
}
