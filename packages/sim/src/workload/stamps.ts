// What clients write: every block says which write it came from and where it belongs, in all its bytes, so
// that an old block, a torn one and one from elsewhere are each recognised for what they are.

export const BLOCK = 512;

/** Stamp of a block that was never written, or was unmapped. */
export const ZEROS = 0;

const WORD = 4;

function wordOf(stamp: number, block: number, at: number): number {
  if (at % (4 * WORD) === 0) return stamp;
  return (Math.imul(stamp, 0x9e3779b1) ^ Math.imul(block + 1, 0x85ebca6b) ^ at) >>> 0;
}

/** Blocks from `firstBlock` of the volume, all of one stamp. */
export function stamped(stamp: number, firstBlock: number, blocks: number): Buffer {
  const bytes = Buffer.alloc(blocks * BLOCK);
  if (stamp === ZEROS) return bytes;
  for (let index = 0; index < blocks; index += 1) {
    for (let at = 0; at < BLOCK; at += WORD) {
      bytes.writeUInt32LE(wordOf(stamp, firstBlock + index, at), index * BLOCK + at);
    }
  }
  return bytes;
}

/** The stamp of a block, or undefined for bytes that no write could have put there (P13, P14). */
export function stampOf(bytes: Buffer, block: number): number | undefined {
  const stamp = bytes.readUInt32LE(0);
  return bytes.equals(stamped(stamp, block, 1)) ? stamp : undefined;
}
