// The log of a member: the contract of its port, and what full and failing disks do to it. Damage and
// crashes are in the tests beside this one.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SystemError } from "@ashlar/core";
import type { LogSnapshot } from "@ashlar/raft";
import {
  entriesOf,
  entryAt,
  type StorageFixture,
  snapshotAt,
  storageContract,
} from "@ashlar/raft/testing";
import { nodeDisk } from "@ashlar/runtime";
import { FaultyDisk, MemoryDisk } from "@ashlar/runtime/testing";
import { describe, expect, test } from "vitest";
import { openRaftLog, segmentsOn, writeTo } from "../testing/raft-log-fixture.ts";
import type { RaftLogStore } from "./raft-log-store.ts";

const SMALL = { segmentLengthMax: 200 };
const ALL = Number.MAX_SAFE_INTEGER;
const entriesIn = (store: RaftLogStore) =>
  store.entries(store.firstIndex(), store.lastIndex() + 1, ALL);

const fixtureOf = (store: RaftLogStore): StorageFixture => ({
  storage: store,
  write: (writes) => store.write(writes),
  saveSnapshot: (snapshot, entriesKept) => store.saveSnapshot(snapshot, { entriesKept }),
  dispose: () => store.close(),
});

storageContract("RaftLogStore on a file system", async () => {
  const dir = await mkdtemp(join(tmpdir(), "ashlar-raft-log-"));
  const { store } = await openRaftLog(nodeDisk, { ...SMALL, folder: join(dir, "log") });
  return {
    ...fixtureOf(store),
    dispose: async () => {
      await store.close();
      await rm(dir, { recursive: true });
    },
  };
});

storageContract("RaftLogStore", async () => {
  const { store } = await openRaftLog(new MemoryDisk(), SMALL);
  return fixtureOf(store);
});

describe("the log of a member", () => {
  test("R5: term, vote and entries survive a power cut", async () => {
    const disk = new MemoryDisk();
    const { store, recovered } = await openRaftLog(disk);
    expect(recovered).toEqual({ cutBytes: 0 });
    const hardState = { term: 3, vote: 2, commit: 1 };
    await writeTo(store, { hardState, entries: entriesOf(1, 3, 1) });
    await writeTo(store, { entries: [entryAt(3, 3)] });
    disk.powerCut();
    const { store: again } = await openRaftLog(disk);
    expect(again.initialState().hardState).toEqual(hardState);
    expect(entriesIn(again)).toEqual([...entriesOf(1, 2, 1), entryAt(3, 3)]);
  });

  test("one write is one sync, and nothing of it is seen before", async () => {
    const disk = new MemoryDisk();
    const { store } = await openRaftLog(disk);
    let syncs = 0;
    disk.fault = (call) => {
      if (call !== "datasync") return undefined;
      syncs += 1;
      expect(store.lastIndex()).toBe(0);
      expect(store.initialState().hardState.term).toBe(0);
      return undefined;
    };
    const hardState = { term: 1, vote: 1, commit: 0 };
    await writeTo(store, { hardState, entries: entriesOf(1, 100, 1) });
    expect(syncs).toBe(1);
    expect(store.lastIndex()).toBe(100);
  });

  test("a write of nothing touches no disk", async () => {
    const disk = new FaultyDisk(new MemoryDisk());
    const { store } = await openRaftLog(disk);
    disk.dieAfter(0);
    await writeTo(store, {});
    expect(store.lastIndex()).toBe(0);
  });

  test("a write of many megabytes is written in parts and survives", async () => {
    const disk = new MemoryDisk();
    const { store } = await openRaftLog(disk);
    const entries = entriesOf(1, 40, 1).map((entry) => ({
      ...entry,
      data: Buffer.alloc(500_000, entry.index),
    }));
    await writeTo(store, { hardState: { term: 1, vote: 1, commit: 40 }, entries });
    disk.powerCut();
    const { store: again } = await openRaftLog(disk);
    expect(again.initialState().hardState.commit).toBe(40);
    expect(entriesIn(again).map(({ data }) => [data.length, data[499_999]])).toEqual(
      entries.map(({ index }) => [500_000, index]),
    );
    for (const path of await segmentsOn(disk)) {
      expect(disk.contentOf(path).length).toBeLessThanOrEqual(16 * 1024 * 1024);
    }
    expect(await segmentsOn(disk)).toHaveLength(2);
  });

  test("opening writes the last frame again: a failed sync leaves pages that look clean", async () => {
    const memory = new MemoryDisk();
    const disk = new FaultyDisk(memory);
    const { store } = await openRaftLog(disk);
    await writeTo(store, { entries: entriesOf(1, 1, 1) });
    disk.fault = (call) =>
      call === "datasync" ? new SystemError("disk/failed", "EIO") : undefined;
    const hardState = { term: 4, vote: 2, commit: 0 };
    await expect(writeTo(store, { hardState })).rejects.toMatchObject({ code: "disk/failed" });
    disk.fault = () => undefined;
    // The process starts again, the cache still holds the frame: it may be promised now.
    const { store: again } = await openRaftLog(disk);
    expect(again.initialState().hardState).toEqual(hardState);
    memory.powerCut();
    expect((await openRaftLog(disk)).store.initialState().hardState).toEqual(hardState);
  });

  test("after a failed sync nothing is promised until it is opened again", async () => {
    const disk = new MemoryDisk();
    const { store } = await openRaftLog(disk);
    await writeTo(store, { entries: entriesOf(1, 1, 1) });
    let failing = true;
    disk.fault = (call) => {
      if (call !== "datasync" || !failing) return undefined;
      failing = false;
      return new SystemError("disk/failed", "EIO");
    };
    const failed = {
      code: "disk/failed",
      meta: { hint: "check the disk, then restart the metadata process" },
    };
    await expect(writeTo(store, { entries: entriesOf(2, 2, 1) })).rejects.toMatchObject(failed);
    await expect(writeTo(store, { entries: entriesOf(2, 2, 1) })).rejects.toMatchObject(failed);
    await expect(store.saveSnapshot(snapshotAt(1, 1), { entriesKept: 0 })).rejects.toMatchObject(
      failed,
    );
    expect(entriesIn(store)).toEqual(entriesOf(1, 1, 1));
  });
});

describe("a full disk", () => {
  const entries = entriesOf(2, 4, 2);
  const hardState = { term: 2, vote: 1, commit: 1 };

  /** A write that finds the disk full at its call `failAt` and is made again; whether it did. */
  async function writtenAgain(
    failAt: number,
    { segmentLengthMax, snapshot }: { segmentLengthMax: number; snapshot?: LogSnapshot },
  ): Promise<boolean> {
    const memory = new MemoryDisk();
    const disk = new FaultyDisk(memory);
    const { store } = await openRaftLog(disk, { segmentLengthMax });
    await writeTo(store, { entries: entriesOf(1, 1, 1) });
    let calls = 0;
    disk.tornBytes = 5;
    disk.fault = (call, path) => {
      if (call === "remove" || call === "truncate") return undefined;
      calls += 1;
      return calls === failAt ? new SystemError("disk/no-space", "full", { path }) : undefined;
    };
    const write = (): Promise<void> => writeTo(store, { hardState, entries, snapshot });
    if (await write().then(() => true, expectFull)) return false;
    expect(entriesIn(store)).toEqual(entriesOf(1, 1, 1));
    expect(store.initialState().hardState).toEqual({ term: 0, vote: 0, commit: 0 });
    await write();
    memory.powerCut();
    const { store: again } = await openRaftLog(disk, { segmentLengthMax });
    expect(again.initialState().hardState).toEqual(hardState);
    expect([again.lastIndex(), again.entries(2, 5, ALL)]).toEqual([4, entries]);
    return true;
  }

  function expectFull(thrown: unknown): false {
    expect(thrown).toMatchObject({
      code: "disk/no-space",
      meta: { hint: "free space on the disk of the metadata folder" },
    });
    return false;
  }

  test.each([
    ["a frame", 2, { segmentLengthMax: 10_000 }],
    ["a new segment and a frame", 6, { segmentLengthMax: 100 }],
    ["a received snapshot", 10, { segmentLengthMax: 10_000, snapshot: snapshotAt(1, 2) }],
  ] as const)("at any call of %s keeps nothing, and later all", async (_, calls, options) => {
    for (let failAt = 1; failAt <= calls; failAt += 1) {
      expect(await writtenAgain(failAt, options)).toBe(true);
    }
    expect(await writtenAgain(calls + 1, options)).toBe(false);
  });

  test("that has no room for a snapshot leaves the log and the snapshot before it", async () => {
    const disk = new MemoryDisk();
    const { store } = await openRaftLog(disk);
    await writeTo(store, { entries: entriesOf(1, 9, 1) });
    await store.saveSnapshot(snapshotAt(3, 1), { entriesKept: 1 });
    disk.sizeBytesMax = 1;
    await expect(store.saveSnapshot(snapshotAt(5, 1), { entriesKept: 1 })).rejects.toMatchObject({
      code: "disk/no-space",
    });
    disk.sizeBytesMax = ALL;
    expect(store.snapshot()).toEqual(snapshotAt(3, 1));
    await writeTo(store, { entries: entriesOf(10, 10, 1) });
    disk.powerCut();
    const { store: again } = await openRaftLog(disk);
    expect(again.snapshot()).toEqual(snapshotAt(3, 1));
    expect(again.entries(4, 11, ALL)).toEqual(entriesOf(4, 10, 1));
  });

  test("keeps no part of a write of many parts, and needs no more room for trying again", async () => {
    const memory = new MemoryDisk();
    const disk = new FaultyDisk(memory);
    const { store } = await openRaftLog(disk, { segmentLengthMax: 1024 * 1024 });
    await writeTo(store, { entries: entriesOf(1, 1, 1) });
    const large = entries.map((entry) => ({ ...entry, data: Buffer.alloc(900_000) }));
    memory.sizeBytesMax = 2_500_000;
    const before = { sizeBytes: store.sizeBytes, freeBytes: await disk.freeBytes() };
    for (let tries = 0; tries < 3; tries += 1) {
      expect(await writeTo(store, { hardState, entries: large }).catch(expectFull)).toBe(false);
      expect({ sizeBytes: store.sizeBytes, freeBytes: await disk.freeBytes() }).toEqual(before);
    }
    const other = { hardState: { ...hardState, term: 3 }, entries: entriesOf(2, 3, 3) };
    await writeTo(store, other);
    await disk.powerCut({ keeps: false, undoes: true });
    const { store: again } = await openRaftLog(disk);
    expect(again.initialState().hardState).toEqual(other.hardState);
    expect(again.entries(2, again.lastIndex() + 1, ALL)).toEqual(other.entries);
    memory.sizeBytesMax = ALL;
    await writeTo(again, { entries: large });
    expect((await openRaftLog(disk)).store.lastIndex()).toBe(4);
  });

  test("takes a write back also while an own snapshot lets segments go", async () => {
    for (let turns = 0; turns < 60; turns += 1) {
      const disk = new FaultyDisk(new MemoryDisk());
      const { store } = await openRaftLog(disk, { segmentLengthMax: 100 });
      await writeTo(store, { entries: entriesOf(1, 1, 1) });
      disk.fault = (call, path) =>
        call === "datasync" && /segment-0+2$/.test(path)
          ? new SystemError("disk/no-space", "full", { path })
          : undefined;
      const written = writeTo(store, { hardState, entries }).catch(expectFull);
      for (let turn = 0; turn < turns; turn += 1) await undefined;
      await store.saveSnapshot(snapshotAt(1, 1), { entriesKept: 0 });
      expect(await written).toBe(false);
      disk.fault = () => undefined;
      await writeTo(store, { hardState, entries });
      const { store: again } = await openRaftLog(disk);
      expect(again.entries(2, 5, ALL)).toEqual(entries);
      expect(again.initialState().hardState).toEqual(hardState);
    }
  });

  test("where the part that was written cannot be taken back ends all promises", async () => {
    const disk = new FaultyDisk(new MemoryDisk());
    const { store } = await openRaftLog(disk);
    disk.fault = (call, path) =>
      call === "write"
        ? new SystemError("disk/no-space", "full", { path })
        : new SystemError("disk/failed", "EIO", { path });
    for (const _ of ["first", "again"]) {
      await expect(
        writeTo(store, { hardState: { ...hardState, commit: 0 } }),
      ).rejects.toMatchObject({
        code: "disk/failed",
      });
    }
  });
});

describe("snapshots", () => {
  test("let segments go whose entries nobody needs, and keep the hard state", async () => {
    const disk = new MemoryDisk();
    const { store } = await openRaftLog(disk, SMALL);
    const hardState = { term: 2, vote: 3, commit: 20 };
    await writeTo(store, { hardState: { ...hardState, commit: 0 }, entries: [entryAt(1, 2)] });
    for (let index = 2; index <= 20; index += 1) {
      await writeTo(store, { entries: [entryAt(index, 2)] });
    }
    await writeTo(store, { hardState });
    const [segments, sizeBytes] = [(await segmentsOn(disk)).length, store.sizeBytes];
    await store.saveSnapshot(snapshotAt(18, 2), { entriesKept: 3 });
    expect((await segmentsOn(disk)).length).toBeLessThan(segments);
    expect(store.sizeBytes).toBeLessThan(sizeBytes);
    const { store: again } = await openRaftLog(disk, SMALL);
    expect(again.sizeBytes).toBe(store.sizeBytes);
    expect(again.initialState().hardState).toEqual(hardState);
    expect(again.entries(16, 21, ALL)).toEqual(entriesOf(16, 20, 2));
    expect(again.firstIndex()).toBeGreaterThan(1);
  });

  test("a received one leaves one segment, and the log begins after it", async () => {
    const disk = new MemoryDisk();
    const { store } = await openRaftLog(disk, SMALL);
    for (let index = 1; index <= 20; index += 1) {
      await writeTo(store, { entries: [entryAt(index, 2)] });
    }
    const hardState = { term: 3, vote: 0, commit: 30 };
    await writeTo(store, { hardState, snapshot: snapshotAt(30, 3) });
    expect(await segmentsOn(disk)).toHaveLength(1);
    await writeTo(store, { entries: entriesOf(31, 32, 3) });
    disk.powerCut();
    const { store: again } = await openRaftLog(disk, SMALL);
    expect([again.firstIndex(), again.lastIndex(), again.term(30)]).toEqual([31, 32, 3]);
    expect(again.snapshot()).toEqual(snapshotAt(30, 3));
    expect(again.initialState().hardState).toEqual(hardState);
  });

  test("an own one that is overtaken by a received one is not kept", async () => {
    const disk = new MemoryDisk();
    const { store } = await openRaftLog(disk);
    await writeTo(store, { entries: entriesOf(1, 5, 1) });
    const received = writeTo(store, { snapshot: snapshotAt(30, 3) });
    await store.saveSnapshot(snapshotAt(4, 1), { entriesKept: 0 });
    await received;
    await store.saveSnapshot(snapshotAt(5, 1), { entriesKept: 0 });
    expect(store.snapshot()).toEqual(snapshotAt(30, 3));
    disk.powerCut();
    expect((await openRaftLog(disk)).store.snapshot()).toEqual(snapshotAt(30, 3));
  });

  test("an own one does not wait for writes, nor they for it", async () => {
    const disk = new MemoryDisk();
    const { store } = await openRaftLog(disk, SMALL);
    await writeTo(store, { entries: entriesOf(1, 5, 1) });
    const saving = store.saveSnapshot(snapshotAt(4, 1), { entriesKept: 0 });
    for (let index = 6; index <= 12; index += 1) {
      await writeTo(store, { entries: [entryAt(index, 1)] });
    }
    await saving;
    disk.powerCut();
    const { store: again } = await openRaftLog(disk, SMALL);
    expect(again.entries(5, 13, ALL)).toEqual(entriesOf(5, 12, 1));
    expect(again.snapshot()?.index).toBe(4);
  });
});
