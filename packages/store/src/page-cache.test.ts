// Checksums that are not in memory: they come from the disk when they are needed, what changed meanwhile is
// kept, and memory stays within its limit.
import {
  CHECKSUM_UNIT,
  type ChunkId,
  chunkId,
  EXTENT_SIZE,
  familyId,
  MIB,
  scatterJoin,
  unitChecksums,
} from "@ashlar/core";
import { contentDigest } from "@ashlar/replica";
import { patternedBytes, writeEntry } from "@ashlar/replica/testing";
import { Registry, silentLog } from "@ashlar/runtime";
import { ManualClock, MemoryDisk } from "@ashlar/runtime/testing";
import { beforeEach, expect, test } from "vitest";
import type { DiskChunkStore } from "./disk-chunk-store.ts";
import { BLOCK_SIZE, MAGIC } from "./format.ts";
import { createStore, openStore } from "./open.ts";
import { CHECKSUM_BYTES, PAGE_SPAN } from "./page.ts";
import { A, OPTIONS, PATH, UUID } from "./testing/small-store.ts";

/** Four pages to a chunk. */
const CHUNK_SIZE = 4 * PAGE_SPAN;
const CHUNKS = Array.from({ length: 8 }, (_, index) => chunkId(familyId(1), index));
const LIMIT_PAGES = 5;

let disk: MemoryDisk;
let registry: Registry;
let store: DiskChunkStore;
let seqs: Map<ChunkId, number>;

const open = (): Promise<DiskChunkStore> => {
  registry = new Registry();
  const options = { ...OPTIONS, chunkSize: CHUNK_SIZE };
  const pageCacheBytes = LIMIT_PAGES * CHECKSUM_BYTES;
  const ports = { log: silentLog, registry, clock: new ManualClock() };
  return openStore(disk, { ...options, pageCacheBytes }, ports);
};

async function reopen(): Promise<void> {
  await store.close();
  store = await open();
}

beforeEach(async () => {
  disk = new MemoryDisk();
  seqs = new Map();
  const sizes = { sizeBytes: 64 * MIB, journalBytes: 8 * MIB, chunkSize: CHUNK_SIZE };
  await createStore(disk, { ...OPTIONS, ...sizes, storeUuid: UUID }, { log: silentLog });
  store = await open();
});

async function write(chunk: ChunkId, offset: number, bytes: Buffer): Promise<void> {
  const seq = (seqs.get(chunk) ?? 0) + 1;
  seqs.set(chunk, seq);
  const lsn = { epoch: 1, seq };
  await store.append(chunk, writeEntry(chunk, lsn, offset, bytes));
  store.commit(chunk, lsn);
}

const read = async (chunk: ChunkId, offset: number, length = CHECKSUM_UNIT): Promise<Buffer> =>
  scatterJoin((await store.read(chunk, offset, length)).data);

const metric = async (name: string): Promise<number> =>
  (await registry.getSingleMetric(name)?.get())?.values[0]?.value ?? 0;

const PLACES = CHUNKS.flatMap((chunk, at) =>
  [0, 1, 2, 3].map((page) => ({ chunk, offset: page * PAGE_SPAN, stamp: at * 4 + page })),
);

async function fill(): Promise<void> {
  for (const { chunk, offset, stamp } of PLACES) {
    await write(chunk, offset, patternedBytes(2 * CHECKSUM_UNIT, stamp));
  }
  await store.checkpoint();
}

test("content of more pages than the cache holds is read, within the limit", async () => {
  await fill();
  const before = await metric("ashlar_store_page_loads_total");
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(
      PLACES.map(async ({ chunk, offset, stamp }) => {
        const found = await read(chunk, offset, 2 * CHECKSUM_UNIT);
        expect(found.equals(patternedBytes(2 * CHECKSUM_UNIT, stamp))).toBe(true);
      }),
    );
  }
  // What changes first is what the cache has known for the shortest time.
  await read(A, 0);
  for (const { chunk, offset } of PLACES) {
    await write(chunk, offset, patternedBytes(CHECKSUM_UNIT, 50));
    await read(chunk, offset + CHECKSUM_UNIT);
  }
  for (const { chunk, offset } of PLACES) {
    expect((await read(chunk, offset)).equals(patternedBytes(CHECKSUM_UNIT, 50))).toBe(true);
  }
  await store.checkpoint();
  await read(A, 0);
  expect(await metric("ashlar_store_page_loads_total")).toBeGreaterThan(before + PLACES.length);
  expect(await metric("ashlar_store_page_cache_bytes")).toBeLessThanOrEqual(
    LIMIT_PAGES * CHECKSUM_BYTES,
  );
});

test("what is read again and again is not read from the disk again and again", async () => {
  await fill();
  await reopen();
  await read(A, 0);
  const before = await metric("ashlar_store_page_loads_total");
  for (const { chunk, offset } of PLACES.slice(4)) {
    await read(A, 0);
    await read(chunk, offset);
  }
  await read(A, 0);
  expect(await metric("ashlar_store_page_loads_total")).toBe(before + PLACES.length - 4);
});

test("a page that changes while its checksums are on the disk keeps those that do not", async () => {
  await fill();
  await reopen();
  const fresh = patternedBytes(CHECKSUM_UNIT, 99);
  for (const { chunk, offset } of PLACES) await write(chunk, offset + CHECKSUM_UNIT, fresh);
  const old = (stamp: number): Buffer =>
    patternedBytes(2 * CHECKSUM_UNIT, stamp).subarray(0, CHECKSUM_UNIT);
  const check = async (): Promise<void> => {
    for (const { chunk, offset, stamp } of PLACES) {
      expect((await read(chunk, offset)).equals(old(stamp))).toBe(true);
      expect((await read(chunk, offset + CHECKSUM_UNIT)).equals(fresh)).toBe(true);
    }
  };
  await check();
  await store.checkpoint();
  await check();
  await reopen();
  await check();
  const content = Buffer.alloc(CHUNK_SIZE);
  for (const { chunk, offset, stamp } of PLACES) {
    if (chunk !== A) continue;
    old(stamp).copy(content, offset);
    fresh.copy(content, offset + CHECKSUM_UNIT);
  }
  expect(await store.digest(A)).toBe(contentDigest(unitChecksums(A, 0, [content])));
  expect(await store.verify(A)).toEqual([]);
});

test("very many changed pages are worth a checkpoint", async () => {
  const checkpoints = async (): Promise<number> => {
    const seconds = await registry.getSingleMetric("ashlar_store_checkpoint_seconds")?.get();
    return seconds?.values.at(-1)?.value ?? 0;
  };
  const many = Array.from({ length: 20 }, (_, index) => chunkId(familyId(2), index));
  for (const chunk of many) {
    for (let page = 0; page < 4; page += 1) {
      await write(chunk, page * PAGE_SPAN, patternedBytes(CHECKSUM_UNIT, page));
    }
  }
  await store.checkpoint();
  expect(await checkpoints()).toBeGreaterThan(1);
});

test("a chunk that is removed while a page of it is read does the store no harm", async () => {
  await fill();
  await reopen();
  const reads = [0, 1, 2].map((page) => read(A, page * PAGE_SPAN));
  const digest = store.digest(A);
  const removed = store.remove(A);
  for (const [page, content] of (await Promise.all(reads)).entries()) {
    const old = patternedBytes(2 * CHECKSUM_UNIT, page).subarray(0, CHECKSUM_UNIT);
    expect(content.equals(old) || content.equals(Buffer.alloc(CHECKSUM_UNIT))).toBe(true);
  }
  await digest;
  await removed;
  seqs.delete(A);
  await write(A, 0, patternedBytes(CHECKSUM_UNIT, 7));
  await store.checkpoint();
  expect((await read(A, 0)).equals(patternedBytes(CHECKSUM_UNIT, 7))).toBe(true);
  expect((await read(A, PAGE_SPAN)).equals(Buffer.alloc(CHECKSUM_UNIT))).toBe(true);
  await reopen();
  expect(store.audit()).toEqual({ leaked: [], lost: [] });
});

test("P14, P19: a page that rots while the store runs ends it, and nothing is read by it", async () => {
  await fill();
  await reopen();
  const content = disk.contentOf(PATH);
  for (let at = 0; at < content.length; at += BLOCK_SIZE) {
    if (content.readUInt32LE(at) !== MAGIC.page) continue;
    disk.corrupt(PATH, at + 700, Buffer.from([(content[at + 700] ?? 0) ^ 1]));
  }
  await expect(read(A, 0)).rejects.toMatchObject({ code: "disk/failed" });
  await expect(store.digest(A)).rejects.toMatchObject({ code: "disk/failed" });
  await expect(write(A, 0, patternedBytes(CHECKSUM_UNIT, 1))).rejects.toMatchObject({
    code: "disk/failed",
  });
});

test("P1, P13: a checkpoint for want of memory never cuts a batch in two", async () => {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const many = Array.from({ length: 20 }, (_, index) => chunkId(familyId(2), index));
  const data = [patternedBytes(EXTENT_SIZE, 3)];
  const copied = many.flatMap((chunk) =>
    [0, 1, 2, 3].map((page) => {
      const extent = (page * PAGE_SPAN) / EXTENT_SIZE;
      const checksums = unitChecksums(chunk, extent * EXTENT_SIZE, data);
      return store.applyCopy(chunk, { extent, lastLsn: { epoch: 1, seq: 5 }, data, checksums });
    }),
  );
  const [first = A, second = A] = CHUNKS;
  // All in one batch: what makes much dirty, a base, and an entry behind it.
  const base = store.setBase(first, { epoch: 1, seq: 5 }, []);
  const lsn = { epoch: 1, seq: 1 };
  const entry = writeEntry(second, lsn, 0, patternedBytes(CHECKSUM_UNIT, 8));
  await Promise.all([...copied, base, store.append(second, entry)]);
  for (let turns = 0; turns < 300; turns += 1) await turn();
  disk.powerCut(() => true);
  store = await open();
  expect(store.status(second).tail).toEqual(lsn);
  expect(store.uncommitted(second)).toHaveLength(1);
  expect(store.status(first).tail).toEqual({ epoch: 1, seq: 5 });
});

test("a repair of a chunk that is removed meanwhile makes nothing", async () => {
  await fill();
  await reopen();
  const repair = store.repairUnit(A, { unit: 0, data: [patternedBytes(CHECKSUM_UNIT, 0)] });
  const removed = store.remove(A);
  await Promise.all([repair, removed]);
  expect(store.chunks().map(({ chunk }) => chunk)).not.toContain(A);
  await reopen();
  expect(store.chunks().map(({ chunk }) => chunk)).not.toContain(A);
});
