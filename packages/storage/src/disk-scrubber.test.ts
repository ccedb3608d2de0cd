// What a pass over a disk finds, how fast it goes, and where it goes on.
import { TestCatalog, testNode, testStore } from "@ashlar/catalog/testing";
import {
  type ChunkId,
  chunkId,
  EXTENT_SIZE,
  MIB,
  type StoreUuid,
  SystemError,
  unitChecksums,
} from "@ashlar/core";
import type { ChunkStore } from "@ashlar/replica";
import { MemoryChunkStore } from "@ashlar/replica/testing";
import type { ChunkCheck, ScrubPass } from "@ashlar/rpc";
import { silentLog } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { beforeEach, expect, test } from "vitest";
import { DiskScrubber } from "./disk-scrubber.ts";
import type { OpenDisk } from "./disk-set.ts";
import type { ScrubEntry } from "./node-catalogue.ts";

const HOUR_MS = 3_600_000;
const OPTIONS = { scrubIntervalMs: HOUR_MS, scrubBytesPerSecond: MIB };
const CHUNKS = 6;

let clock: ManualClock;
let catalog: TestCatalog;
let store: MemoryChunkStore;
let disk: OpenDisk;
let chunks: readonly ChunkId[];
let entries: Map<StoreUuid, ScrubEntry>;
/** What was asked of primaries. */
let checks: string[];
let onPut: (entry: ScrubEntry) => void;
let answer: (chunk: ChunkId) => Partial<ChunkCheck> | Promise<Partial<ChunkCheck>>;

beforeEach(async () => {
  clock = new ManualClock();
  catalog = TestCatalog.created(2);
  const family = catalog.volume(1, CHUNKS, 2);
  chunks = Array.from({ length: CHUNKS }, (_, index) => chunkId(family, index));
  store = new MemoryChunkStore({
    node: testNode(1),
    storeUuid: testStore(1),
    reserveBytes: 0,
    chunkSize: 16 * MIB,
  });
  for (const chunk of chunks) await store.promise(chunk, 1);
  disk = { disk: store.disk, store, failed: false };
  entries = new Map();
  checks = [];
  answer = () => ({});
  onPut = () => {};
});

const scrubber = (): DiskScrubber =>
  new DiskScrubber(
    {
      node: testNode(1),
      disk,
      view: catalog.state.view,
      catalogue: {
        getScrub: (uuid) => entries.get(uuid),
        putScrub: async (uuid, entry) => {
          entries.set(uuid, entry);
          onPut(entry);
        },
      },
      check: async ({ chunk }, { deep }) => {
        checks.push(`${chunks.indexOf(chunk)} ${deep ? "deep" : "light"}`);
        const sound = { chunk, replicas: 2, different: 0, damagedUnits: 0, error: undefined };
        return { ...sound, ...(await answer(chunk)) };
      },
      clock,
      log: silentLog,
    },
    OPTIONS,
  );

const entry = (): ScrubEntry | undefined => entries.get(store.storeUuid);
/** Lets everything happen that waits for no time to pass. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
/** Indexes of the chunks that the node leads. */
const led = (): number[] =>
  [...chunks.keys()].filter((at) => {
    return catalog.state.view.chunk(chunks[at]!)?.primary.node === testNode(1);
  });

test("a new disk is verified after an interval, and again an interval later, over restarts too", async () => {
  const first = scrubber();
  await first.start();
  clock.advance(HOUR_MS - 1);
  await first.stop();
  const second = scrubber();
  await second.start();
  clock.advance(1);
  await turns();
  expect(second.pass).toMatchObject({ chunksDone: CHUNKS, chunksTotal: CHUNKS, damaged: 0 });
  const { finishedAt } = second.pass!;
  expect(finishedAt).toBe(new Date(HOUR_MS).toISOString());
  clock.advance(HOUR_MS - 1);
  await turns();
  expect(second.pass?.finishedAt).toBe(finishedAt);
  clock.advance(1);
  await turns();
  expect(second.pass?.finishedAt).toBe(new Date(2 * HOUR_MS).toISOString());
  await second.stop();
});

test("chunks that the node leads are compared with their other copies", async () => {
  answer = (chunk) => ({ different: chunk === chunks[led()[0]!] ? 1 : 0 });
  const one = scrubber();
  await one.start();
  one.begin();
  await turns();
  expect(checks).toEqual(led().map((at) => `${at} light`));
  expect(one.pass).toMatchObject({ different: 1, damaged: 0, repaired: 0 });
  await one.stop();
});

test("what is damaged is repaired by whoever leads the chunk, and what is left is told", async () => {
  const lost = chunks[[...chunks.keys()].find((at) => !led().includes(at))!]!;
  const mended = chunks[led()[0]!]!;
  for (const unit of [3, 4]) for (const chunk of [lost, mended]) store.damage(chunk, unit);
  answer = async (chunk) => {
    if (chunk === lost) throw new SystemError("rpc/unavailable", "not reached");
    // The first one sends what the next one finds done.
    if (checks.length < 2 || checks.at(-1) !== checks.at(-2)) return {};
    const data = [Buffer.alloc(EXTENT_SIZE)];
    const checksums = unitChecksums(chunk, 0, data);
    await store.applyCopy(chunk, { extent: 0, lastLsn: { epoch: 1, seq: 1 }, data, checksums });
    return {};
  };
  const one = scrubber();
  await one.start();
  one.begin();
  await turns();
  expect(checks.filter((told) => told.endsWith("deep"))).toHaveLength(4);
  expect(one.pass).toMatchObject({ damaged: 4, repaired: 2, chunksDone: CHUNKS });
  expect(one.pass?.finishedAt).not.toBe("");
  await one.stop();
});

test("a copy that is not in sync is passed over", async () => {
  catalog.nodeDown(1);
  for (const chunk of chunks) store.damage(chunk, 1);
  const one = scrubber();
  await one.start();
  one.begin();
  await turns();
  expect(checks).toEqual([]);
  expect(one.pass).toMatchObject({ chunksDone: CHUNKS, damaged: 0 });
  await one.stop();
});

test("it reads no faster than it may, and after a restart goes on where it stood", async () => {
  // Four extents of 64 KiB each.
  (store as ChunkStore).verify = async (_chunk, pace) => {
    for (let extent = 0; extent < 4; extent += 1) await pace?.(64 * 1024);
    return [];
  };
  const one = scrubber();
  await one.start();
  const begun = one.begin();
  expect(one.begin(), "one at a time").toBe(begun);
  const pass = async (ms: number): Promise<void> => {
    for (let step = 0; step < ms; step += 10) {
      clock.advance(10);
      await turns();
    }
  };
  await pass(740);
  expect(one.pass).toMatchObject({ chunksDone: 2, finishedAt: "" });
  await pass(40);
  expect(one.pass).toMatchObject({ chunksDone: 3, finishedAt: "" });
  await one.stop();
  // A crash: it was noted when the pass began only.
  const two = scrubber();
  await two.start();
  expect(two.pass).toMatchObject({ startedAt: begun.startedAt, finishedAt: "" });
  await pass(1_600);
  expect(two.pass).toMatchObject({ chunksDone: CHUNKS, chunksTotal: CHUNKS });
  expect(entry()).toMatchObject({ doneUpTo: 0, pass: { startedAt: begun.startedAt } });
  await two.stop();
});

test("a disk that fails ends its pass, which is tried again later", async () => {
  let broken = true;
  const { verify } = store;
  store.verify = (chunk) =>
    broken ? Promise.reject(new SystemError("disk/failed", "EIO")) : verify.call(store, chunk);
  const one = scrubber();
  await one.start();
  one.begin();
  await turns();
  expect(one.pass).toMatchObject({ chunksDone: 0, finishedAt: "" });
  broken = false;
  clock.advance(600_000);
  await turns();
  expect(one.pass).toMatchObject({ chunksDone: CHUNKS });
  expect(one.pass?.finishedAt).not.toBe("");
  await one.stop();
});

test("a pass that is asked for while another one ends is done too, and one that broke off goes on", async () => {
  const one = scrubber();
  await one.start();
  const first = one.begin();
  let asked: ScrubPass | undefined;
  onPut = ({ pass }) => {
    if (!asked && pass?.finishedAt) {
      clock.advance(1);
      asked = one.begin();
    }
  };
  await turns();
  expect(asked?.startedAt).not.toBe(first.startedAt);
  expect(one.pass).toMatchObject({ startedAt: asked?.startedAt, chunksDone: CHUNKS });
  expect(one.pass?.finishedAt).not.toBe("");

  const { verify } = store;
  store.verify = () => Promise.reject(new SystemError("disk/failed", "EIO"));
  const broken = one.begin();
  await turns();
  store.verify = verify;
  expect(one.begin()).toMatchObject({ startedAt: broken.startedAt });
  await turns();
  expect(one.pass).toMatchObject({ startedAt: broken.startedAt, chunksDone: CHUNKS });
  await one.stop();
});
