// One chunk in memory: its log after the commit LSN, the pages that say where its content lies, and
// the overlay of committed small writes that wait to be applied. All changes happen here, both live
// and in replay, by the same calls in the same order: redo is the state machine run again.
//
// Where overlay and page speak of the same unit, the overlay is newer.
import {
  alignDown,
  assert,
  CHECKSUM_UNIT,
  type ChunkId,
  compareLsn,
  EXTENT_SIZE,
  LSN_ZERO,
  type Lsn,
  maxLsn,
  type ScatterList,
  scatterJoin,
  UNITS_PER_EXTENT,
  unitChecksum,
  zeroUnitChecksums,
} from "@ashlar/core";
import {
  type ChunkStatus,
  type ExtentStamp,
  type OperationWindow,
  OperationWindows,
} from "@ashlar/replica";
import type { Allocator } from "./allocator.ts";
import { checksumsOfWhole, edgesOf, firstWholeOf, type HeldEntry } from "./log-record.ts";
import { windowBytes } from "./operation-window-codec.ts";
import { ALL_UNITS, EXTENTS_PER_PAGE, type Page } from "./page.ts";
import type { PageCache } from "./page-cache.ts";

/** One unit of a committed small write. */
export interface OverlayBlock {
  readonly data: Buffer;
  readonly checksum: number;
}

export interface OverlayExtent {
  readonly blocks: (OverlayBlock | undefined)[];
  count: number;
  /** An extent of the data area is promised, to be taken when the blocks are applied. */
  reserved: boolean;
}

/** Where an extent of a chunk stands: its page and its place in it. */
export interface ExtentPlace {
  readonly page: Page;
  readonly index: number;
}

/** What the chunks of a store share. */
export interface ChunkPorts {
  readonly allocator: Allocator;
  readonly cache: PageCache;
}

export class ChunkState {
  readonly chunk: ChunkId;
  readonly pages = new Map<number, Page>();
  readonly overlay = new Map<number, OverlayExtent>();
  /** Durable and not committed, in order. */
  entries: HeldEntry[] = [];
  promisedEpoch = 0;
  commit: Lsn = LSN_ZERO;
  resyncFrom: Lsn | undefined;
  /** As they will stand when all calls made so far are durable. */
  queuedTail: Lsn = LSN_ZERO;
  queuedEpoch = 0;
  /** An entry was refused for lack of room and none was taken since. */
  refused = false;
  /** Unmaps appended and not yet committed or dropped: they may take an extent's room away. */
  pendingUnmaps = 0;
  private readonly allocator: Allocator;
  private readonly cache: PageCache;
  /** Of the committed operations. */
  private operations = new OperationWindows();

  constructor(chunk: ChunkId, { allocator, cache }: ChunkPorts) {
    this.chunk = chunk;
    this.allocator = allocator;
    this.cache = cache;
  }

  get tail(): Lsn {
    return this.entries.at(-1)?.lsn ?? this.commit;
  }

  status(): ChunkStatus {
    const { chunk, promisedEpoch, tail, commit, resyncFrom } = this;
    return { chunk, promisedEpoch, tail, commit, resyncFrom };
  }

  windows(): readonly OperationWindow[] {
    return this.operations.list();
  }

  setWindows(windows: readonly OperationWindow[]): void {
    const before = windowBytes(this.operations);
    this.operations = new OperationWindows(windows);
    this.windowsGrew(before);
  }

  forgetGateways(isDead: (incarnation: number) => boolean): void {
    const before = windowBytes(this.operations);
    this.operations.forget(isDead);
    this.windowsGrew(before);
  }

  find(extent: number): ExtentPlace | undefined {
    const page = this.pages.get(Math.floor(extent / EXTENTS_PER_PAGE));
    return page && { page, index: extent % EXTENTS_PER_PAGE };
  }

  /** Extents that appending this range must be promised: those with no room of their own. */
  roomNeeded(parts: readonly { readonly offset: number; readonly length: number }[]): number {
    let needed = 0;
    for (const { offset, length } of parts) {
      const last = Math.floor((offset + length - 1) / EXTENT_SIZE);
      for (let extent = Math.floor(offset / EXTENT_SIZE); extent <= last; extent += 1) {
        const place = this.find(extent);
        const mapped = place !== undefined && place.page.physical(place.index) !== 0;
        if (this.pendingUnmaps > 0 || !(mapped || this.overlay.has(extent))) needed += 1;
      }
    }
    return needed;
  }

  /** Commits entries up to `lsn`; false when there were none. */
  commitUpTo(lsn: Lsn): boolean {
    let count = 0;
    for (const entry of this.entries) {
      if (entry.lsn.seq > lsn.seq) break;
      this.applyEntry(entry);
      count += 1;
    }
    this.entries.splice(0, count);
    return count > 0;
  }

  /** Drops entries after `lsn`. */
  truncate(lsn: Lsn): void {
    const kept = this.entries.filter((entry) => entry.lsn.seq <= lsn.seq);
    for (const entry of this.entries.slice(kept.length)) this.drop(entry);
    this.entries = kept;
  }

  setBase(base: Lsn, windows: readonly OperationWindow[]): void {
    if (compareLsn(this.tail, base) < 0) this.truncate(this.commit);
    while (this.entries[0] && compareLsn(this.entries[0].lsn, base) <= 0) {
      this.commitUpTo(this.entries[0].lsn);
    }
    if (compareLsn(base, this.commit) >= 0) this.setWindows(windows);
    this.commit = maxLsn(this.commit, base);
  }

  /** Replaces an extent by a copy that lies at `physical`, 0 for unmapped. */
  applyCopy(extent: number, lsn: Lsn, physical: number, checksums: Uint32Array): void {
    this.replace(extent, physical, checksums);
    const { page, index } = this.place(extent);
    page.setLastLsn(index, lsn);
  }

  /** The pages of so many extents, as far as there are any. */
  *pagesOf(firstExtent: number, extents: number): Generator<readonly [number, Page]> {
    const last = Math.floor((firstExtent + extents - 1) / EXTENTS_PER_PAGE);
    for (let index = Math.floor(firstExtent / EXTENTS_PER_PAGE); index <= last; index += 1) {
      const page = this.pages.get(index);
      if (page) yield [index, page];
    }
  }

  /**
   * Whether the bytes were taken: they are what the checksum of that unit on the disk says, as far as that is
   * in memory.
   */
  repair(unit: number, data: Buffer): boolean {
    const extent = Math.floor(unit / UNITS_PER_EXTENT);
    const at = unit % UNITS_PER_EXTENT;
    const place = this.find(extent);
    const waiting = this.overlay.get(extent);
    // Nothing of it lies on the disk, or something newer waits to be written there.
    if (!place || ((place.page.units(place.index) >>> at) & 1) === 0) return false;
    if (waiting?.blocks[at] || !place.page.knows(place.index)) return false;
    const checksum = place.page.checksum(place.index, at);
    if (unitChecksum(this.chunk, unit, data) !== checksum) return false;
    const blocks = waiting ?? {
      blocks: new Array(UNITS_PER_EXTENT).fill(undefined),
      count: 0,
      reserved: false,
    };
    this.overlay.set(extent, blocks);
    blocks.blocks[at] = { data, checksum };
    blocks.count += 1;
    return true;
  }

  /** Gives back everything; the state is not used afterwards. */
  clear(): void {
    this.truncate(LSN_ZERO);
    for (const extent of [...this.overlay.keys()]) this.dropOverlay(extent);
    for (const { page, index } of this.mapped()) this.allocator.discard(page.physical(index));
    this.allocator.pageCount -= this.pages.size;
    for (const page of this.pages.values()) this.cache.drop(page);
    this.pages.clear();
    this.setWindows([]);
  }

  stampsAfter(lsn: Lsn): ExtentStamp[] {
    const stamps: ExtentStamp[] = [];
    for (const [pageIndex, page] of this.pages) {
      for (let index = 0; index < EXTENTS_PER_PAGE; index += 1) {
        const lastLsn = page.lastLsn(index);
        if (compareLsn(lastLsn, lsn) <= 0) continue;
        const extent = pageIndex * EXTENTS_PER_PAGE + index;
        stamps.push({ extent, lastLsn, mapped: this.isMapped(extent) });
      }
    }
    return stamps.sort((a, b) => a.extent - b.extent);
  }

  isMapped(extent: number): boolean {
    const place = this.find(extent);
    return (
      this.overlay.has(extent) || (place !== undefined && place.page.physical(place.index) > 0)
    );
  }

  /** Checksum of every unit of the chunk's committed content; its pages are held. */
  contentChecksums(chunkSize: number): Uint32Array {
    const sums = zeroUnitChecksums(this.chunk, chunkSize / CHECKSUM_UNIT);
    for (const { page, index, extent } of this.mapped()) {
      const units = page.units(index);
      for (let unit = 0; unit < UNITS_PER_EXTENT; unit += 1) {
        if ((units >>> unit) & 1)
          sums[extent * UNITS_PER_EXTENT + unit] = page.checksum(index, unit);
      }
    }
    for (const [extent, { blocks }] of this.overlay) {
      blocks.forEach((block, unit) => {
        if (block) sums[extent * UNITS_PER_EXTENT + unit] = block.checksum;
      });
    }
    return sums;
  }

  *mapped(): Generator<ExtentPlace & { readonly extent: number }> {
    for (const [pageIndex, page] of this.pages) {
      for (let index = 0; index < EXTENTS_PER_PAGE; index += 1) {
        const extent = pageIndex * EXTENTS_PER_PAGE + index;
        if (page.physical(index) !== 0) yield { page, index, extent };
      }
    }
  }

  /** The extent's place, its page made if it has none. */
  place(extent: number): ExtentPlace {
    const pageIndex = Math.floor(extent / EXTENTS_PER_PAGE);
    let page = this.pages.get(pageIndex);
    if (!page) {
      page = this.cache.make();
      this.pages.set(pageIndex, page);
      this.allocator.pageCount += 1;
    }
    return { page, index: extent % EXTENTS_PER_PAGE };
  }

  private applyEntry(entry: HeldEntry): void {
    if (entry.kind === "write") this.applyWrite(entry);
    if (entry.kind === "unmap") {
      this.applyUnmap(entry);
      this.pendingUnmaps -= 1;
    }
    this.allocator.unreserve(entry.reserved);
    this.commit = entry.lsn;
    const before = windowBytes(this.operations);
    this.operations.commit(entry);
    this.windowsGrew(before);
  }

  /** From so many bytes: a checkpoint must have room for them. */
  private windowsGrew(before: number): void {
    this.allocator.windowBytes += windowBytes(this.operations) - before;
  }

  private applyWrite(entry: HeldEntry): void {
    const { head, tail } = edgesOf(entry);
    this.putBlocks(entry, { offset: entry.offset, data: entry.head, first: 0 });
    const tailAt = entry.length - tail;
    const firstTail = tailAt / CHECKSUM_UNIT;
    this.putBlocks(entry, { offset: entry.offset + tailAt, data: entry.tail, first: firstTail });
    assert(head % CHECKSUM_UNIT === 0, "entries are whole units");
    entry.physical.forEach((physical, index) => {
      const extent = firstWholeOf(entry.offset) + index;
      this.replace(extent, physical, checksumsOfWhole(entry, index));
      this.stamp(extent, entry.lsn);
    });
  }

  private putBlocks(
    entry: HeldEntry,
    part: { readonly offset: number; readonly data: ScatterList; readonly first: number },
  ): void {
    if (part.data.length === 0) return;
    const data = scatterJoin(part.data);
    for (let at = 0; at < data.length; at += CHECKSUM_UNIT) {
      const extent = Math.floor((part.offset + at) / EXTENT_SIZE);
      const unit = ((part.offset + at) % EXTENT_SIZE) / CHECKSUM_UNIT;
      const waiting = this.overlay.get(extent) ?? this.newOverlay(extent, entry);
      if (!waiting.blocks[unit]) waiting.count += 1;
      waiting.blocks[unit] = {
        data: data.subarray(at, at + CHECKSUM_UNIT),
        checksum: entry.checksums[part.first + at / CHECKSUM_UNIT] ?? 0,
      };
      if (at === 0 || unit === 0) this.stamp(extent, entry.lsn);
    }
  }

  private newOverlay(extent: number, entry: HeldEntry): OverlayExtent {
    const place = this.find(extent);
    const reserved = !place || place.page.physical(place.index) === 0;
    if (reserved && entry.reserved > 0) entry.reserved -= 1;
    else if (reserved) this.allocator.reserve(1);
    const made = { blocks: new Array(UNITS_PER_EXTENT).fill(undefined), count: 0, reserved };
    this.overlay.set(extent, made);
    return made;
  }

  private applyUnmap({ offset, length, lsn }: HeldEntry): void {
    for (let at = offset; at < offset + length; ) {
      const extent = Math.floor(at / EXTENT_SIZE);
      const from = alignDown(at, EXTENT_SIZE);
      const end = Math.min(offset + length, from + EXTENT_SIZE);
      if (this.isMapped(extent)) {
        if (end - at === EXTENT_SIZE) this.replace(extent, 0, new Uint32Array(0));
        else this.clearUnits(extent, (at - from) / CHECKSUM_UNIT, (end - from) / CHECKSUM_UNIT);
        this.stamp(extent, lsn);
      }
      at = end;
    }
  }

  private clearUnits(extent: number, first: number, end: number): void {
    const waiting = this.overlay.get(extent);
    const { page, index } = this.place(extent);
    let units = page.units(index);
    for (let unit = first; unit < end; unit += 1) {
      if (waiting?.blocks[unit]) {
        waiting.blocks[unit] = undefined;
        waiting.count -= 1;
      }
      units &= ~(1 << unit);
    }
    page.setUnits(index, units);
    if (waiting?.count === 0) this.dropOverlay(extent);
    if (units === 0 && !this.overlay.has(extent)) this.replace(extent, 0, new Uint32Array(0));
  }

  /** The extent's whole content lies at `physical` from now on, or nowhere. */
  private replace(extent: number, physical: number, checksums: Uint32Array): void {
    this.dropOverlay(extent);
    const { page, index } = this.place(extent);
    const before = page.physical(index);
    if (before !== 0) this.allocator.discard(before);
    page.setPhysical(index, physical);
    page.setUnits(index, physical === 0 ? 0 : ALL_UNITS);
    checksums.forEach((checksum, unit) => {
      page.setChecksum(index, unit, checksum);
    });
  }

  private dropOverlay(extent: number): void {
    if (this.overlay.get(extent)?.reserved) this.allocator.unreserve(1);
    this.overlay.delete(extent);
  }

  private stamp(extent: number, lsn: Lsn): void {
    const { page, index } = this.place(extent);
    page.setLastLsn(index, maxLsn(page.lastLsn(index), lsn));
  }

  private drop(entry: HeldEntry): void {
    for (const physical of entry.physical) this.allocator.discard(physical);
    this.allocator.unreserve(entry.reserved);
    if (entry.kind === "unmap") this.pendingUnmaps -= 1;
  }
}
