// Disks of a node that have a mirror: who remembers what became of the members, and what is told.
import { clusterId, diskId, MIB, nodeId, SystemError } from "@ashlar/core";
import { nodeRandom, Registry, silentLog } from "@ashlar/runtime";
import { ManualClock, MemoryDisk } from "@ashlar/runtime/testing";
import { beforeEach, expect, test } from "vitest";
import { DiskSet } from "./disk-set.ts";
import { NodeCatalogue } from "./node-catalogue.ts";

const CHUNK_SIZE = 16 * MIB;
const mirrored = {
  diskId: diskId("disk-1"),
  path: "/data/disk-1",
  mirrorPath: "/data/disk-1-mirror",
  sizeBytes: 24 * MIB,
};

let catalogue: NodeCatalogue;
let disk: MemoryDisk;
let clock: ManualClock;
beforeEach(async () => {
  disk = new MemoryDisk();
  clock = new ManualClock();
  catalogue = await NodeCatalogue.open(disk, "/node");
});

async function opened(config: typeof mirrored = mirrored): Promise<DiskSet> {
  const ports = { disk, clock, random: nodeRandom, log: silentLog, registry: new Registry() };
  const [isOutOfUse, isElsewhere] = [(): boolean => false, (): boolean => false];
  const set = new DiskSet(
    { ...ports, catalogue, isOutOfUse, isElsewhere },
    {
      clusterId: clusterId("abcdef01-0000-4000-8000-000000000000"),
      nodeId: nodeId("storage-1"),
      disks: [config],
      pageCacheBytes: MIB,
    },
  );
  await set.open(CHUNK_SIZE);
  return set;
}

const stateOf = (set: DiskSet): string | undefined => set.report().disks[0]?.mirror?.state;

async function untilWhole(set: DiskSet): Promise<void> {
  for (let turns = 0; stateOf(set) !== "both"; turns += 1) {
    if (turns > 2_000) throw new Error(`the mirror is ${stateOf(set)}`);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(20);
  }
}

const fail = (path: string): void => {
  disk.fault = (_, of) =>
    of === path ? new SystemError("disk/failed", "input/output error") : undefined;
};

test("a mirror is made with its disk, and its state is told", async () => {
  const first = await opened();
  expect(first.report().disks).toMatchObject([{ state: "up", mirror: { state: "copying" } }]);
  await untilWhole(first);
  await first.close();
  const again = await opened();
  expect(stateOf(again)).toBe("both");
  await again.close();
});

test("P19: the node's catalogue remembers who went on alone, also when it was read anew", async () => {
  const first = await opened();
  await untilWhole(first);
  await first.close();
  fail(mirrored.mirrorPath);
  const alone = await opened();
  expect(stateOf(alone)).toBe("alone");
  await alone.close();
  catalogue = await NodeCatalogue.open(disk, "/node");
  fail(mirrored.path);
  const stale = await opened();
  expect([stale.all.length, stale.missing.length]).toEqual([0, 1]);
  disk.fault = () => undefined;
  const both = await opened();
  expect(stateOf(both)).toBe("copying");
  await untilWhole(both);
  await both.close();
});

test("without a catalogue both members tell who they are, and one of them is not believed", async () => {
  const first = await opened();
  const { storeUuid } = first.all[0]!.store;
  await untilWhole(first);
  await first.close();
  catalogue = NodeCatalogue.empty(disk, "/node");
  fail(mirrored.mirrorPath);
  const one = await opened();
  expect(one.all).toEqual([]);
  disk.fault = () => undefined;
  catalogue = NodeCatalogue.empty(disk, "/node");
  const both = await opened();
  expect(both.all.map(({ store }) => store.storeUuid)).toEqual([storeUuid]);
  await both.close();
});

test("a disk may get a mirror later, and only its mirror may be left of it", async () => {
  const { mirrorPath: _, ...plain } = mirrored;
  const first = await opened(plain as typeof mirrored);
  const { storeUuid } = first.all[0]!.store;
  expect(first.report().disks[0]?.mirror).toBeUndefined();
  await first.close();
  const later = await opened();
  await untilWhole(later);
  await later.close();
  await disk.remove(mirrored.path);
  const left = await opened();
  expect(left.all.map(({ store }) => store.storeUuid)).toEqual([storeUuid]);
  expect(stateOf(left)).toBe("alone");
  // In the place of the lost one nothing is made: its disk may only be unmounted.
  expect(await disk.exists(mirrored.path)).toBe(false);
  await left.close();
});

test("devices that tell nothing at the first start after the catalogue was lost are asked again at the next", async () => {
  const devices = { ...mirrored, path: "/dev/one", mirrorPath: "/dev/two" };
  for (const path of [devices.path, devices.mirrorPath]) {
    await (await disk.open(path, { mode: "create" })).close();
  }
  const first = await opened(devices);
  const { storeUuid } = first.all[0]!.store;
  await untilWhole(first);
  await first.close();
  for (const away of [devices.path, devices.mirrorPath]) {
    catalogue = NodeCatalogue.empty(disk, "/node");
    fail(away);
    expect((await opened(devices)).all).toEqual([]);
    disk.fault = () => undefined;
    const both = await opened(devices);
    expect(both.all.map(({ store }) => store.storeUuid)).toEqual([storeUuid]);
    await both.close();
  }
});

test("another store where a known one was is not taken for it", async () => {
  const { mirrorPath: _, ...plain } = mirrored;
  const first = await opened(plain as typeof mirrored);
  await first.close();
  const former = Buffer.from(disk.contentOf(plain.path));
  await disk.remove(plain.path);
  catalogue = NodeCatalogue.empty(disk, "/node");
  const second = await opened(plain as typeof mirrored);
  await second.close();
  await disk.remove(plain.path);
  const file = await disk.open(plain.path, { mode: "create" });
  await file.write(0, [former]);
  const third = await opened(plain as typeof mirrored);
  expect([third.all.length, third.missing.length]).toEqual([0, 1]);
});

test.each([
  ["a device and a file that is not there", "/dev/one", "/data/two", "/dev/one"],
  ["a file that is not there and a device", "/data/one", "/dev/two", "/dev/two"],
])("a disk is made of %s", async (_, path, mirrorPath, device) => {
  await (await disk.open(device, { mode: "create" })).close();
  const made = await opened({ ...mirrored, path, mirrorPath });
  expect(made.all).toHaveLength(1);
  await untilWhole(made);
  await made.close();
});
