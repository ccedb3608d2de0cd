// The layout of a store on its disk, and the numbers that fix it.
//
//   0        4 superblock copies of 4 KiB, 2 labels of a mirror; the rest of the first 64 KiB is zero
//   64 KiB   journal ring
//   then     data area: extents of 64 KiB, numbered from 1 (0 means none). Chunk content, pages of
//            chunk metadata (16 to an extent) and directory extents share it, so that no part can
//            be full while another has room.
//
// All numbers are little-endian. Every structure has magic, version and its own CRC-32C, seeded with
// the store's uuid, so that a structure of another store or an earlier one is never taken for ours.
import {
  assert,
  CHUNKS_PER_FAMILY_MAX,
  type ChunkId,
  chunkIdFromNumber,
  crc32c,
  EXTENT_SIZE,
  KIB,
  MIB,
  type StoreUuid,
  SystemError,
} from "@ashlar/core";

/**
 * 2: windows of opIds. 3: the directory names the checksum of each page, the superblock its sequence;
 * checksums of units carry their place.
 */
export const FORMAT_VERSION = 3;

/** What the disk writes as one: unit of superblocks, metadata pages and journal batches. */
export const BLOCK_SIZE = 4 * KIB;
export const SUPERBLOCK_COPIES = 4;
/** Two labels of a member of a mirror: what is of the disk, and not of the store. */
export const LABEL_START = SUPERBLOCK_COPIES * BLOCK_SIZE;
export const LABEL_END = LABEL_START + 2 * BLOCK_SIZE;
export const JOURNAL_START = EXTENT_SIZE;
export const JOURNAL_BYTES_DEFAULT = 64 * MIB;
/** A batch is at most an eighth of the ring, and one record (two edges of an extent) must fit. */
export const JOURNAL_BYTES_MIN = 2 * MIB;
export const BATCH_BYTES_MAX = 1 * MIB;
/** The data area must hold metadata and something beside it. */
export const DATA_BYTES_MIN = 2 * MIB;
/** How much a file grows at once, ahead of the allocator. */
export const GROWTH_STEP_BYTES = 256 * MIB;
/** Written at creation beside the journal: small, so that a lab is ready soon. */
export const FIRST_GROWTH_BYTES = 32 * MIB;
/** Most a primary may not use, so that followers always find room for what is in flight. */
export const RESERVE_BYTES_MAX = 256 * MIB;

export const MAGIC = {
  superblock: 0x4253_4c41,
  batch: 0x4142_4c41,
  page: 0x4750_4c41,
  directory: 0x4944_4c41,
  mirror: 0x524d_4c41,
} as const;

export interface Layout {
  readonly sizeBytes: number;
  readonly journalBytes: number;
  /** Position of extent 1. */
  readonly dataStart: number;
  /** Extents are numbered 1 .. extentCount. */
  readonly extentCount: number;
}

/** @throws SystemError argument/invalid when the sizes leave no usable store. */
export function layoutOf(sizeBytes: number, journalBytes?: number): Layout {
  const wanted = journalBytes ?? Math.min(JOURNAL_BYTES_DEFAULT, sizeBytes / 8);
  const ring = Math.floor(wanted / EXTENT_SIZE) * EXTENT_SIZE;
  const dataStart = JOURNAL_START + ring;
  const extentCount = Math.floor((sizeBytes - dataStart) / EXTENT_SIZE);
  const sane = Number.isSafeInteger(sizeBytes) && ring >= JOURNAL_BYTES_MIN;
  if (!sane || extentCount * EXTENT_SIZE < DATA_BYTES_MIN) {
    throw new SystemError("argument/invalid", `a store of ${sizeBytes} bytes is too small`, {
      hint: "give the disk at least 16 MiB, with a journal of at least 2 MiB",
    });
  }
  return { sizeBytes, journalBytes: ring, dataStart, extentCount };
}

export const reserveBytesOf = ({ extentCount }: Layout): number =>
  Math.min(RESERVE_BYTES_MAX, Math.floor(extentCount / 16) * EXTENT_SIZE);

export function extentPosition({ dataStart, extentCount }: Layout, physical: number): number {
  assert(physical >= 1 && physical <= extentCount, "an extent lies in the data area");
  return dataStart + (physical - 1) * EXTENT_SIZE;
}

/** Seed of every checksum of a store's structures. */
export const storeSeed = (uuid: StoreUuid): number => crc32c(Buffer.from(uuid, "latin1"));

/** Unsigned 64-bit fields hold safe integers only: positions, chunk ids. */
export function writeU64(target: Buffer, value: number, at: number): void {
  target.writeUInt32LE(value % 2 ** 32, at);
  target.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}

export const readU64 = (source: Buffer, at: number): number =>
  source.readUInt32LE(at + 4) * 2 ** 32 + source.readUInt32LE(at);

/** @throws SystemError disk/corrupt when a structure says that it goes on beyond its end. */
export function requireRoom(source: Buffer, at: number, bytes: number): void {
  if (!(bytes >= 0 && at + bytes <= source.length)) {
    throw corrupt("a structure of the store is longer than its room", { at, bytes });
  }
}

/** @throws SystemError disk/corrupt */
export function readChunkId(source: Buffer, at: number): ChunkId {
  const value = readU64(source, at);
  const isOne = Number.isSafeInteger(value) && value >= CHUNKS_PER_FAMILY_MAX;
  if (!isOne) throw corrupt("the store names a chunk that cannot be", { chunk: value });
  return chunkIdFromNumber(value);
}

export const corrupt = (message: string, meta: object = {}): SystemError =>
  new SystemError("disk/corrupt", message, {
    hint: "the store must be created anew; its chunks are copied back from their other replicas",
    ...meta,
  });
