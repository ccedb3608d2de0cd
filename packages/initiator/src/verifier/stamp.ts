// The mark in every unit the verifier writes: who wrote it, where, when, and checksums, followed by
// noise that only that write can have. So a unit that is read back tells by itself whether it is
// whole, whose it is and how old it is, and two halves of two writes can be told from one whole.
//
// Layout, little-endian: 0 magic u32 | 4 version u16 | 6 writer u16 | 8 run id u48 | 16 offset u48 |
// 24 sequence u48 | 32 unit length u32 | 40 crc32c of bytes 0..39 | 44 crc32c of bytes 48..end.
import { assert, crc32c } from "@ashlar/core";

const MAGIC = 0x4d545341;
const VERSION = 1;
const HEADER_LENGTH = 48;

export interface Stamp {
  /** Identity of the verifier's run, below 2^48. */
  readonly runId: number;
  /** Which writer of the run, below 2^16. */
  readonly writer: number;
  /** Byte offset of the unit on the device, below 2^48. */
  readonly offset: number;
  /** Number of the write within the run, from 1; unique in it. */
  readonly sequence: number;
}

export type UnitContent =
  | { readonly kind: "zero" }
  /** Header and body are whole. */
  | { readonly kind: "stamped"; readonly stamp: Stamp }
  /** The header is whole, the body is not the one that was written with it. */
  | { readonly kind: "damaged"; readonly stamp: Stamp }
  /** No stamp of ours at the front. */
  | { readonly kind: "unknown" };

/** Fills `unit` (at least 64 bytes, a multiple of 4) with the stamp and its noise. */
export function writeStamp(unit: Buffer, stamp: Stamp): void {
  assert(unit.length >= 64 && unit.length % 4 === 0, "a stamped unit holds header and noise");
  unit.fill(0, 0, HEADER_LENGTH);
  unit.writeUInt32LE(MAGIC, 0);
  unit.writeUInt16LE(VERSION, 4);
  unit.writeUInt16LE(stamp.writer, 6);
  unit.writeUIntLE(stamp.runId, 8, 6);
  unit.writeUIntLE(stamp.offset, 16, 6);
  unit.writeUIntLE(stamp.sequence, 24, 6);
  unit.writeUInt32LE(unit.length, 32);
  fillNoise(unit, stamp);
  unit.writeUInt32LE(crc32c(unit.subarray(0, 40)), 40);
  unit.writeUInt32LE(crc32c(unit.subarray(HEADER_LENGTH)), 44);
}

/** What stands in a unit. */
export function readStamp(unit: Buffer): UnitContent {
  if (unit.readUInt32LE(0) !== MAGIC) return { kind: isZero(unit) ? "zero" : "unknown" };
  if (unit.readUInt32LE(40) !== crc32c(unit.subarray(0, 40))) return { kind: "unknown" };
  if (unit.readUInt16LE(4) !== VERSION || unit.readUInt32LE(32) !== unit.length) {
    return { kind: "unknown" };
  }
  const stamp: Stamp = {
    writer: unit.readUInt16LE(6),
    runId: unit.readUIntLE(8, 6),
    offset: unit.readUIntLE(16, 6),
    sequence: unit.readUIntLE(24, 6),
  };
  const whole = unit.readUInt32LE(44) === crc32c(unit.subarray(HEADER_LENGTH));
  return { kind: whole ? "stamped" : "damaged", stamp };
}

/**
 * Whether every line of 64 bytes of `unit` belongs to one of `versions`: then it is torn, a mix of
 * whole writes, and not garbage.
 */
export function isMixOf(unit: Buffer, versions: readonly Buffer[]): boolean {
  for (let at = 0; at < unit.length; at += 64) {
    const line = unit.subarray(at, at + 64);
    if (!versions.some((version) => version.subarray(at, at + 64).equals(line))) return false;
  }
  return true;
}

const ZEROS = Buffer.alloc(64 * 1024);

function isZero(unit: Buffer): boolean {
  return unit.equals(ZEROS.subarray(0, unit.length));
}

/** Xorshift noise: incompressible, and different for every write and place. */
function fillNoise(unit: Buffer, { runId, offset, sequence }: Stamp): void {
  let state = Math.imul(sequence >>> 0, 0x9e3779b1) ^ Math.imul((offset / 512) >>> 0, 0x85ebca77);
  state = (state ^ Math.imul(runId >>> 0, 0xc2b2ae3d)) | 1;
  for (let at = HEADER_LENGTH; at < unit.length; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    unit.writeInt32LE(state, at);
  }
}
