// What packages/store/FORMAT.md says of each structure, read back at the offsets given there: a change of
// the layout is a new format, never an accident.
import { crc32c, EXTENT_SIZE, KIB, MIB } from "@ashlar/core";
import { MemoryDisk } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import { encodeItem, writeDirectory } from "./directory.ts";
import { extentPosition, FORMAT_VERSION, layoutOf, storeSeed } from "./format.ts";
import { encodeBatch } from "./journal-batch.ts";
import { RECORD_VERSION, recordLength } from "./log-record.ts";
import { readLabel, writeLabel } from "./mirror-label.ts";
import { MAP_WORDS, Page } from "./page.ts";
import { encodeSuperblock } from "./superblock.ts";
import { A, OPTIONS, PATH, SIZES, UUID } from "./testing/small-store.ts";

const SEED = storeSeed(UUID);
const LSN = { epoch: 7, seq: 2 ** 40 + 9 };

/** The CRC of a structure, whose own field is at `at`. */
function sealOf(bytes: Buffer, at: number, seed = SEED): number {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(0, at);
  return crc32c(copy, seed);
}

const textAt = (block: Buffer, at: number): string =>
  block.toString("latin1", at, at + 64).replace(/\0+$/, "");
const u64At = (block: Buffer, at: number): number => Number(block.readBigUInt64LE(at));

test("the format is 3, and journal and data area begin where they should", () => {
  expect([FORMAT_VERSION, RECORD_VERSION]).toEqual([3, 3]);
  const layout = layoutOf(SIZES.sizeBytes, SIZES.journalBytes);
  expect(layout.dataStart).toBe(64 * KIB + SIZES.journalBytes);
  expect(extentPosition(layout, 1)).toBe(layout.dataStart);
});

test("superblock", () => {
  const { clusterId, node, diskId, chunkSize } = OPTIONS;
  const numbers = { sequence: 5, replayFrom: 8192, directory: 3, directorySequence: 4 };
  const identity = { clusterId, node, diskId, storeUuid: UUID };
  const block = encodeSuperblock({ ...identity, ...SIZES, chunkSize, ...numbers });
  expect(block).toHaveLength(4 * KIB);
  expect(block.toString("latin1", 0, 4)).toBe("ALSB");
  expect(block.readUInt16LE(4)).toBe(FORMAT_VERSION);
  expect(block.readUInt32LE(8)).toBe(sealOf(block, 8, 0));
  expect([16, 80, 144, 208].map((at) => textAt(block, at))).toEqual(Object.values(identity));
  expect([272, 280, 288, 296, 304, 312, 320].map((at) => u64At(block, at))).toEqual([
    SIZES.sizeBytes,
    SIZES.journalBytes,
    MIB,
    5,
    8192,
    3,
    4,
  ]);
});

test("batch and record", () => {
  const record = { kind: "copy", chunk: A, extent: 2, lsn: LSN, physical: 11 } as const;
  const copy = { ...record, checksums: Uint32Array.from([1, 2, 3]) };
  const place = { position: 4096, previousEnd: 2048, length: 4096, seed: SEED };
  const batch = encodeBatch([copy], place);
  expect(batch.toString("latin1", 0, 4)).toBe("ALBA");
  expect(batch.readUInt16LE(4)).toBe(FORMAT_VERSION);
  expect(batch.readUInt32LE(8)).toBe(sealOf(batch.subarray(0, 64), 8));
  expect(batch.readUInt32LE(12)).toBe(crc32c(batch.subarray(64), SEED));
  expect([u64At(batch, 16), u64At(batch, 24)]).toEqual([4096, 2048]);
  expect([batch.readUInt32LE(32), batch.readUInt32LE(36)]).toEqual([4096, 1]);
  const at = 64;
  expect(batch.readUInt32LE(at)).toBe(recordLength(copy));
  expect([batch.readUInt16LE(at + 4), batch[at + 6], batch[at + 7]]).toEqual([3, 7, 0]);
  expect(u64At(batch, at + 8)).toBe(A);
  expect([batch.readUInt32LE(at + 16), batch.readUIntLE(at + 20, 6)]).toEqual([7, LSN.seq]);
  const words = [32, 36, 40, 44, 48, 52, 56].map((word) => batch.readUInt32LE(at + word));
  expect(words).toEqual([2, 11, 3, 0, 1, 2, 3]);
});

test("entry", () => {
  const data = Buffer.alloc(4 * KIB, 0x5a);
  const head = { lsn: LSN, opId: { incarnation: 3, seq: 4 }, lowestUnresolvedSeq: 2 };
  const range = { offset: 8 * KIB, length: 4 * KIB };
  const held = { whole: [], head: [data], tail: [], physical: [], reserved: 0 };
  const entry = { kind: "write", ...head, ...range, ...held, checksums: Uint32Array.from([9]) };
  const place = { position: 0, previousEnd: 0, length: 8 * KIB, seed: SEED };
  const batch = encodeBatch(
    [{ kind: "entry", chunk: A, entry: { ...entry, kind: "write" } }],
    place,
  );
  const body = 64 + 32;
  expect([0, 6, 12].map((at) => batch.readUIntLE(body + at, 6))).toEqual([3, 4, 2]);
  expect([18, 22, 26].map((at) => batch.readUInt32LE(body + at))).toEqual([8 * KIB, 4 * KIB, 0]);
  expect(batch.readUInt32LE(body + 32)).toBe(9);
  expect(batch.subarray(body + 36, body + 36 + 4 * KIB).equals(data)).toBe(true);
});

test("page of chunk metadata", () => {
  const page = new Page({ dirtied: () => {} }, { words: new Uint32Array(MAP_WORDS), at: 0 });
  page.setPhysical(31, 77);
  page.setUnits(31, 0x8001);
  page.setLastLsn(31, LSN);
  page.setChecksum(31, 0, 0xcafe);
  page.setChecksum(31, 15, 0xdead_beef);
  const block = page.encode(A, 6, SEED);
  expect(block).toHaveLength(4 * KIB);
  expect(block.toString("latin1", 0, 4)).toBe("ALPG");
  expect([4, 12].map((at) => block.readUInt32LE(at))).toEqual([FORMAT_VERSION, 6]);
  expect(block.readUInt32LE(8)).toBe(sealOf(block, 8));
  expect(page.crc).toBe(block.readUInt32LE(8));
  expect(u64At(block, 16)).toBe(A);
  const last = 4 * 31;
  expect(block.readUInt32LE(64 + last)).toBe(77);
  expect(block.readUInt32LE(192 + last)).toBe(LSN.epoch);
  expect(block.readUInt32LE(320 + last)).toBe(LSN.seq % 2 ** 32);
  expect(block.readUInt32LE(448 + last)).toBe((((2 ** 8) << 16) | 0x8001) >>> 0);
  expect(block.readUInt32LE(2624 - 4)).toBe(0xdead_beef);
  expect(block.subarray(2624).every((byte) => byte === 0)).toBe(true);
});

test("directory", async () => {
  const item = encodeItem({
    chunk: A,
    promisedEpoch: 8,
    commitAtStart: { epoch: 1, seq: 2 },
    commit: { epoch: 3, seq: 4 },
    asOf: 12_288,
    resyncFrom: { epoch: 5, seq: 6 },
    pages: [{ pageIndex: 1, slot: 33, crc: 0xabcd }],
    windows: [{ incarnation: 2, lowestUnresolvedSeq: 10, seqs: [12, 13] }],
    uncommitted: [],
  });
  expect(item).toHaveLength(96 + 12 + 24);
  expect([0, 4, 8, 12].map((at) => item.readUInt32LE(at))).toEqual([item.length, 3, 1, 0]);
  expect(u64At(item, 16)).toBe(A);
  expect([24, 28, 88].map((at) => item.readUInt32LE(at))).toEqual([8, 1, 1]);
  const lsns = [32, 48, 64].map((at) => [item.readUInt32LE(at), u64At(item, at + 8)]);
  expect(lsns).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  expect(u64At(item, 80)).toBe(12_288);
  expect([96, 100, 104].map((at) => item.readUInt32LE(at))).toEqual([1, 33, 0xabcd]);
  expect([108, 114].map((at) => item.readUIntLE(at, 6))).toEqual([2, 10]);
  expect([120, 124, 128].map((at) => item.readUInt32LE(at))).toEqual([2, 2, 3]);

  const layout = layoutOf(SIZES.sizeBytes, SIZES.journalBytes);
  const disk = new MemoryDisk();
  const file = await disk.open(PATH, { mode: "create" });
  await file.truncate(SIZES.sizeBytes);
  await writeDirectory(file, { layout, seed: SEED }, { stream: item, extents: [4], sequence: 9 });
  const extent = Buffer.alloc(EXTENT_SIZE);
  await file.read(extentPosition(layout, 4), extent);
  expect(extent.toString("latin1", 0, 4)).toBe("ALDI");
  const used = extent.subarray(0, 32 + item.length);
  expect(extent.readUInt32LE(8)).toBe(sealOf(used, 8));
  const words = [4, 12, 16, 20].map((at) => extent.readUInt32LE(at));
  expect(words).toEqual([FORMAT_VERSION, 0, item.length, 0]);
  expect(u64At(extent, 24)).toBe(9);
  expect(extent.subarray(32, 32 + item.length).equals(item)).toBe(true);
});

test("the label of a member of a mirror", async () => {
  const disk = new MemoryDisk();
  const file = await disk.open(PATH, { mode: "create" });
  await writeLabel(file, {
    storeUuid: UUID,
    events: 2 ** 40 + 3,
    state: "alone",
    partnerEvents: 9,
  });
  // Two writes, each into the older copy: the second one is the newest.
  const block = disk.contentOf(PATH).subarray(16 * KIB, 20 * KIB);
  expect([block.readUInt32LE(0), block.readUInt16LE(4)]).toEqual([0x524d4c41, 1]);
  expect(block.readUInt32LE(8)).toBe(sealOf(block, 8, 0));
  expect(block.readUInt32LE(12)).toBe(1);
  expect([u64At(block, 16), u64At(block, 24)]).toEqual([2, 2 ** 40 + 3]);
  expect(textAt(block, 32)).toBe(UUID);
  expect(u64At(block, 96)).toBe(9);
  // Of a label that is torn the other copy counts.
  disk.corrupt(PATH, 16 * KIB + 24, Buffer.of(0xff));
  expect(await readLabel(file)).toMatchObject({ events: 2 ** 40 + 3, state: "alone" });
});
