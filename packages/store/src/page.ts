// Metadata of 32 neighbouring extents of a chunk: where each lies, which of its units hold data, the
// CRC-32C of each unit and the LSN that last changed it. A page describes the data area, not what
// waits in the overlay. It exists once something in its range was written, so an empty chunk costs
// nothing.
//
// Checksums of units carry their place and are kept as they travel; a page names its chunk and index
// under its own seeded CRC, so a misdirected page is caught here and a misdirected or lost data block by
// the checksum that its page, not the block, carries. A lost page is caught by the checksum that the
// directory carries.
import { type ChunkId, crc32c, EXTENT_SIZE, type Lsn, UNITS_PER_EXTENT } from "@ashlar/core";
import { BLOCK_SIZE, FORMAT_VERSION, MAGIC } from "./format.ts";

export const EXTENTS_PER_PAGE = 32;
export const PAGE_SPAN = EXTENTS_PER_PAGE * EXTENT_SIZE;
/** All units of an extent hold data. */
export const ALL_UNITS = 0xffff;

// In words of 4 bytes, the same in memory and on the disk.
const MAGIC_WORD = 0;
const VERSION_WORD = 1;
const CRC_WORD = 2;
const INDEX_WORD = 3;
const CHUNK_LOW_WORD = 4;
const CHUNK_HIGH_WORD = 5;
const PHYSICAL_WORD = 16;
const EPOCH_WORD = PHYSICAL_WORD + EXTENTS_PER_PAGE;
const SEQ_LOW_WORD = EPOCH_WORD + EXTENTS_PER_PAGE;
/** High 16 bits: bits 32..47 of seq. Low 16 bits: one per unit that holds data. */
const SEQ_HIGH_AND_UNITS_WORD = SEQ_LOW_WORD + EXTENTS_PER_PAGE;
const CHECKSUM_WORD = SEQ_HIGH_AND_UNITS_WORD + EXTENTS_PER_PAGE;
/** The rest of the block is kept free for reference counts and layers. */
const WORDS = CHECKSUM_WORD + EXTENTS_PER_PAGE * UNITS_PER_EXTENT;

export class Page {
  /** Changed since it was last written. */
  dirty = true;
  /** Block of the data area that holds it as of the last checkpoint, 0 for none. */
  slot = 0;
  /** Checksum of that block. */
  crc = 0;
  private readonly words: Uint32Array;

  constructor(words = new Uint32Array(WORDS)) {
    this.words = words;
  }

  physical(index: number): number {
    return this.words[PHYSICAL_WORD + index] ?? 0;
  }

  units(index: number): number {
    return (this.words[SEQ_HIGH_AND_UNITS_WORD + index] ?? 0) & ALL_UNITS;
  }

  checksum(index: number, unit: number): number {
    return this.words[CHECKSUM_WORD + index * UNITS_PER_EXTENT + unit] ?? 0;
  }

  lastLsn(index: number): Lsn {
    const high = (this.words[SEQ_HIGH_AND_UNITS_WORD + index] ?? 0) >>> 16;
    return {
      epoch: this.words[EPOCH_WORD + index] ?? 0,
      seq: high * 2 ** 32 + (this.words[SEQ_LOW_WORD + index] ?? 0),
    };
  }

  setLastLsn(index: number, lsn: Lsn): void {
    this.words[EPOCH_WORD + index] = lsn.epoch;
    this.words[SEQ_LOW_WORD + index] = lsn.seq % 2 ** 32;
    const high = Math.floor(lsn.seq / 2 ** 32);
    this.words[SEQ_HIGH_AND_UNITS_WORD + index] = ((high << 16) | this.units(index)) >>> 0;
    this.dirty = true;
  }

  setPhysical(index: number, physical: number): void {
    this.words[PHYSICAL_WORD + index] = physical;
    this.dirty = true;
  }

  setUnits(index: number, units: number): void {
    const word = this.words[SEQ_HIGH_AND_UNITS_WORD + index] ?? 0;
    this.words[SEQ_HIGH_AND_UNITS_WORD + index] = ((word & 0xffff_0000) | units) >>> 0;
    this.dirty = true;
  }

  setChecksum(index: number, unit: number, checksum: number): void {
    this.words[CHECKSUM_WORD + index * UNITS_PER_EXTENT + unit] = checksum;
    this.dirty = true;
  }

  /** As it is written now. */
  encode(chunk: ChunkId, pageIndex: number, seed: number): Buffer {
    const block = Buffer.alloc(BLOCK_SIZE);
    const words = new Uint32Array(block.buffer, block.byteOffset, WORDS);
    words.set(this.words);
    words[MAGIC_WORD] = MAGIC.page;
    words[VERSION_WORD] = FORMAT_VERSION;
    words[INDEX_WORD] = pageIndex;
    words[CHUNK_LOW_WORD] = chunk % 2 ** 32;
    words[CHUNK_HIGH_WORD] = Math.floor(chunk / 2 ** 32);
    words[CRC_WORD] = 0;
    this.crc = crc32c(block, seed);
    words[CRC_WORD] = this.crc;
    return block;
  }
}

/** Undefined when the block is not this page, whole, as it was last written. */
export function decodePage(
  source: Buffer,
  expected: {
    readonly chunk: ChunkId;
    readonly pageIndex: number;
    readonly seed: number;
    readonly crc: number;
  },
): Page | undefined {
  const block = Buffer.from(source);
  const crc = block.readUInt32LE(CRC_WORD * 4);
  block.writeUInt32LE(0, CRC_WORD * 4);
  const { chunk, pageIndex, seed } = expected;
  if (crc !== expected.crc || crc32c(block, seed) !== crc) return undefined;
  const words = new Uint32Array(WORDS);
  for (let word = 0; word < WORDS; word += 1) words[word] = block.readUInt32LE(word * 4);
  const known =
    words[MAGIC_WORD] === MAGIC.page &&
    words[VERSION_WORD] === FORMAT_VERSION &&
    words[INDEX_WORD] === pageIndex &&
    words[CHUNK_LOW_WORD] === chunk % 2 ** 32 &&
    words[CHUNK_HIGH_WORD] === Math.floor(chunk / 2 ** 32);
  if (!known) return undefined;
  const page = new Page(words);
  page.dirty = false;
  page.crc = crc;
  return page;
}
