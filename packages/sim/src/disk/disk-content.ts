// The bytes of one simulated file: what is durable, and over it the writes that no sync has covered yet,
// in order. Durable bytes are kept in pages, and pages of zeros are not kept, since stores are mostly
// empty.
import type { Random } from "@ashlar/runtime";

const PAGE_BYTES = 4096;
/** What a disk writes as one. */
export const SECTOR_BYTES = 512;
const ZEROS = Buffer.alloc(PAGE_BYTES);

/** Bytes, or so many zeros: a store writes its whole disk with them once. */
export type Written = Buffer | { readonly length: number };

interface Unsynced {
  readonly position: number;
  readonly data: Written;
}

/** A copy of what is written, which its owner may change afterwards. */
export function writtenOf(data: readonly Uint8Array[]): Written {
  let length = 0;
  let isZero = true;
  for (const piece of data) {
    length += piece.length;
    for (let at = 0; isZero && at < piece.length; at += PAGE_BYTES) {
      const part = Math.min(PAGE_BYTES, piece.length - at);
      isZero = ZEROS.compare(piece, at, at + part, 0, part) === 0;
    }
  }
  return isZero ? { length } : Buffer.concat([...data], length);
}

export const firstOf = (data: Written, length: number): Written =>
  Buffer.isBuffer(data) ? data.subarray(0, length) : { length };

export class DiskContent {
  private readonly pages = new Map<number, Buffer>();
  private unsynced: Unsynced[] = [];
  /** Writes that a sync has covered. */
  private syncedCount = 0;
  private durableSize = 0;
  private currentSize = 0;

  get sizeBytes(): number {
    return this.currentSize;
  }

  /** How many writes there were: a mark for {@link sync}. */
  get mark(): number {
    return this.syncedCount + this.unsynced.length;
  }

  read(position: number, target: Buffer): void {
    this.readDurable(position, target);
    const end = position + target.length;
    for (const { position: from, data } of this.unsynced) {
      const to = from + data.length;
      if (to <= position || from >= end) continue;
      const at = Math.max(0, from - position);
      if (!Buffer.isBuffer(data)) target.fill(0, at, Math.min(target.length, to - position));
      else data.copy(target, at, Math.max(0, position - from), end - from);
    }
  }

  /** Takes over `data`. */
  write(position: number, data: Written): void {
    this.unsynced.push({ position, data });
    this.currentSize = Math.max(this.currentSize, position + data.length);
  }

  /** Makes the first `upTo` writes durable. */
  sync(upTo: number): void {
    const covered = this.unsynced.splice(0, Math.max(0, upTo - this.syncedCount));
    this.syncedCount += covered.length;
    for (const { position, data } of covered) {
      if (Buffer.isBuffer(data)) this.writeDurable(position, data);
      else this.zeroDurable(position, data.length);
    }
  }

  resize(sizeBytes: number): void {
    this.sync(this.mark);
    for (const page of [...this.pages.keys()]) {
      const from = page * PAGE_BYTES;
      if (from >= sizeBytes) this.pages.delete(page);
      else if (from + PAGE_BYTES > sizeBytes) this.pages.get(page)?.fill(0, sizeBytes - from);
    }
    this.durableSize = sizeBytes;
    this.currentSize = sizeBytes;
  }

  /**
   * The power goes: of each unsynced write any sectors may be on the disk, in whatever order.
   * Returns how many writes were lost in whole or in part.
   */
  powerCut(random: Random, keepPercent: number): number {
    let lost = 0;
    for (const { position, data: written } of this.unsynced) {
      const data = Buffer.isBuffer(written) ? written : Buffer.alloc(written.length);
      // Some writes get there whole, some not at all, some torn.
      const fate = random.below(3);
      let complete = true;
      for (let at = 0; at < data.length; at += SECTOR_BYTES) {
        const kept = fate === 0 ? keepPercent > 50 : random.below(100) < keepPercent;
        complete &&= kept;
        if (kept) this.writeDurable(position + at, data.subarray(at, at + SECTOR_BYTES));
      }
      if (!complete) lost += 1;
    }
    this.syncedCount += this.unsynced.length;
    this.unsynced = [];
    this.currentSize = this.durableSize;
    return lost;
  }

  /** Changes what the platter holds, behind everybody's back. */
  damage(position: number, data: Buffer): void {
    this.writeDurable(position, data);
  }

  /** Positions of pages that hold something, ascending. */
  get writtenPages(): readonly number[] {
    return [...this.pages.keys()].sort((a, b) => a - b).map((page) => page * PAGE_BYTES);
  }

  private readDurable(position: number, target: Buffer): void {
    for (let at = 0; at < target.length; ) {
      const page = Math.floor((position + at) / PAGE_BYTES);
      const within = (position + at) % PAGE_BYTES;
      const length = Math.min(PAGE_BYTES - within, target.length - at);
      const content = this.pages.get(page);
      if (content) content.copy(target, at, within, within + length);
      else target.fill(0, at, at + length);
      at += length;
    }
  }

  private zeroDurable(position: number, length: number): void {
    const end = position + length;
    for (let at = position; at < end; ) {
      const page = Math.floor(at / PAGE_BYTES);
      const next = Math.min(end, (page + 1) * PAGE_BYTES);
      if (next - at === PAGE_BYTES) this.pages.delete(page);
      else this.pages.get(page)?.fill(0, at % PAGE_BYTES, (at % PAGE_BYTES) + next - at);
      at = next;
    }
    this.durableSize = Math.max(this.durableSize, end);
  }

  private writeDurable(position: number, data: Buffer): void {
    for (let at = 0; at < data.length; ) {
      const page = Math.floor((position + at) / PAGE_BYTES);
      const within = (position + at) % PAGE_BYTES;
      const length = Math.min(PAGE_BYTES - within, data.length - at);
      let content = this.pages.get(page);
      if (!content && !isZeroPage(data, at, length)) {
        content = Buffer.alloc(PAGE_BYTES);
        this.pages.set(page, content);
      }
      if (content) data.copy(content, within, at, at + length);
      at += length;
    }
    this.durableSize = Math.max(this.durableSize, position + data.length);
  }
}

const isZeroPage = (data: Buffer, at: number, length: number): boolean =>
  length === PAGE_BYTES && ZEROS.compare(data, at, at + length) === 0;
