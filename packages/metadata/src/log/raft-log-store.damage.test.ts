// The log of a member against bytes that are not what was written: torn tails are cut, damage and
// foreign files are refused, and no wrong entry, term or vote is ever read.
import { clusterId, crc32c } from "@ashlar/core";
import { entriesOf, entryAt, snapshotAt } from "@ashlar/raft/testing";
import { MemoryDisk } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import {
  LOG_FOLDER,
  LOG_OWNER,
  openRaftLog,
  segmentsOn,
  writeTo,
} from "../testing/raft-log-fixture.ts";
import type { RaftLogStore } from "./raft-log-store.ts";

const SMALL = { segmentLengthMax: 200 };
const ALL = Number.MAX_SAFE_INTEGER;
const CORRUPT = { code: "disk/corrupt" };
const entriesIn = (store: RaftLogStore) =>
  store.entries(store.firstIndex(), store.lastIndex() + 1, ALL);

async function fileOn(disk: MemoryDisk, path: string, bytes: Buffer): Promise<void> {
  await disk.remove(path);
  const file = await disk.open(path, { mode: "create" });
  await file.write(0, [bytes]);
  await file.datasync();
  await file.close();
}

/** Calls `see` with every byte of the file changed in turn, and restores it. */
async function withEachByteFlipped(
  disk: MemoryDisk,
  path: string,
  { from, to }: { from: number; to: number },
  see: (at: number) => Promise<void>,
): Promise<void> {
  const whole = Buffer.from(disk.contentOf(path));
  for (let at = from; at < to; at += 1) {
    for (const bit of [0x01, 0x80]) {
      const changed = Buffer.from(whole);
      changed.writeUInt8(changed.readUInt8(at) ^ bit, at);
      await fileOn(disk, path, changed);
      await see(at);
    }
  }
  await fileOn(disk, path, whole);
}

/** One segment of two frames; the first ends at `firstEnd`. */
async function twoFrames() {
  const disk = new MemoryDisk();
  const { store } = await openRaftLog(disk);
  const [path = ""] = await segmentsOn(disk);
  const hardState = { term: 1, vote: 2, commit: 0 };
  await writeTo(store, { hardState, entries: entriesOf(1, 2, 1) });
  const firstEnd = disk.contentOf(path).length;
  await writeTo(store, { hardState: { term: 2, vote: 3, commit: 1 }, entries: [entryAt(2, 2)] });
  return { disk, path, firstEnd, hardState };
}

test("a torn tail is cut off wherever it was torn, and writing goes on", async () => {
  const { disk, path, firstEnd, hardState } = await twoFrames();
  const whole = Buffer.from(disk.contentOf(path));
  for (let length = firstEnd; length < whole.length; length += 1) {
    await fileOn(disk, path, whole.subarray(0, length));
    const { store, recovered } = await openRaftLog(disk);
    expect(recovered.cutBytes).toBe(length - firstEnd);
    expect(disk.contentOf(path)).toHaveLength(firstEnd);
    expect(entriesIn(store)).toEqual(entriesOf(1, 2, 1));
    expect(store.initialState().hardState).toEqual(hardState);
    await writeTo(store, { entries: [entryAt(3, 1)] });
    disk.powerCut();
    expect(entriesIn((await openRaftLog(disk)).store)).toEqual(entriesOf(1, 3, 1));
  }
});

test("damage before the last frame is refused, in any byte", async () => {
  const { disk, path, firstEnd } = await twoFrames();
  await withEachByteFlipped(disk, path, { from: 0, to: firstEnd }, async (at) => {
    await expect(openRaftLog(disk), `byte ${at}`).rejects.toMatchObject(CORRUPT);
  });
  expect(entriesIn((await openRaftLog(disk)).store)).toEqual([entryAt(1, 1), entryAt(2, 2)]);
});

test("damage in the last frame, which cannot be told from a torn one, is never read", async () => {
  const { disk, path, firstEnd, hardState } = await twoFrames();
  const range = { from: firstEnd, to: disk.contentOf(path).length };
  await withEachByteFlipped(disk, path, range, async () => {
    const { store } = await openRaftLog(disk);
    expect(entriesIn(store)).toEqual(entriesOf(1, 2, 1));
    expect(store.initialState().hardState).toEqual(hardState);
  });
});

/** Each byte flipped, each shorter length. */
async function refusedUnlessWhole(disk: MemoryDisk, path: string): Promise<void> {
  const whole = Buffer.from(disk.contentOf(path));
  await withEachByteFlipped(disk, path, { from: 0, to: whole.length }, async (at) => {
    await expect(openRaftLog(disk), `byte ${at}`).rejects.toMatchObject(CORRUPT);
  });
  for (let length = 0; length < whole.length; length += 1) {
    await fileOn(disk, path, whole.subarray(0, length));
    await expect(openRaftLog(disk), `length ${length}`).rejects.toMatchObject(CORRUPT);
  }
}

test("an older segment that is damaged in any byte, or cut short, is refused", async () => {
  const disk = new MemoryDisk();
  const { store } = await openRaftLog(disk, SMALL);
  for (let index = 1; index <= 6; index += 1) {
    await writeTo(store, { entries: [entryAt(index, 1)] });
  }
  const [path = "", ...newer] = await segmentsOn(disk);
  expect(newer.length).toBeGreaterThan(0);
  await refusedUnlessWhole(disk, path);
});

test("a missing segment is refused, unless a snapshot stands for it", async () => {
  const disk = new MemoryDisk();
  const { store } = await openRaftLog(disk, SMALL);
  for (let index = 1; index <= 20; index += 1) {
    await writeTo(store, { entries: [entryAt(index, 1)] });
  }
  const segments = await segmentsOn(disk);
  expect(segments.length).toBeGreaterThan(3);
  const contents = segments.map((path) => Buffer.from(disk.contentOf(path)));
  for (const [at, path] of segments.slice(0, -1).entries()) {
    await disk.remove(path);
    await expect(openRaftLog(disk), path).rejects.toMatchObject(CORRUPT);
    await fileOn(disk, path, contents[at] ?? Buffer.alloc(0));
  }
  await store.saveSnapshot(snapshotAt(20, 1), { entriesKept: 20 });
  await disk.remove(segments[1] ?? "");
  const { store: again } = await openRaftLog(disk, SMALL);
  expect(entriesIn(again)).toEqual(entriesOf(again.firstIndex(), 20, 1));
});

test("a segment under the name of another is refused", async () => {
  const disk = new MemoryDisk();
  const { store } = await openRaftLog(disk, SMALL);
  for (let index = 1; index <= 6; index += 1) {
    await writeTo(store, { entries: [entryAt(index, 1)] });
  }
  const newest = (await segmentsOn(disk)).at(-1) ?? "";
  await disk.rename(newest, `${LOG_FOLDER}/segment-0000000000000009`);
  await expect(openRaftLog(disk)).rejects.toMatchObject(CORRUPT);
});

test("a log without its segments is refused: the votes of its member are lost", async () => {
  const disk = new MemoryDisk();
  const { store } = await openRaftLog(disk);
  await writeTo(store, { entries: entriesOf(1, 2, 1) });
  for (const path of await segmentsOn(disk)) await disk.remove(path);
  await expect(openRaftLog(disk, { mustExist: true })).rejects.toMatchObject(CORRUPT);
  await writeTo((await openRaftLog(disk)).store, { snapshot: snapshotAt(9, 1) });
  for (const path of await segmentsOn(disk)) await disk.remove(path);
  await expect(openRaftLog(disk)).rejects.toMatchObject(CORRUPT);
});

test("a snapshot that is damaged in any byte, or cut short, is refused", async () => {
  const disk = new MemoryDisk();
  const { store } = await openRaftLog(disk);
  await writeTo(store, { entries: entriesOf(1, 2, 1) });
  await store.saveSnapshot(snapshotAt(2, 1), { entriesKept: 0 });
  const path = `${LOG_FOLDER}/snapshot`;
  await refusedUnlessWhole(disk, path);
});

test("another cluster's or member's log is refused by name and left as it is", async () => {
  const { disk, path } = await twoFrames();
  const before = Buffer.from(disk.contentOf(path));
  const other = clusterId("ffffffff-0000-4000-8000-000000000000");
  await expect(
    openRaftLog(disk, { owner: { ...LOG_OWNER, clusterId: other } }),
  ).rejects.toMatchObject({
    code: "disk/foreign",
    message: `${path} belongs to cluster ${LOG_OWNER.clusterId}, not to ${other}`,
  });
  await expect(openRaftLog(disk, { owner: { ...LOG_OWNER, member: 8 } })).rejects.toMatchObject({
    code: "disk/foreign",
    message: `${path} belongs to member 7, not to member 8`,
  });
  expect(disk.contentOf(path)).toEqual(before);
});

test("a log of a newer version is refused as such, not taken for damage", async () => {
  const { disk, path } = await twoFrames();
  const newer = Buffer.from(disk.contentOf(path));
  const headEnd = 16 + newer.readUInt32LE(12);
  newer.writeUInt8(2, 16);
  newer.writeUInt32LE(crc32c(newer.subarray(12, headEnd)), 8);
  await fileOn(disk, path, newer);
  await expect(openRaftLog(disk)).rejects.toMatchObject({
    code: "disk/foreign",
    message: `${path} cannot be read by this version: its format is 2`,
    meta: { hint: "it was written by a newer version: use that one" },
  });
  expect(disk.contentOf(path)).toEqual(newer);
});

test("a log from before there were groups is refused with what to do", async () => {
  const disk = new MemoryDisk();
  const path = `${LOG_FOLDER}/segment-0000000000000001`;
  await fileOn(disk, path, Buffer.from('ASHLOG01........{"version":1}', "latin1"));
  await expect(openRaftLog(disk)).rejects.toMatchObject({
    code: "disk/foreign",
    message: `${path} was made by an earlier development version`,
    meta: { hint: expect.stringContaining("make it anew") },
  });
});
