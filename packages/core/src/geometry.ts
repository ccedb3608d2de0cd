// The fixed grid of the product: a volume is cut into chunks, a chunk into extents, an extent into
// checksum units. Offsets are bytes; each function says of what.
import { assert } from "./assert.ts";
import { KIB, MIB, TIB } from "./units.ts";

/** Default size of a chunk; fixed per cluster when it is made, 16 .. 256 MiB, a power of two. */
export const CHUNK_SIZE_DEFAULT = 64 * MIB;
export const CHUNK_SIZE_MIN = 16 * MIB;
export const CHUNK_SIZE_MAX = 256 * MIB;
/** The store's allocation unit. */
export const EXTENT_SIZE = 64 * KIB;
/** One CRC-32C covers this much; also the physical block size told to hosts (512e). */
export const CHECKSUM_UNIT = 4 * KIB;
export const UNITS_PER_EXTENT = EXTENT_SIZE / CHECKSUM_UNIT;
/** Volumes end on a whole MiB; the last chunk may be partly used. */
export const VOLUME_SIZE_STEP = MIB;
export const VOLUME_SIZE_MAX = 64 * TIB;
/** Largest payload of one operation on a chunk: bounds memory per op and time on a stream. */
export const OP_LENGTH_MAX = 1 * MIB;

/** A part of a byte range that lies in one chunk. */
export interface ChunkRange {
  /** Index of the chunk within the volume. */
  readonly index: number;
  /** Byte offset within the chunk. */
  readonly offset: number;
  readonly length: number;
  /** Where the part begins within the split range, in bytes. */
  readonly at: number;
}

/**
 * Splits a byte range of a volume at chunk borders and at multiples of `partMax` within a chunk: so a
 * part has at most `partMax` bytes, and still has when a replica widens it to whole checksum units.
 */
export function splitRange(
  offset: number,
  length: number,
  chunkSize: number,
  partMax: number = OP_LENGTH_MAX,
): ChunkRange[] {
  assert(offset >= 0 && length >= 0 && partMax > 0, "a range is not negative");
  const parts: ChunkRange[] = [];
  for (let at = 0; at < length; ) {
    const position = offset + at;
    const within = position % chunkSize;
    const part = Math.min(length - at, chunkSize - within, partMax - (within % partMax));
    parts.push({ index: Math.floor(position / chunkSize), offset: within, length: part, at });
    at += part;
  }
  return parts;
}

export const rangesOverlap = (a: number, aLength: number, b: number, bLength: number): boolean =>
  a < b + bLength && b < a + aLength;
export const alignDown = (value: number, step: number): number => value - (value % step);
export const alignUp = (value: number, step: number): number =>
  value % step === 0 ? value : value + step - (value % step);
export const isAligned = (value: number, step: number): boolean => value % step === 0;
