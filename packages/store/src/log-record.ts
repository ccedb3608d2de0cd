// What the journal holds, one record per journaled call, and how a record is laid out in a batch.
// Records carry no checksum of their own: the batch has one over all (journal-batch.ts), and data is
// covered twice, by the unit checksums that travel with it.
//
// A write puts whole extents into freshly allocated ones of the data area and into the record only
// where they lie; its edges, and writes smaller than that, have their bytes in the record.
import {
  assert,
  assertNever,
  CHECKSUM_UNIT,
  type ChunkId,
  EXTENT_SIZE,
  type Lsn,
  type ScatterList,
  scatterSlice,
  UNITS_PER_EXTENT,
} from "@ashlar/core";
import type { LogEntry, OperationWindow, OpId } from "@ashlar/replica";
import { corrupt, readChunkId, readU64, requireRoom, writeU64 } from "./format.ts";
import { decodeWindows, encodeWindows, windowsLength } from "./operation-window-codec.ts";

/** Version of every record's encoding. 2: units are repaired. 3: windows of opIds. */
export const RECORD_VERSION = 3;

/** A log entry as the store keeps it from its append to its commit. */
export interface HeldEntry {
  readonly kind: LogEntry["kind"];
  readonly lsn: Lsn;
  readonly opId: OpId;
  readonly lowestUnresolvedSeq: number;
  readonly offset: number;
  readonly length: number;
  /** One per unit of a write, empty otherwise. */
  readonly checksums: Uint32Array;
  /** Where the run of whole extents of a write lies; the run begins at alignUp(offset). */
  readonly physical: readonly number[];
  /** Bytes of that run, kept for `uncommitted`; empty for all else. */
  whole: ScatterList;
  /** Bytes of a write before and after the run; all of it when there is none. */
  head: ScatterList;
  tail: ScatterList;
  /** Extents promised to the parts that go through the overlay. */
  reserved: number;
}

export interface CommitMark {
  readonly chunk: ChunkId;
  readonly lsn: Lsn;
}

export type LogRecord =
  | { readonly kind: "entry"; readonly chunk: ChunkId; readonly entry: HeldEntry }
  | { readonly kind: "promise"; readonly chunk: ChunkId; readonly epoch: number }
  | { readonly kind: "truncate"; readonly chunk: ChunkId; readonly lsn: Lsn }
  | { readonly kind: "remove"; readonly chunk: ChunkId }
  | { readonly kind: "beginResync"; readonly chunk: ChunkId; readonly lsn: Lsn }
  | { readonly kind: "endResync"; readonly chunk: ChunkId }
  | {
      readonly kind: "setBase";
      readonly chunk: ChunkId;
      readonly lsn: Lsn;
      readonly windows: readonly OperationWindow[];
    }
  | {
      readonly kind: "copy";
      readonly chunk: ChunkId;
      readonly extent: number;
      readonly lsn: Lsn;
      /** 0 for an unmapped extent. */
      readonly physical: number;
      readonly checksums: Uint32Array;
    }
  | {
      readonly kind: "repair";
      readonly chunk: ChunkId;
      readonly unit: number;
      /** Its CHECKSUM_UNIT bytes; what they must be, the chunk's page says. */
      readonly data: Buffer;
    }
  | { readonly kind: "marks"; readonly marks: readonly CommitMark[] };

const KINDS = [
  "entry",
  "promise",
  "truncate",
  "remove",
  "beginResync",
  "endResync",
  "setBase",
  "copy",
  "marks",
  "repair",
] as const satisfies readonly LogRecord["kind"][];
const ENTRY_KINDS = ["write", "unmap", "noop"] as const satisfies readonly LogEntry["kind"][];

// Head of every record: u32 length, u16 version, u8 kind, u8 entry kind, u64 chunk, u32 epoch,
// u48 seq; then by kind.
const HEAD_BYTES = 32;
/**
 * An entry goes on with u48 incarnation, u48 op seq, u48 lowest unresolved seq, u32 offset, u32 length,
 * u32 whole extents.
 */
const ENTRY_BYTES = 32;
const OFFSET_AT = 18;
/** A base goes on with u32 windows. */
const BASE_BYTES = 8;
/** A copy goes on with u32 extent, u32 physical, u32 checksums. */
const COPY_BYTES = 16;
const MARK_BYTES = 24;
/** A repair goes on with u32 unit, then the unit's bytes. */
const REPAIR_BYTES = 8;

const padded = (length: number): number => Math.ceil(length / 8) * 8;

/** First extent of the run of whole extents. */
export const firstWholeOf = (offset: number): number => Math.ceil(offset / EXTENT_SIZE);
/** Whole extents in a byte range. */
export const wholeCountOf = (offset: number, length: number): number =>
  Math.max(0, Math.floor((offset + length) / EXTENT_SIZE) - firstWholeOf(offset));

/** Bytes of a write that its record holds: before and after the run of whole extents. */
export function edgesOf(entry: Pick<HeldEntry, "kind" | "offset" | "length" | "physical">): {
  readonly head: number;
  readonly tail: number;
} {
  if (entry.kind !== "write") return { head: 0, tail: 0 };
  if (entry.physical.length === 0) return { head: entry.length, tail: 0 };
  const head = firstWholeOf(entry.offset) * EXTENT_SIZE - entry.offset;
  return { head, tail: entry.length - head - entry.physical.length * EXTENT_SIZE };
}

export function recordLength(record: LogRecord): number {
  switch (record.kind) {
    case "entry": {
      const { head, tail } = edgesOf(record.entry);
      const sums = record.entry.checksums.length + record.entry.physical.length;
      return padded(HEAD_BYTES + ENTRY_BYTES + sums * 4 + head + tail);
    }
    case "copy":
      return padded(HEAD_BYTES + COPY_BYTES + record.checksums.length * 4);
    case "repair":
      return HEAD_BYTES + REPAIR_BYTES + CHECKSUM_UNIT;
    case "marks":
      return padded(HEAD_BYTES + record.marks.length * MARK_BYTES);
    case "setBase":
      return padded(HEAD_BYTES + BASE_BYTES + windowsLength(record.windows));
    case "promise":
    case "truncate":
    case "remove":
    case "beginResync":
    case "endResync":
      return HEAD_BYTES;
    default:
      return assertNever(record);
  }
}

function writeLsn(target: Buffer, lsn: Lsn, at: number): void {
  target.writeUInt32LE(lsn.epoch, at);
  target.writeUIntLE(lsn.seq, at + 4, 6);
}

const readLsn = (source: Buffer, at: number): Lsn => ({
  epoch: source.readUInt32LE(at),
  seq: source.readUIntLE(at + 4, 6),
});

function writeWords(target: Buffer, words: ArrayLike<number>, at: number): number {
  for (let index = 0; index < words.length; index += 1) {
    target.writeUInt32LE(words[index] ?? 0, at + index * 4);
  }
  return at + words.length * 4;
}

function readWords(source: Buffer, count: number, at: number): Uint32Array {
  requireRoom(source, at, count * 4);
  const words = new Uint32Array(count);
  for (let index = 0; index < count; index += 1) words[index] = source.readUInt32LE(at + index * 4);
  return words;
}

function copyInto(target: Buffer, list: ScatterList, at: number): Buffer {
  let end = at;
  for (const buffer of list) end += buffer.copy(target, end);
  return target.subarray(at, end);
}

/**
 * Writes a record at `at` and returns where the next may begin. The bytes of an entry's edges are
 * from then on the copies in `target`: the entry keeps no buffer of a network connection alive.
 */
export function encodeRecord(record: LogRecord, target: Buffer, at: number): number {
  const length = recordLength(record);
  const lsn = record.kind === "entry" ? record.entry.lsn : "lsn" in record ? record.lsn : undefined;
  target.fill(0, at, Math.min(at + length, at + HEAD_BYTES + ENTRY_BYTES));
  target.fill(0, at + length - 8, at + length);
  target.writeUInt32LE(length, at);
  target.writeUInt16LE(RECORD_VERSION, at + 4);
  target[at + 6] = KINDS.indexOf(record.kind);
  target[at + 7] = record.kind === "entry" ? ENTRY_KINDS.indexOf(record.entry.kind) : 0;
  writeU64(target, record.kind === "marks" ? record.marks.length : record.chunk, at + 8);
  if (record.kind === "promise") target.writeUInt32LE(record.epoch, at + 16);
  else if (lsn) writeLsn(target, lsn, at + 16);
  const body = at + HEAD_BYTES;
  if (record.kind === "entry") encodeEntry(record.entry, target, body);
  if (record.kind === "copy") {
    writeWords(target, [record.extent, record.physical, record.checksums.length], body);
    writeWords(target, record.checksums, body + COPY_BYTES);
  }
  if (record.kind === "repair") {
    target.writeUInt32LE(record.unit, body);
    record.data.copy(target, body + REPAIR_BYTES);
  }
  if (record.kind === "setBase") {
    target.writeUInt32LE(record.windows.length, body);
    encodeWindows(record.windows, target, body + BASE_BYTES);
  }
  if (record.kind === "marks") {
    record.marks.forEach(({ chunk, lsn: mark }, index) => {
      writeU64(target, chunk, body + index * MARK_BYTES);
      writeLsn(target, mark, body + index * MARK_BYTES + 8);
    });
  }
  return at + length;
}

function encodeEntry(entry: HeldEntry, target: Buffer, at: number): void {
  target.writeUIntLE(entry.opId.incarnation, at, 6);
  target.writeUIntLE(entry.opId.seq, at + 6, 6);
  target.writeUIntLE(entry.lowestUnresolvedSeq, at + 12, 6);
  target.writeUInt32LE(entry.offset, at + OFFSET_AT);
  target.writeUInt32LE(entry.length, at + OFFSET_AT + 4);
  target.writeUInt32LE(entry.physical.length, at + OFFSET_AT + 8);
  let next = writeWords(target, entry.physical, at + ENTRY_BYTES);
  next = writeWords(target, entry.checksums, next);
  const head = copyInto(target, entry.head, next);
  const tail = copyInto(target, entry.tail, next + head.length);
  entry.head = head.length > 0 ? [head] : [];
  entry.tail = tail.length > 0 ? [tail] : [];
}

/** @throws SystemError disk/corrupt: the batch was whole, so this is not a torn write. */
export function decodeRecord(source: Buffer, at: number): { record: LogRecord; next: number } {
  requireRoom(source, at, HEAD_BYTES);
  const length = source.readUInt32LE(at);
  const kind = KINDS[source[at + 6] ?? 0xff];
  const version = source.readUInt16LE(at + 4);
  if (!kind || version !== RECORD_VERSION || length < HEAD_BYTES || at + length > source.length) {
    throw corrupt("the journal holds a record that this version does not know", { version });
  }
  const next = at + length;
  return { record: decodeBody(kind, source.subarray(0, next), at), next };
}

function decodeBody(kind: (typeof KINDS)[number], source: Buffer, at: number): LogRecord {
  const lsn = readLsn(source, at + 16);
  const body = at + HEAD_BYTES;
  if (kind === "marks") return { kind, marks: decodeMarks(source, at) };
  const chunk = readChunkId(source, at + 8);
  switch (kind) {
    case "entry":
      return { kind, chunk, entry: decodeEntry(source, at, lsn) };
    case "copy": {
      const [extent = 0, physical = 0, count = 0] = readWords(source, 3, body);
      const checksums = readWords(source, count, body + COPY_BYTES);
      return { kind, chunk, extent, lsn, physical, checksums };
    }
    case "repair": {
      const dataAt = body + REPAIR_BYTES;
      requireRoom(source, dataAt, CHECKSUM_UNIT);
      const data = source.subarray(dataAt, dataAt + CHECKSUM_UNIT);
      return { kind, chunk, unit: source.readUInt32LE(body), data };
    }
    case "promise":
      return { kind, chunk, epoch: lsn.epoch };
    case "truncate":
    case "beginResync":
      return { kind, chunk, lsn };
    case "setBase": {
      requireRoom(source, body, BASE_BYTES);
      const count = source.readUInt32LE(body);
      const { windows } = decodeWindows(source, body + BASE_BYTES, count);
      return { kind, chunk, lsn, windows };
    }
    case "remove":
    case "endResync":
      return { kind, chunk };
    default:
      return assertNever(kind);
  }
}

function decodeMarks(source: Buffer, at: number): readonly CommitMark[] {
  const count = readU64(source, at + 8);
  const first = at + HEAD_BYTES;
  requireRoom(source, first, count * MARK_BYTES);
  return Array.from({ length: count }, (_, index) => ({
    chunk: readChunkId(source, first + index * MARK_BYTES),
    lsn: readLsn(source, first + index * MARK_BYTES + 8),
  }));
}

function decodeEntry(source: Buffer, start: number, lsn: Lsn): HeldEntry {
  const at = start + HEAD_BYTES;
  const kind = ENTRY_KINDS[source[start + 7] ?? 0xff];
  requireRoom(source, at, ENTRY_BYTES);
  if (!kind) throw corrupt("the journal holds an entry that this version does not know");
  const offset = source.readUInt32LE(at + OFFSET_AT);
  const length = source.readUInt32LE(at + OFFSET_AT + 4);
  const wholeCount = source.readUInt32LE(at + OFFSET_AT + 8);
  const physical = [...readWords(source, wholeCount, at + ENTRY_BYTES)];
  const sumsAt = at + ENTRY_BYTES + wholeCount * 4;
  const sums = kind === "write" ? length / CHECKSUM_UNIT : 0;
  if (!Number.isInteger(sums) || offset % CHECKSUM_UNIT !== 0) {
    throw corrupt("the journal holds an entry that is no whole units", { offset, length });
  }
  const checksums = readWords(source, sums, sumsAt);
  const edges = edgesOf({ kind, offset, length, physical });
  const headAt = sumsAt + sums * 4;
  const tailAt = headAt + edges.head;
  if (kind === "write") requireRoom(source, headAt, edges.head + edges.tail);
  return {
    kind,
    lsn,
    opId: { incarnation: source.readUIntLE(at, 6), seq: source.readUIntLE(at + 6, 6) },
    lowestUnresolvedSeq: source.readUIntLE(at + 12, 6),
    offset,
    length,
    checksums,
    physical,
    whole: [],
    head: edges.head > 0 ? [source.subarray(headAt, tailAt)] : [],
    tail: edges.tail > 0 ? [source.subarray(tailAt, tailAt + edges.tail)] : [],
    reserved: 0,
  };
}

/** The entry as the journal will hold it; `physical` has one extent per whole extent of a write. */
export function holdEntry(
  entry: LogEntry,
  physical: readonly number[],
  reserved: number,
): HeldEntry {
  const { kind, lsn, opId, lowestUnresolvedSeq, offset, length } = entry;
  const fixed = { kind, lsn, opId, lowestUnresolvedSeq, offset, length, physical, reserved };
  if (entry.kind !== "write") {
    return { ...fixed, checksums: new Uint32Array(0), whole: [], head: [], tail: [] };
  }
  const { head, tail } = edgesOf(fixed);
  assert(entry.checksums.length * CHECKSUM_UNIT === length, "a checksum for each unit");
  return {
    ...fixed,
    checksums: entry.checksums,
    whole: scatterSlice(entry.data, head, physical.length * EXTENT_SIZE),
    head: scatterSlice(entry.data, 0, head),
    tail: scatterSlice(entry.data, length - tail, tail),
  };
}

export function toLogEntry(entry: HeldEntry): LogEntry {
  const { kind, lsn, opId, lowestUnresolvedSeq, offset, length, checksums } = entry;
  const fixed = { lsn, opId, lowestUnresolvedSeq, offset, length };
  if (kind !== "write") return { kind, ...fixed };
  const data = [...entry.head, ...entry.whole, ...entry.tail];
  return { kind, ...fixed, data, checksums };
}

/** The checksums of the whole extent `index` places into an entry's run. */
export function checksumsOfWhole(entry: HeldEntry, index: number): Uint32Array {
  const first = edgesOf(entry).head / CHECKSUM_UNIT + index * UNITS_PER_EXTENT;
  return entry.checksums.subarray(first, first + UNITS_PER_EXTENT);
}

/** The parts of a write that do not fill an extent. */
export function edgeRanges(
  { kind, offset, length }: LogEntry,
  wholes: number,
): { offset: number; length: number }[] {
  if (kind !== "write") return [];
  if (wholes === 0) return [{ offset, length }];
  const start = firstWholeOf(offset) * EXTENT_SIZE;
  const end = start + wholes * EXTENT_SIZE;
  return [
    { offset, length: start - offset },
    { offset: end, length: offset + length - end },
  ].filter((part) => part.length > 0);
}
