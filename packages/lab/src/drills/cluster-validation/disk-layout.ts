// Where a rehearsal writes on a disk: a scratch block for each path, as the arbitration sectors of a cluster,
// then the files that owners leave for the next one.
import { KIB, MIB } from "@ashlar/core";

/** One block of any disk: 4 KiB is a whole number of both block sizes. */
export const BLOCK_LENGTH = 4 * KIB;
/** Scratch blocks lie in the first MiB: 16 hosts with 16 paths each. */
export const HOSTS_MAX = 16;
export const GATEWAYS_MAX = 16;
const FILES_OFFSET = MIB;
/** Longer than one chunk's extent, so that a file is several commands for the cluster. */
export const FILE_LENGTH = 256 * KIB;
const FILES = 16;
/** A disk that is rehearsed on has at least room for that. */
export const DISK_SIZE_MIN = FILES_OFFSET + FILES * FILE_LENGTH;

export const scratchOffset = (path: { readonly host: number; readonly gateway: number }): number =>
  (path.host * GATEWAYS_MAX + path.gateway) * BLOCK_LENGTH;

/** Where the owner of that turn writes: turns reuse places, so that old data would show. */
export const fileOffset = (turn: number): number => FILES_OFFSET + (turn % FILES) * FILE_LENGTH;

/** Every line tells where it belongs: a block of another turn, disk or place is never taken for right. */
export function fileContent(disk: string, turn: number): Buffer {
  const file = Buffer.alloc(FILE_LENGTH);
  for (let at = 0; at < FILE_LENGTH; at += BLOCK_LENGTH) {
    file.fill(`${disk} turn ${turn} at ${at}\n`, at, at + BLOCK_LENGTH);
  }
  return file;
}

/** The first byte that differs; undefined when nothing does. */
export function firstDifference(found: Buffer, expected: Buffer): number | undefined {
  if (found.equals(expected)) return undefined;
  const length = Math.min(found.length, expected.length);
  for (let at = 0; at < length; at++) if (found[at] !== expected[at]) return at;
  return length;
}
