// A chunk's windows of opIds as they lie on the disk: within the chunk's item of the directory, and in
// the record of a learner's base. Seqs are kept as distances from the lowest unresolved one.
import type { OperationWindow, OperationWindows } from "@ashlar/replica";
import { requireRoom } from "./format.ts";

// Window: u48 incarnation, u48 lowest unresolved seq, u32 count, then count times u32.
const WINDOW_BYTES = 16;
const SEQ_BYTES = 4;

/** Bytes of so many windows that hold so many operations together. */
export const windowBytes = ({
  size,
  operations,
}: Pick<OperationWindows, "size" | "operations">): number =>
  size * WINDOW_BYTES + operations * SEQ_BYTES;

export function windowsLength(windows: readonly OperationWindow[]): number {
  let operations = 0;
  for (const { seqs } of windows) operations += seqs.length;
  return windowBytes({ size: windows.length, operations });
}

/** Returns where the next thing may begin. */
export function encodeWindows(
  windows: readonly OperationWindow[],
  target: Buffer,
  start: number,
): number {
  let at = start;
  for (const { incarnation, lowestUnresolvedSeq, seqs } of windows) {
    target.writeUIntLE(incarnation, at, 6);
    target.writeUIntLE(lowestUnresolvedSeq, at + 6, 6);
    target.writeUInt32LE(seqs.length, at + 12);
    at += WINDOW_BYTES;
    for (const seq of seqs) at = target.writeUInt32LE(seq - lowestUnresolvedSeq, at);
  }
  return at;
}

export function decodeWindows(
  source: Buffer,
  start: number,
  count: number,
): { readonly windows: readonly OperationWindow[]; readonly next: number } {
  let at = start;
  requireRoom(source, at, count * WINDOW_BYTES);
  const windows = Array.from({ length: count }, () => {
    requireRoom(source, at, WINDOW_BYTES);
    const incarnation = source.readUIntLE(at, 6);
    const lowestUnresolvedSeq = source.readUIntLE(at + 6, 6);
    const length = source.readUInt32LE(at + 12);
    const first = at + WINDOW_BYTES;
    requireRoom(source, first, length * SEQ_BYTES);
    at = first + length * SEQ_BYTES;
    const seqs = Array.from(
      { length },
      (_, index) => lowestUnresolvedSeq + source.readUInt32LE(first + index * SEQ_BYTES),
    );
    return { incarnation, lowestUnresolvedSeq, seqs };
  });
  return { windows, next: at };
}
