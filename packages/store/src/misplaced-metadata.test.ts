// A disk may write a block of metadata in the wrong place, or say that it wrote one and keep what was there
// before: both are whole blocks with a good checksum. Neither is ever taken for the block that should be there.
import { CHECKSUM_UNIT, MIB, type SystemError, storeUuid } from "@ashlar/core";
import { patternedBytes, writeEntry } from "@ashlar/replica/testing";
import { silentLog } from "@ashlar/runtime";
import { ManualClock, MemoryDisk } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import type { DiskChunkStore } from "./disk-chunk-store.ts";
import { BLOCK_SIZE, MAGIC } from "./format.ts";
import { createStore, openStore } from "./open.ts";
import { PAGE_SPAN } from "./page.ts";
import { A, B, OPTIONS, PATH, SIZES, UUID } from "./testing/small-store.ts";

const PORTS = { log: silentLog };
/** Two pages to a chunk. */
const LARGE = { ...OPTIONS, chunkSize: 4 * MIB };
const KINDS = ["page", "directory"] as const;

async function made(uuid = UUID): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await createStore(disk, { ...LARGE, ...SIZES, storeUuid: uuid }, PORTS);
  return disk;
}

const open = (disk: MemoryDisk): Promise<DiskChunkStore> =>
  openStore(disk, LARGE, { ...PORTS, clock: new ManualClock() });

async function write(store: DiskChunkStore, chunk: typeof A, at: { seq: number; offset: number }) {
  const lsn = { epoch: 1, seq: at.seq };
  await store.append(
    chunk,
    writeEntry(chunk, lsn, at.offset, patternedBytes(CHECKSUM_UNIT, at.seq)),
  );
  store.commit(chunk, lsn);
}

/** Three pages, and the checkpoint that wrote them. */
async function filled(uuid = UUID): Promise<MemoryDisk> {
  const disk = await made(uuid);
  const store = await open(disk);
  await write(store, A, { seq: 1, offset: 0 });
  await write(store, A, { seq: 2, offset: PAGE_SPAN });
  await write(store, B, { seq: 1, offset: 0 });
  await store.close();
  return disk;
}

function blocksWith(disk: MemoryDisk, magic: number): number[] {
  const content = disk.contentOf(PATH);
  const found: number[] = [];
  for (let at = 0; at < content.length; at += BLOCK_SIZE) {
    if (content.readUInt32LE(at) === magic) found.push(at);
  }
  return found;
}

const block = (disk: MemoryDisk, at: number): Buffer =>
  Buffer.from(disk.contentOf(PATH).subarray(at, at + BLOCK_SIZE));

async function refuses(disk: MemoryDisk, at: number, other: Buffer): Promise<void> {
  const before = block(disk, at);
  disk.corrupt(PATH, at, other);
  const outcome = await open(disk).then(
    () => "opened",
    ({ code }: SystemError) => code,
  );
  expect(outcome).toBe("disk/corrupt");
  disk.corrupt(PATH, at, before);
}

test("P14: a page of another chunk, or of another place in it, is corruption", async () => {
  const disk = await filled();
  const pages = blocksWith(disk, MAGIC.page);
  expect(pages).toHaveLength(3);
  for (const at of pages) {
    for (const from of pages) if (from !== at) await refuses(disk, at, block(disk, from));
  }
  await (await open(disk)).close();
});

test.each(KINDS)("P14: a %s of another store, in the same place, is corruption", async (kind) => {
  const disk = await filled();
  const other = await filled(storeUuid("00000000-0000-4000-8000-00000000000b"));
  const places = blocksWith(disk, MAGIC[kind]);
  expect(blocksWith(other, MAGIC[kind])).toEqual(places);
  for (const at of places) await refuses(disk, at, block(other, at));
  await (await open(disk)).close();
});

test.each(KINDS)("P14: a %s of an earlier checkpoint is corruption", async (kind) => {
  const disk = await made();
  const store = await open(disk);
  await write(store, A, { seq: 1, offset: 0 });
  await store.checkpoint();
  const [earlier = 0] = blocksWith(disk, MAGIC[kind]);
  const kept = block(disk, earlier);
  await write(store, A, { seq: 2, offset: CHECKSUM_UNIT });
  await store.close();
  const [written = 0] = blocksWith(disk, MAGIC[kind]).filter((at) => at !== earlier);
  // Its place had held the earlier one before, and the disk lost the write.
  await refuses(disk, written, kept);
  await (await open(disk)).close();
});
