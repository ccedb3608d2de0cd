// Metadata of 32 neighbouring extents of a chunk: where each lies, which of its units hold data, the
// CRC-32C of each unit and the LSN that last changed it. A page describes the data area, not what
// waits in the overlay. It exists once something in its range was written, so an empty chunk costs
// nothing.
//
// In memory a page always has its map (places, units, LSNs: 512 bytes), so whatever the log does to it is
// done in one turn. The checksums, four fifths of it, are there as far as they are needed: those that were
// set since they were last written, and those that a cache keeps (page-cache.ts). What is missing is on
// the disk, in the page's slot.
//
// Checksums of units carry their place and are kept as they travel; a page names its chunk and index
// under its own seeded CRC, so a misdirected page is caught here and a misdirected or lost data block by
// the checksum that its page, not the block, carries. A lost page is caught by the checksum that the
// directory carries.
import {
  assert,
  type ChunkId,
  crc32c,
  EXTENT_SIZE,
  type Lsn,
  UNITS_PER_EXTENT,
} from "@ashlar/core";
import { BLOCK_SIZE, FORMAT_VERSION, MAGIC } from "./format.ts";

export const EXTENTS_PER_PAGE = 32;
export const PAGE_SPAN = EXTENTS_PER_PAGE * EXTENT_SIZE;
/** All units of an extent hold data. */
export const ALL_UNITS = 0xffff;

// Of the block on the disk, in words of 4 bytes.
const MAGIC_WORD = 0;
const VERSION_WORD = 1;
const CRC_WORD = 2;
const INDEX_WORD = 3;
const CHUNK_LOW_WORD = 4;
const CHUNK_HIGH_WORD = 5;
const MAP_WORD = 16;
/** Words of the map, the same in memory and on the disk. */
export const MAP_WORDS = 4 * EXTENTS_PER_PAGE;
const CHECKSUM_WORD = MAP_WORD + MAP_WORDS;
const CHECKSUM_WORDS = EXTENTS_PER_PAGE * UNITS_PER_EXTENT;
/** The rest of the block is kept free for reference counts and layers. */
const BLOCK_WORDS = CHECKSUM_WORD + CHECKSUM_WORDS;

// Of the map.
const PHYSICAL_WORD = 0;
const EPOCH_WORD = PHYSICAL_WORD + EXTENTS_PER_PAGE;
const SEQ_LOW_WORD = EPOCH_WORD + EXTENTS_PER_PAGE;
/** High 16 bits: bits 32..47 of seq. Low 16 bits: one per unit that holds data. */
const SEQ_HIGH_AND_UNITS_WORD = SEQ_LOW_WORD + EXTENTS_PER_PAGE;

/** Of the checksums in memory: behind them, for each extent, the units whose checksum is there. */
const KNOWN_WORD = CHECKSUM_WORDS;
/** Checksums of a page as they lie in memory, with what the engine needs to hold them. */
export const CHECKSUM_BYTES = (KNOWN_WORD + EXTENTS_PER_PAGE) * 4 + 256;

/** Where the map of a page lies in memory. */
export interface MapPlace {
  readonly words: Uint32Array;
  readonly at: number;
}

/** Hears what a page's memory is used for. */
export interface PageHost {
  /** Changed for the first time since it was last written. */
  dirtied(page: Page): void;
}

export class Page {
  /** Block of the data area that holds it as of the last checkpoint, 0 for none. */
  slot = 0;
  /** Checksum of that block. */
  crc = 0;
  /** Users who need the checksums to stay. */
  holds = 0;
  /** Was found in memory since the cache last looked. */
  isUsed = false;
  /** Its chunk is gone. */
  isDropped = false;
  /** Under way from the disk. */
  loading: Promise<void> | undefined;
  private dirty = false;
  private readonly host: PageHost;
  private readonly map: Uint32Array;
  private readonly at: number;
  private sums: Uint32Array | undefined;

  constructor(host: PageHost, { words, at }: MapPlace) {
    this.host = host;
    this.map = words;
    this.at = at;
  }

  /** Changed since it was last written. */
  get isDirty(): boolean {
    return this.dirty;
  }

  get place(): MapPlace {
    return { words: this.map, at: this.at };
  }

  physical(index: number): number {
    return this.word(PHYSICAL_WORD + index);
  }

  units(index: number): number {
    return this.word(SEQ_HIGH_AND_UNITS_WORD + index) & ALL_UNITS;
  }

  lastLsn(index: number): Lsn {
    const high = this.word(SEQ_HIGH_AND_UNITS_WORD + index) >>> 16;
    return {
      epoch: this.word(EPOCH_WORD + index),
      seq: high * 2 ** 32 + this.word(SEQ_LOW_WORD + index),
    };
  }

  /** Only of a unit that holds data, while `knows` says so. */
  checksum(index: number, unit: number): number {
    const isKnown = (this.known(index) >>> unit) & 1;
    assert(isKnown === 1, "a checksum is asked for that is not in memory");
    return this.sums?.[index * UNITS_PER_EXTENT + unit] ?? 0;
  }

  /** Whether the checksums of all that this extent holds are in memory. */
  knows(index: number): boolean {
    return (this.units(index) & ~this.known(index)) === 0;
  }

  /** Whether all of its checksums are in memory. */
  get isWhole(): boolean {
    for (let index = 0; index < EXTENTS_PER_PAGE; index += 1) {
      if (!this.knows(index)) return false;
    }
    return true;
  }

  /** It is to be written. */
  touch(): void {
    if (this.dirty) return;
    this.dirty = true;
    this.host.dirtied(this);
  }

  setLastLsn(index: number, lsn: Lsn): void {
    this.set(EPOCH_WORD + index, lsn.epoch);
    this.set(SEQ_LOW_WORD + index, lsn.seq % 2 ** 32);
    const high = Math.floor(lsn.seq / 2 ** 32);
    this.set(SEQ_HIGH_AND_UNITS_WORD + index, ((high << 16) | this.units(index)) >>> 0);
  }

  setPhysical(index: number, physical: number): void {
    this.set(PHYSICAL_WORD + index, physical);
  }

  setUnits(index: number, units: number): void {
    const word = this.word(SEQ_HIGH_AND_UNITS_WORD + index);
    this.set(SEQ_HIGH_AND_UNITS_WORD + index, ((word & 0xffff_0000) | units) >>> 0);
  }

  setChecksum(index: number, unit: number, checksum: number): void {
    this.touch();
    this.put(index, unit, checksum);
  }

  /** Takes over the block of its slot: as the map where the page is new, and what checksums are missing. */
  fill(block: PageBlock, { isNew }: { isNew: boolean }): void {
    if (isNew) this.map.set(block.subarray(MAP_WORD, MAP_WORD + MAP_WORDS), this.at);
    else {
      for (let index = 0; index < EXTENTS_PER_PAGE; index += 1) this.fillExtent(block, index);
    }
  }

  /** Whether there are checksums in memory. */
  get hasChecksums(): boolean {
    return this.sums !== undefined;
  }

  /** Lets go of the checksums; they are on the disk. */
  forgetChecksums(): void {
    assert(!this.dirty && this.holds === 0, "only what is on the disk is let go of");
    this.sums = undefined;
  }

  /** As it is written now; it is not dirty any more. */
  encode(chunk: ChunkId, pageIndex: number, seed: number): Buffer {
    assert(this.isWhole, "a page is written as a whole");
    const block = Buffer.alloc(BLOCK_SIZE);
    const words = new Uint32Array(block.buffer, block.byteOffset, BLOCK_WORDS);
    words.set(this.map.subarray(this.at, this.at + MAP_WORDS), MAP_WORD);
    if (this.sums) words.set(this.sums.subarray(0, CHECKSUM_WORDS), CHECKSUM_WORD);
    words[MAGIC_WORD] = MAGIC.page;
    words[VERSION_WORD] = FORMAT_VERSION;
    words[INDEX_WORD] = pageIndex;
    words[CHUNK_LOW_WORD] = chunk % 2 ** 32;
    words[CHUNK_HIGH_WORD] = Math.floor(chunk / 2 ** 32);
    words[CRC_WORD] = 0;
    this.crc = crc32c(block, seed);
    words[CRC_WORD] = this.crc;
    this.dirty = false;
    return block;
  }

  private fillExtent(block: PageBlock, index: number): void {
    const missing = this.units(index) & ~this.known(index);
    const there = (block[MAP_WORD + SEQ_HIGH_AND_UNITS_WORD + index] ?? 0) & ALL_UNITS;
    assert((missing & ~there) === 0, "a checksum that is not in memory is on the disk");
    for (let unit = 0; unit < UNITS_PER_EXTENT; unit += 1) {
      if (((missing >>> unit) & 1) === 0) continue;
      this.put(index, unit, block[CHECKSUM_WORD + index * UNITS_PER_EXTENT + unit] ?? 0);
    }
  }

  private put(index: number, unit: number, checksum: number): void {
    this.sums ??= new Uint32Array(KNOWN_WORD + EXTENTS_PER_PAGE);
    this.sums[index * UNITS_PER_EXTENT + unit] = checksum;
    this.sums[KNOWN_WORD + index] = this.known(index) | (1 << unit);
  }

  private known(index: number): number {
    return this.sums?.[KNOWN_WORD + index] ?? 0;
  }

  private word(word: number): number {
    return this.map[this.at + word] ?? 0;
  }

  private set(word: number, value: number): void {
    this.touch();
    this.map[this.at + word] = value;
  }
}

/** The words of a block that is a page. */
export type PageBlock = Uint32Array;

/** Undefined when the block is not this page, whole, as it was last written. The block is used up. */
export function decodePage(
  block: Buffer,
  expected: {
    readonly chunk: ChunkId;
    readonly pageIndex: number;
    readonly seed: number;
    readonly crc: number;
  },
): PageBlock | undefined {
  const { chunk, pageIndex, seed, crc } = expected;
  const words = new Uint32Array(block.buffer, block.byteOffset, BLOCK_WORDS);
  if (words[CRC_WORD] !== crc) return undefined;
  words[CRC_WORD] = 0;
  const isKnown =
    crc32c(block, seed) === crc &&
    words[MAGIC_WORD] === MAGIC.page &&
    words[VERSION_WORD] === FORMAT_VERSION &&
    words[INDEX_WORD] === pageIndex &&
    words[CHUNK_LOW_WORD] === chunk % 2 ** 32 &&
    words[CHUNK_HIGH_WORD] === Math.floor(chunk / 2 ** 32);
  return isKnown ? words : undefined;
}
