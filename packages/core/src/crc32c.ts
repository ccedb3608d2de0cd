// CRC-32C (Castagnoli, RFC 3385) for iSCSI digests, the wire and the disk. The library ships its
// code for each platform in registry packages and computes about 4 GB/s.
import { crc32c as nativeCrc32c } from "@node-rs/crc32";
import { CHECKSUM_UNIT } from "./geometry.ts";
import type { ChunkId } from "./ids.ts";
import type { ScatterList } from "./scatter.ts";

/** CRC-32C of `bytes`, unsigned; `seed` continues an earlier value. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  return nativeCrc32c(bytes, seed) >>> 0;
}

/** CRC-32C of a whole list. */
export function crc32cOfScatter(list: ScatterList, seed = 0): number {
  let crc = seed;
  for (const buffer of list) crc = crc32c(buffer, crc);
  return crc;
}

/**
 * What sets the checksum of a unit apart from that of the same bytes in another place: a number for each
 * chunk and unit of it. Bytes that arrive, or lie, where others belong are found out by it.
 */
function placeMark(chunk: ChunkId, unit: number): number {
  let mark = Math.imul((chunk % 2 ** 32) ^ 0x5bd1_e995, 0x85eb_ca6b);
  mark = Math.imul((mark ^ (mark >>> 15) ^ Math.floor(chunk / 2 ** 32)) + unit, 0xc2b2_ae35);
  mark = Math.imul(mark ^ (mark >>> 13), 0x27d4_eb2f);
  return mark ^ (mark >>> 16);
}

/** Checksum of the bytes of a unit, or of a part of one, at their place: `unit` counts from the chunk's beginning. */
export const unitChecksum = (chunk: ChunkId, unit: number, bytes: Uint8Array): number =>
  (crc32c(bytes) ^ placeMark(chunk, unit)) >>> 0;

/**
 * One checksum per CHECKSUM_UNIT of a payload that begins at byte `offset` of its chunk: the first
 * and the last may cover less than a unit.
 */
export function unitChecksums(chunk: ChunkId, offset: number, data: ScatterList): Uint32Array {
  let length = 0;
  for (const buffer of data) length += buffer.length;
  const first = Math.floor(offset / CHECKSUM_UNIT);
  const count = length === 0 ? 0 : Math.floor((offset + length - 1) / CHECKSUM_UNIT) - first + 1;
  const sums = new Uint32Array(count);
  let position = offset;
  for (const buffer of data) {
    for (let at = 0; at < buffer.length; ) {
      const unit = Math.floor(position / CHECKSUM_UNIT);
      const part = Math.min(buffer.length - at, (unit + 1) * CHECKSUM_UNIT - position);
      sums[unit - first] = crc32c(buffer.subarray(at, at + part), sums[unit - first]);
      at += part;
      position += part;
    }
  }
  for (let at = 0; at < count; at += 1) sums[at] = (sums[at] ?? 0) ^ placeMark(chunk, first + at);
  return sums;
}

/** Whether these are the payload's `unitChecksums`. */
export function hasChecksums(
  chunk: ChunkId,
  offset: number,
  { data, checksums }: { readonly data: ScatterList; readonly checksums: Uint32Array },
): boolean {
  const sums = unitChecksums(chunk, offset, data);
  return sums.length === checksums.length && sums.every((sum, at) => sum === checksums[at]);
}

const ZERO_UNIT = crc32c(Buffer.alloc(CHECKSUM_UNIT));

/** Checksum of a unit of zeros, which is what an unmapped unit reads as. */
export const zeroUnitChecksum = (chunk: ChunkId, unit: number): number =>
  (ZERO_UNIT ^ placeMark(chunk, unit)) >>> 0;

/** Of every unit of a chunk without content. */
export function zeroUnitChecksums(chunk: ChunkId, units: number): Uint32Array {
  const sums = new Uint32Array(units);
  for (let unit = 0; unit < units; unit += 1) sums[unit] = ZERO_UNIT ^ placeMark(chunk, unit);
  return sums;
}
