// Which extents of the data area are in use. Free space is handed out from what the file has grown
// to already; a promise of space (`reserve`) counts the whole configured disk, so it is given to a
// small write before it gets into the journal and redeemed when a checkpoint applies it.
//
// A freed extent passes through two gates before it is free (P20): what freed it must be durable
// (`discard` gathers, `release` says it is), and no read or apply may still hold a pin on it.
//
// While a journal is replayed nothing is counted: the map is claimed anew from what stands at the end.
import { assert } from "@ashlar/core";

export class Allocator {
  readonly extentCount: number;
  /** One bit per extent, set when in use; extent n is bit n - 1. */
  private readonly used: Uint32Array;
  private readonly pins = new Map<number, number>();
  private readonly releasedWhilePinned = new Set<number>();
  /** Extents 1 .. grown may be handed out. */
  private grown: number;
  private usedCount = 0;
  private reservedCount = 0;
  private replaying = true;
  private discarded: number[] = [];
  private takenCount = 0;
  /** Metadata pages that exist: a checkpoint may have to write each of them anew. */
  pageCount = 0;
  /** And this much of opId windows. */
  windowBytes = 0;
  /** Where the search goes on: fresh runs come out contiguous. */
  private next = 1;

  constructor(extentCount: number, grown: number) {
    this.extentCount = extentCount;
    this.grown = Math.min(grown, extentCount);
    this.used = new Uint32Array(Math.ceil(extentCount / 32));
  }

  get grownCount(): number {
    return this.grown;
  }

  /** Not in use and not promised, over the whole configured disk. */
  get freeCount(): number {
    return this.extentCount - this.usedCount - this.reservedCount;
  }

  /** Not in use and already written, so that it can be handed out at once. */
  get readyCount(): number {
    return this.grown - this.usedCount;
  }

  get reserved(): number {
    return this.reservedCount;
  }

  get usedExtents(): number {
    return this.usedCount;
  }

  grow(grown: number): void {
    assert(grown >= this.grown && grown <= this.extentCount, "a store only grows");
    this.grown = grown;
  }

  /** Replay is over: from now on every call counts. */
  replayed(): void {
    this.replaying = false;
  }

  reserve(count: number): void {
    if (!this.replaying) this.reservedCount += count;
  }

  unreserve(count: number): void {
    if (this.replaying) return;
    assert(count <= this.reservedCount, "a promise of space is given back once");
    this.reservedCount -= count;
  }

  isUsed(extent: number): boolean {
    const bit = extent - 1;
    return (((this.used[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) === 1;
  }

  /** Marks at open what the metadata names; false when it is in use already or not on the disk. */
  claim(extent: number): boolean {
    if (extent < 1 || extent > this.grown || this.isUsed(extent)) return false;
    this.set(extent, true);
    return true;
  }

  /** `count` extents, contiguous where it can be; undefined when fewer are ready. */
  take(count: number): number[] | undefined {
    if (this.readyCount < count) return undefined;
    const taken: number[] = [];
    for (let at = this.next; taken.length < count; at += 1) {
      if (at > this.grown) at = 1;
      // Whole words in use are passed over at once.
      if (((at - 1) & 31) === 0 && this.used[(at - 1) >>> 5] === 0xffff_ffff) {
        at += 31;
        continue;
      }
      if (this.isUsed(at)) continue;
      this.set(at, true);
      taken.push(at);
      this.next = at + 1;
    }
    return taken;
  }

  /** No longer named in memory; stays in use until released. */
  discard(extent: number): void {
    if (!this.replaying) this.discarded.push(extent);
  }

  get discardedExtents(): readonly number[] {
    return this.discarded;
  }

  /** On the way from discarded to free. */
  get releasingCount(): number {
    return this.takenCount + this.releasedWhilePinned.size;
  }

  /** Hands over what was discarded so far, for `releaseAll` once that is durable. */
  takeDiscarded(): number[] {
    const taken = this.discarded;
    this.takenCount += taken.length;
    this.discarded = [];
    return taken;
  }

  /** What `takeDiscarded` handed over is durably discarded. */
  releaseAll(taken: readonly number[]): void {
    this.takenCount -= taken.length;
    for (const extent of taken) this.release(extent);
  }

  /** The freeing is durable: free as soon as nobody holds a pin. */
  release(extent: number): void {
    assert(this.isUsed(extent), "P20: an extent is freed once");
    if (this.pins.has(extent)) this.releasedWhilePinned.add(extent);
    else this.set(extent, false);
  }

  pin(extent: number): void {
    this.pins.set(extent, (this.pins.get(extent) ?? 0) + 1);
  }

  unpin(extent: number): void {
    const left = (this.pins.get(extent) ?? 0) - 1;
    if (left > 0) {
      this.pins.set(extent, left);
      return;
    }
    this.pins.delete(extent);
    if (this.releasedWhilePinned.delete(extent)) this.set(extent, false);
  }

  private set(extent: number, inUse: boolean): void {
    const bit = extent - 1;
    const word = this.used[bit >>> 5] ?? 0;
    this.used[bit >>> 5] = inUse ? word | (1 << (bit & 31)) : word & ~(1 << (bit & 31));
    this.usedCount += inUse ? 1 : -1;
  }
}
