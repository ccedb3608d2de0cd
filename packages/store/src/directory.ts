// The directory of a checkpoint: for each chunk its promise, commit LSN and resync mark, where its
// pages lie, its windows of opIds, and the entries that were journaled before the replay begins and not yet committed: so
// an idle chunk never pins the ring. One stream of items, cut into a chain of extents; written anew
// as a whole by each checkpoint (12 KiB per GiB of data: small beside the journal it releases).
import { type ChunkId, crc32c, EXTENT_SIZE, type Lsn } from "@ashlar/core";
import type { OperationWindow } from "@ashlar/replica";
import type { DiskFile } from "@ashlar/runtime";
import {
  BLOCK_SIZE,
  corrupt,
  extentPosition,
  FORMAT_VERSION,
  type Layout,
  MAGIC,
  readChunkId,
  readU64,
  requireRoom,
  writeU64,
} from "./format.ts";
import { decodeRecord, encodeRecord, type HeldEntry, recordLength } from "./log-record.ts";
import { decodeWindows, encodeWindows, windowsLength } from "./operation-window-codec.ts";
import type { Superblock } from "./superblock.ts";

export interface PagePlace {
  readonly pageIndex: number;
  readonly slot: number;
  /** The page's own, so that an earlier one that a lost write left in its slot is not taken for it. */
  readonly crc: number;
}

export interface DirectoryItem {
  readonly chunk: ChunkId;
  readonly promisedEpoch: number;
  /** When the replay begins. */
  readonly commitAtStart: Lsn;
  /** Known once the replay has passed `asOf`. */
  readonly commit: Lsn;
  readonly asOf: number;
  readonly resyncFrom: Lsn | undefined;
  readonly pages: readonly PagePlace[];
  /**
   * Of the operations committed up to `commit`: those that the replay commits again are in them
   * already, which changes nothing.
   */
  readonly windows: readonly OperationWindow[];
  readonly uncommitted: readonly HeldEntry[];
}

// Item: u32 length, u32 version, u32 pages, u32 entries, u64 chunk, u32 promised epoch, u32 has
// resync mark, three LSNs of 16 bytes, u64 asOf, u32 windows, u32 zero, then pages (three u32), windows and
// entry records.
const ITEM_VERSION = 3;
const ITEM_BYTES = 96;
const PAGE_BYTES = 12;

/** Bytes of the stream for so many chunks, pages and bytes of windows, entries not counted. */
export const directoryBytes = (chunks: number, pages: number, windows: number): number =>
  chunks * ITEM_BYTES + pages * PAGE_BYTES + windows;

// Extent: u32 magic, u32 version, u32 crc, u32 next extent, u32 payload length, u32 index, u64
// sequence of the checkpoint.
const EXTENT_HEADER_BYTES = 32;
const PAYLOAD_BYTES = EXTENT_SIZE - EXTENT_HEADER_BYTES;

function writeLsn(target: Buffer, lsn: Lsn, at: number): void {
  target.writeUInt32LE(lsn.epoch, at);
  writeU64(target, lsn.seq, at + 8);
}

const readLsn = (source: Buffer, at: number): Lsn => ({
  epoch: source.readUInt32LE(at),
  seq: readU64(source, at + 8),
});

export function encodeItem(item: DirectoryItem): Buffer {
  const records = item.uncommitted.map(
    (entry) => ({ kind: "entry", chunk: item.chunk, entry }) as const,
  );
  let length = directoryBytes(1, item.pages.length, windowsLength(item.windows));
  for (const record of records) length += recordLength(record);
  const target = Buffer.alloc(length);
  target.writeUInt32LE(length, 0);
  target.writeUInt32LE(ITEM_VERSION, 4);
  target.writeUInt32LE(item.pages.length, 8);
  target.writeUInt32LE(records.length, 12);
  writeU64(target, item.chunk, 16);
  target.writeUInt32LE(item.promisedEpoch, 24);
  target.writeUInt32LE(item.resyncFrom ? 1 : 0, 28);
  writeLsn(target, item.commitAtStart, 32);
  writeLsn(target, item.commit, 48);
  if (item.resyncFrom) writeLsn(target, item.resyncFrom, 64);
  writeU64(target, item.asOf, 80);
  target.writeUInt32LE(item.windows.length, 88);
  let at = ITEM_BYTES;
  for (const { pageIndex, slot, crc } of item.pages) {
    target.writeUInt32LE(pageIndex, at);
    target.writeUInt32LE(slot, at + 4);
    target.writeUInt32LE(crc, at + 8);
    at += PAGE_BYTES;
  }
  at = encodeWindows(item.windows, target, at);
  for (const record of records) at = encodeRecord(record, target, at);
  return target;
}

function decodeItem(source: Buffer, start: number): DirectoryItem {
  const chunk = readChunkId(source, start + 16);
  const pageCount = source.readUInt32LE(start + 8);
  let at = start + ITEM_BYTES;
  requireRoom(source, at, pageCount * PAGE_BYTES);
  const pages = Array.from({ length: pageCount }, (_, index) => ({
    pageIndex: source.readUInt32LE(at + index * PAGE_BYTES),
    slot: source.readUInt32LE(at + index * PAGE_BYTES + 4),
    crc: source.readUInt32LE(at + index * PAGE_BYTES + 8),
  }));
  at += pageCount * PAGE_BYTES;
  const { windows, next: entriesAt } = decodeWindows(source, at, source.readUInt32LE(start + 88));
  at = entriesAt;
  const uncommitted: HeldEntry[] = [];
  for (let left = source.readUInt32LE(start + 12); left > 0; left -= 1) {
    const { record, next } = decodeRecord(source, at);
    if (record.kind !== "entry") throw corrupt("the directory holds a record of another kind");
    uncommitted.push(record.entry);
    at = next;
  }
  return {
    chunk,
    promisedEpoch: source.readUInt32LE(start + 24),
    commitAtStart: readLsn(source, start + 32),
    commit: readLsn(source, start + 48),
    asOf: readU64(source, start + 80),
    resyncFrom: source.readUInt32LE(start + 28) === 1 ? readLsn(source, start + 64) : undefined,
    pages,
    windows,
    uncommitted,
  };
}

export interface DirectoryPlace {
  readonly layout: Layout;
  readonly seed: number;
}

export const directoryExtentCount = (bytes: number): number =>
  Math.max(1, Math.ceil(bytes / PAYLOAD_BYTES));

/** Writes the chain into `extents`; durable after the next datasync. */
export async function writeDirectory(
  file: DiskFile,
  { layout, seed }: DirectoryPlace,
  { stream, extents, sequence }: { stream: Buffer; extents: readonly number[]; sequence: number },
): Promise<void> {
  for (const [index, extent] of extents.entries()) {
    const payload = stream.subarray(index * PAYLOAD_BYTES, (index + 1) * PAYLOAD_BYTES);
    const used = EXTENT_HEADER_BYTES + payload.length;
    const buffer = Buffer.alloc(Math.ceil(used / BLOCK_SIZE) * BLOCK_SIZE);
    buffer.writeUInt32LE(MAGIC.directory, 0);
    buffer.writeUInt32LE(FORMAT_VERSION, 4);
    buffer.writeUInt32LE(extents[index + 1] ?? 0, 12);
    buffer.writeUInt32LE(payload.length, 16);
    buffer.writeUInt32LE(index, 20);
    writeU64(buffer, sequence, 24);
    payload.copy(buffer, EXTENT_HEADER_BYTES);
    buffer.writeUInt32LE(crc32c(buffer.subarray(0, used), seed), 8);
    await file.write(extentPosition(layout, extent), [buffer]);
  }
}

/** @throws SystemError disk/corrupt */
export async function readDirectory(
  file: DiskFile,
  { layout, seed }: DirectoryPlace,
  { directory, directorySequence }: Pick<Superblock, "directory" | "directorySequence">,
): Promise<{ items: DirectoryItem[]; extents: number[] }> {
  const extents: number[] = [];
  const parts: Buffer[] = [];
  for (let extent = directory; extent !== 0; ) {
    if (extent > layout.extentCount || extents.length > layout.extentCount) {
      throw corrupt("the directory's chain leaves the disk", { extent });
    }
    const buffer = Buffer.alloc(EXTENT_SIZE);
    await file.read(extentPosition(layout, extent), buffer);
    const length = buffer.readUInt32LE(16);
    const crc = buffer.readUInt32LE(8);
    buffer.writeUInt32LE(0, 8);
    const whole =
      length <= PAYLOAD_BYTES &&
      buffer.readUInt32LE(0) === MAGIC.directory &&
      buffer.readUInt32LE(20) === extents.length &&
      readU64(buffer, 24) === directorySequence &&
      crc32c(buffer.subarray(0, EXTENT_HEADER_BYTES + length), seed) === crc;
    if (!whole) throw corrupt("an extent of the directory is damaged", { extent });
    extents.push(extent);
    parts.push(buffer.subarray(EXTENT_HEADER_BYTES, EXTENT_HEADER_BYTES + length));
    extent = buffer.readUInt32LE(12);
  }
  const stream = Buffer.concat(parts);
  const items: DirectoryItem[] = [];
  for (let at = 0; at < stream.length; ) {
    requireRoom(stream, at, ITEM_BYTES);
    const length = stream.readUInt32LE(at);
    if (stream.readUInt32LE(at + 4) !== ITEM_VERSION || length < ITEM_BYTES) {
      throw corrupt("the directory holds an item that this version does not know");
    }
    requireRoom(stream, at, length);
    items.push(decodeItem(stream.subarray(0, at + length), at));
    at += length;
  }
  return { items, extents };
}
