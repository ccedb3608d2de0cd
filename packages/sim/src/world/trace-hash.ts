// What happened in a run, as one number: two runs of one seed must end with the same. FNV-1a over the
// lines of the story.

export class TraceHash {
  private low = 0x811c9dc5;
  private high = 0x01000193;

  add(line: string): void {
    for (let at = 0; at < line.length; at += 1) {
      const code = line.charCodeAt(at);
      this.low = Math.imul(this.low ^ code, 0x01000193) >>> 0;
      this.high = Math.imul(this.high ^ code ^ (this.low & 0xff), 0x01000193) >>> 0;
    }
  }

  get text(): string {
    return [this.high, this.low].map((half) => half.toString(16).padStart(8, "0")).join("");
  }
}
