// What a store does about damage, faults of its disk and the wrong disk.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import {
  CHECKSUM_UNIT,
  chunkId,
  clusterId,
  diskId,
  EXTENT_SIZE,
  familyId,
  MIB,
  nodeId,
  SystemError,
  scatterJoin,
} from "@ashlar/core";
import { patternedBytes, writeEntry } from "@ashlar/replica/testing";
import { nodeDisk, Registry, silentLog } from "@ashlar/runtime";
import { ManualClock, MemoryDisk } from "@ashlar/runtime/testing";
import { beforeEach, describe, expect, test } from "vitest";
import type { DiskChunkStore } from "./disk-chunk-store.ts";
import { BLOCK_SIZE, JOURNAL_START, MAGIC } from "./format.ts";
import { createStore, openStore } from "./open.ts";
import { A, B, OPTIONS, PATH, SIZES, UUID } from "./testing/small-store.ts";

const PORTS = { log: silentLog };

let disk: MemoryDisk;
beforeEach(async () => {
  disk = new MemoryDisk();
  await createStore(disk, { ...OPTIONS, ...SIZES, storeUuid: UUID }, PORTS);
});

const open = (): Promise<DiskChunkStore> =>
  openStore(disk, OPTIONS, { ...PORTS, clock: new ManualClock() });

async function write(store: DiskChunkStore, seq: number, length = CHECKSUM_UNIT): Promise<void> {
  const lsn = { epoch: 1, seq };
  await store.append(A, writeEntry(A, lsn, 0, patternedBytes(length, seq)));
  store.commit(A, lsn);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Positions of 4 KiB blocks of the disk that begin with `magic`. */
function blocksWith(magic: number): number[] {
  const content = disk.contentOf(PATH);
  const found: number[] = [];
  for (let at = 0; at < content.length; at += BLOCK_SIZE) {
    if (content.readUInt32LE(at) === magic) found.push(at);
  }
  return found;
}

function flip(position: number): void {
  const byte = disk.contentOf(PATH)[position] ?? 0;
  disk.corrupt(PATH, position, Buffer.from([byte ^ 0xff]));
}

describe("the wrong disk", () => {
  test.each([
    ["clusterId", clusterId("00000000-58a5-4b43-a3bd-2d6b7cf1d2aa")],
    ["node", nodeId("storage-2")],
    ["diskId", diskId("disk-2")],
    ["chunkSize", 2 * MIB],
  ])("another %s is refused", async (field, value) => {
    const foreign = openStore(disk, { ...OPTIONS, [field]: value }, PORTS);
    await expect(foreign).rejects.toMatchObject({ code: "disk/foreign" });
    await (await open()).close();
  });

  test("a file that is no store is foreign, and is not overwritten by creating one", async () => {
    const file = await disk.open("/other", { mode: "create" });
    await file.write(0, [Buffer.alloc(8192, 1)]);
    await expect(openStore(disk, { ...OPTIONS, path: "/other" }, PORTS)).rejects.toMatchObject({
      code: "disk/foreign",
    });
    const create = { ...OPTIONS, ...SIZES, path: "/other", storeUuid: UUID };
    await expect(createStore(disk, create, PORTS)).rejects.toMatchObject({ code: "disk/failed" });
    expect(disk.contentOf("/other")[0]).toBe(1);
  });

  test("a second opener is refused while the first has it", async () => {
    const store = await open();
    await expect(open()).rejects.toMatchObject({ code: "disk/locked" });
    await store.close();
    await (await open()).close();
  });
});

describe("creation", () => {
  test("without room leaves nothing behind", async () => {
    disk.sizeBytesMax = 15 * MIB;
    const create = { ...OPTIONS, ...SIZES, path: "/disk-2", storeUuid: UUID };
    await expect(createStore(disk, create, PORTS)).rejects.toMatchObject({ code: "disk/no-space" });
    expect(await disk.exists("/disk-2")).toBe(false);
  });

  test("refuses sizes that leave no store", async () => {
    const create = { ...OPTIONS, path: "/disk-2", storeUuid: UUID, sizeBytes: MIB };
    await expect(createStore(disk, create, PORTS)).rejects.toMatchObject({
      code: "argument/invalid",
    });
    expect(await disk.exists("/disk-2")).toBe(false);
  });
});

describe("damage of the journal", () => {
  const crashed = async (count: number): Promise<number[]> => {
    const store = await open();
    for (let seq = 1; seq <= count; seq += 1) await write(store, seq);
    disk.powerCut();
    return blocksWith(MAGIC.batch);
  };

  test("a torn last batch is cut and the log goes on", async () => {
    const batches = await crashed(3);
    flip((batches.at(-1) ?? 0) + 100);
    const store = await open();
    expect(store.status(A).tail).toEqual({ epoch: 1, seq: 2 });
    await write(store, 3);
    disk.powerCut();
    expect((await open()).status(A).tail).toEqual({ epoch: 1, seq: 3 });
  });

  test("a damaged batch before a later one is corruption", async () => {
    const batches = await crashed(3);
    flip((batches[1] ?? 0) + 100);
    await expect(open()).rejects.toMatchObject({ code: "disk/corrupt" });
  });

  test("a damaged header before a later batch is corruption too", async () => {
    const batches = await crashed(3);
    flip((batches[0] ?? 0) + 20);
    await expect(open()).rejects.toMatchObject({ code: "disk/corrupt" });
  });

  test("a last batch whose extents did not arrive is cut", async () => {
    const store = await open();
    await write(store, 1);
    const entry = writeEntry(A, { epoch: 1, seq: 2 }, 0, patternedBytes(EXTENT_SIZE, 2));
    disk.fault = (call) =>
      call === "datasync" ? new SystemError("disk/failed", "cut") : undefined;
    await expect(store.append(A, entry)).rejects.toMatchObject({ code: "disk/failed" });
    disk.fault = () => undefined;
    // The journal's write survives, the extent's does not.
    let index = -1;
    disk.powerCut((_, at) => {
      index = Math.max(index, at);
      return at === 0;
    });
    expect(index).toBeGreaterThan(0);
    const again = await open();
    expect(again.status(A).tail).toEqual({ epoch: 1, seq: 1 });
    await again.close();
  });
});

describe("damage elsewhere", () => {
  const checkpointed = async (): Promise<void> => {
    const store = await open();
    await write(store, 1, EXTENT_SIZE);
    await write(store, 2);
    await store.close();
  };

  test("the newest superblock gone: the one before it leads into the released ring", async () => {
    await checkpointed();
    const copies = blocksWith(MAGIC.superblock).filter((at) => at < JOURNAL_START);
    expect(copies).toHaveLength(4);
    for (const at of copies) flip(at + 50);
    await expect(open()).rejects.toMatchObject({ code: "disk/corrupt" });
  });

  test("one damaged copy of the superblock does no harm", async () => {
    await checkpointed();
    for (const at of [0, 2 * BLOCK_SIZE]) flip(at + 50);
    const store = await open();
    expect(store.status(A).commit.seq).toBe(2);
    await store.close();
  });

  test("a damaged page or directory is corruption", async () => {
    await checkpointed();
    for (const magic of [MAGIC.page, MAGIC.directory]) {
      const found = blocksWith(magic);
      expect(found.length).toBeGreaterThan(0);
      for (const at of found) flip(at + 40);
      await expect(open()).rejects.toMatchObject({ code: "disk/corrupt" });
      for (const at of found) flip(at + 40);
    }
    await (await open()).close();
  });

  test("P14: a damaged or lost data block is never returned", async () => {
    await checkpointed();
    const expected = patternedBytes(EXTENT_SIZE, 1);
    const second = expected.subarray(CHECKSUM_UNIT, 2 * CHECKSUM_UNIT);
    const at = disk.contentOf(PATH).lastIndexOf(second);
    flip(at + 7);
    const registry = new Registry();
    const store = await openStore(disk, OPTIONS, { ...PORTS, registry, clock: new ManualClock() });
    const bad = expect.objectContaining({ code: "chunk/bad-checksum" });
    await expect(store.read(A, CHECKSUM_UNIT + 512, 512)).rejects.toEqual(bad);
    await expect(store.readExtent(A, 0)).rejects.toEqual(bad);
    expect(await store.verify(A)).toEqual([1]);
    const { data } = await store.read(A, 2 * CHECKSUM_UNIT, CHECKSUM_UNIT);
    expect(scatterJoin(data).equals(expected.subarray(2 * CHECKSUM_UNIT, 3 * CHECKSUM_UNIT))).toBe(
      true,
    );
    expect(await registry.metrics()).toMatch(/ashlar_store_bad_checksums_total\{disk="disk-1"\} 3/);
    // The disk put another block in its place.
    disk.corrupt(PATH, at, Buffer.from(expected.subarray(0, CHECKSUM_UNIT)));
    await expect(store.read(A, CHECKSUM_UNIT, 512)).rejects.toEqual(bad);
    await store.close();
  });
});

describe("faults of the disk", () => {
  test("P19: after a failed datasync nothing is acknowledged any more", async () => {
    const store = await open();
    await write(store, 1);
    disk.fault = (call) =>
      call === "datasync" ? new SystemError("disk/failed", "EIO") : undefined;
    const failed = { code: "disk/failed" };
    const first = store.append(A, writeEntry(A, { epoch: 1, seq: 2 }, 0, patternedBytes(4096, 2)));
    const queued = store.promise(B, 1);
    await expect(first).rejects.toMatchObject(failed);
    await expect(queued).rejects.toMatchObject(failed);
    disk.fault = () => undefined;
    await expect(store.promise(B, 2)).rejects.toMatchObject(failed);
    await expect(store.read(A, 0, 512)).rejects.toMatchObject(failed);
    expect(() => store.commit(A, { epoch: 1, seq: 1 })).toThrow(expect.objectContaining(failed));
    await store.close();
  });

  test.each<[string, (store: DiskChunkStore) => Promise<unknown>]>([
    ["read", (store) => store.read(A, 0, 4096)],
    ["copy", (store) => store.readExtent(A, 0)],
    ["scrub", (store) => store.verify(A)],
  ])("P19: nor after a failed %s", async (_, ask) => {
    const store = await open();
    await write(store, 1);
    await store.checkpoint();
    disk.fault = (made) => (made === "read" ? new SystemError("disk/failed", "EIO") : undefined);
    await expect(ask(store)).rejects.toMatchObject({ code: "disk/failed" });
    disk.fault = () => undefined;
    await expect(store.promise(B, 1)).rejects.toMatchObject({ code: "disk/failed" });
    await store.close();
  });

  test.each([
    ["part of an extent", CHECKSUM_UNIT],
    ["a whole extent", EXTENT_SIZE],
  ])(
    "P1: a recovered record of %s that was never synced is durable when it is told",
    async (_, length) => {
      const store = await open();
      await write(store, 1);
      disk.fault = (call) =>
        call === "datasync" ? new SystemError("disk/failed", "EIO") : undefined;
      const data = patternedBytes(length, 2);
      const entry = writeEntry(A, { epoch: 1, seq: 2 }, 0, data);
      await expect(store.append(A, entry)).rejects.toMatchObject({ code: "disk/failed" });
      disk.fault = () => undefined;
      disk.endProcess();
      const told = (await open()).status(A).tail;
      expect(told).toEqual(entry.lsn);
      disk.powerCut();
      const again = await open();
      expect(again.status(A).tail).toEqual(told);
      again.commit(A, told);
      expect(scatterJoin((await again.read(A, 0, length)).data).equals(data)).toBe(true);
      await again.close();
    },
  );

  test("P2: a recovered promise that was never synced is durable when it is told", async () => {
    const store = await open();
    disk.fault = (call) =>
      call === "datasync" ? new SystemError("disk/failed", "EIO") : undefined;
    await expect(store.promise(A, 7)).rejects.toMatchObject({ code: "disk/failed" });
    disk.fault = () => undefined;
    disk.endProcess();
    expect((await open()).status(A).promisedEpoch).toBe(7);
    disk.powerCut();
    const again = await open();
    expect(again.status(A).promisedEpoch).toBe(7);
    await again.close();
  });

  test("P18: a full file system refuses entries and kills nothing", async () => {
    const large = { ...OPTIONS, path: "/disk-3", sizeBytes: 80 * MIB, storeUuid: UUID };
    await createStore(disk, large, PORTS);
    disk.sizeBytesMax = 62 * MIB;
    const clock = new ManualClock();
    const store = await openStore(disk, { ...OPTIONS, path: "/disk-3" }, { ...PORTS, clock });
    let full: unknown;
    let count = 0;
    for (let index = 0; index < 80 && full === undefined; index += 1) {
      const entry = writeEntry(A, { epoch: 1, seq: 1 }, 0, patternedBytes(MIB, 1));
      const chunk = chunkId(familyId(1), index);
      await store.append(chunk, entry).catch((error: unknown) => {
        full = error;
      });
      count = index;
    }
    expect(full).toMatchObject({ code: "disk/no-space" });
    expect(count).toBeGreaterThan(20);
    expect(store.space().freeBytes).toBeLessThan(8 * MIB);
    for (let index = 0; index < 4; index += 1) await store.remove(chunkId(familyId(1), index));
    await store.append(A, writeEntry(A, { epoch: 1, seq: 1 }, 0, patternedBytes(MIB, 1)));
    await store.close();
  });
});

test("entries made before the refusal of an earlier one is heard are refused too", async () => {
  const store = await open();
  for (let index = 1; index <= 6; index += 1) {
    const chunk = chunkId(familyId(1), index);
    await store.append(chunk, writeEntry(chunk, { epoch: 1, seq: 1 }, 0, patternedBytes(MIB, 1)));
  }
  const calls = [1, 2, 3, 4, 5, 6].map((seq) => {
    const length = seq === 6 ? CHECKSUM_UNIT : MIB;
    return store.append(A, writeEntry(A, { epoch: 1, seq }, 0, patternedBytes(length, seq)));
  });
  const outcomes = await Promise.allSettled(calls);
  const kept = outcomes.filter(({ status }) => status === "fulfilled").length;
  expect(kept).toBeLessThan(5);
  for (const outcome of outcomes.slice(kept)) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { code: "disk/no-space" } });
  }
  expect(store.status(A).tail.seq).toBe(kept);
  const next = { epoch: 1, seq: kept + 1 };
  await store.append(A, writeEntry(A, next, 0, patternedBytes(CHECKSUM_UNIT, 9)));
  await store.close();
});

test("a ring far smaller than what goes through it waits for checkpoints and loses nothing", async () => {
  const store = await open();
  for (let round = 0; round < 40; round += 1) {
    const burst = Array.from({ length: 50 }, (_, index) => {
      const seq = round * 50 + index + 1;
      const offset = ((seq * 37) % 250) * CHECKSUM_UNIT;
      const bytes = patternedBytes(CHECKSUM_UNIT, seq);
      return store.append(A, writeEntry(A, { epoch: 1, seq }, offset, bytes));
    });
    await Promise.all(burst);
    store.commit(A, { epoch: 1, seq: round * 50 + 50 });
  }
  const digest = await store.digest(A);
  expect(await store.verify(A)).toEqual([]);
  disk.powerCut();
  const again = await open();
  again.commit(A, { epoch: 1, seq: 2000 });
  expect(await again.digest(A)).toBe(digest);
  expect(again.audit()).toEqual({ leaked: [], lost: [] });
  await again.close();
});

test("an idle store writes its checkpoint and then keeps still", async () => {
  const clock = new ManualClock();
  const store = await openStore(disk, OPTIONS, { ...PORTS, clock });
  await write(store, 1);
  expect(store.overlayBytes).toBe(CHECKSUM_UNIT);
  clock.advance(3000);
  while (store.overlayBytes > 0) await turn();
  // The superblock follows the applies.
  for (let turns = 0; turns < 20; turns += 1) await turn();
  const before = Buffer.from(disk.contentOf(PATH));
  clock.advance(10_000);
  for (let turns = 0; turns < 20; turns += 1) await turn();
  expect(disk.contentOf(PATH).equals(before)).toBe(true);
  disk.powerCut();
  const again = await openStore(disk, OPTIONS, { ...PORTS, clock });
  const { data } = await again.read(A, 0, CHECKSUM_UNIT);
  expect(scatterJoin(data).equals(patternedBytes(CHECKSUM_UNIT, 1))).toBe(true);
  await again.close();
});

test("a store on a real file: written, closed, opened", async () => {
  const folder = await mkdtemp(`${tmpdir()}/ashlar-store-`);
  try {
    const options = { ...OPTIONS, path: `${folder}/disk-1` };
    await createStore(nodeDisk, { ...options, ...SIZES, storeUuid: UUID }, PORTS);
    const store = await openStore(nodeDisk, options, PORTS);
    await write(store, 1, MIB);
    await write(store, 2);
    const digest = await store.digest(A);
    await store.close();
    const again = await openStore(nodeDisk, options, PORTS);
    expect(again.status(A)).toMatchObject({ commit: { epoch: 1, seq: 2 } });
    expect(await again.digest(A)).toBe(digest);
    expect(await again.verify(A)).toEqual([]);
    await again.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});
