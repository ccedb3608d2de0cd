// Digest of a chunk's content: what replicas compare. It is taken over the checksums of the units,
// never the bytes, so comparing costs no reading; unmapped units count as zeros, so that where one
// replica freed an extent and another wrote zeros the content is still called equal.
import { crc32c } from "@ashlar/core";

/**
 * 16 hex digits over one `unitChecksum` per checksum unit of the chunk, in order. Two independent
 * 32-bit halves: a CRC, and a multiplicative hash that is not linear in the same field.
 */
export function contentDigest(checksums: Uint32Array): string {
  const bytes = new Uint8Array(checksums.buffer, checksums.byteOffset, checksums.byteLength);
  let hash = 0x811c9dc5;
  for (const checksum of checksums) {
    hash = Math.imul(hash ^ checksum, 0x01000193);
    hash ^= hash >>> 15;
  }
  return [crc32c(bytes), hash >>> 0].map((half) => half.toString(16).padStart(8, "0")).join("");
}
