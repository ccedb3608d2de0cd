// CRC-32C (Castagnoli, RFC 3385) for iSCSI digests, the wire and the disk. The library ships its
// code for each platform in registry packages and computes about 4 GB/s.
import { crc32c as nativeCrc32c } from "@node-rs/crc32";
import { CHECKSUM_UNIT } from "./geometry.ts";
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
 * One checksum per CHECKSUM_UNIT of a payload that begins at byte `offset` of its chunk: the first
 * and the last may cover less than a unit.
 */
export function unitChecksums(offset: number, data: ScatterList): Uint32Array {
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
  return sums;
}

/** CRC-32C of 4 KiB of zeros: what an unmapped unit counts as in digests. */
export const CRC32C_OF_ZERO_UNIT: number = crc32c(Buffer.alloc(CHECKSUM_UNIT));
