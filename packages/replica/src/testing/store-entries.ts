// Log entries for tests of stores, with bytes that are recognised wherever they turn up.
import { type ChunkId, type Lsn, unitChecksums } from "@ashlar/core";
import type { LogEntry } from "../log-entry.ts";

/** Bytes that differ from place to place and from `stamp` to `stamp`. */
export function patternedBytes(length: number, stamp: number): Buffer {
  const data = Buffer.alloc(length);
  for (let at = 0; at < length; at += 4) {
    data.writeUInt32LE(Math.imul(at + 1, 0x9e3779b1 ^ stamp) >>> 0, at);
  }
  return data;
}

/** As of a gateway that has a few operations in flight. */
export const lowestOf = (at: Lsn): number => Math.max(1, at.seq - 3);

export function writeEntry(chunk: ChunkId, at: Lsn, offset: number, data: Buffer): LogEntry {
  const opId = { incarnation: 1, seq: at.seq };
  const checksums = unitChecksums(chunk, offset, [data]);
  return {
    kind: "write",
    lsn: at,
    opId,
    lowestUnresolvedSeq: lowestOf(at),
    offset,
    length: data.length,
    // In two buffers, as payload comes from a socket.
    data: [data.subarray(0, 100), data.subarray(100)],
    checksums,
  };
}

export const unmapEntry = (at: Lsn, offset: number, length: number): LogEntry => ({
  kind: "unmap",
  lsn: at,
  opId: { incarnation: 1, seq: at.seq },
  lowestUnresolvedSeq: lowestOf(at),
  offset,
  length,
});
