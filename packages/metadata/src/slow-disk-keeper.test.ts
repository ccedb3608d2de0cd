// The leader takes a slow disk out of the way, and lets it in again, by what nodes tell.
import { nodeId } from "@ashlar/core";
import type { StorageReport } from "@ashlar/rpc";
import { openRegistry, silentLog } from "@ashlar/runtime";
import { afterEach, expect, test } from "vitest";
import { openSlowDiskMetrics } from "./metrics.ts";
import { SlowDiskKeeper } from "./slow-disk-keeper.ts";
import { storeOf } from "./testing/metadata-fixture.ts";
import { PlacedGroup } from "./testing/placed-group.ts";
import type { TestGroup } from "./testing/test-group.ts";

const SLOT_MS = 5_000;
const OPTIONS = { slowAfterMs: 4 * SLOT_MS, wellAfterMs: 6 * SLOT_MS };
const metrics = openSlowDiskMetrics(openRegistry({ process: "test" }));

let group: TestGroup;
let placed: PlacedGroup;
let keeper: SlowDiskKeeper;
/** Milliseconds that syncs take, by the number of the node. */
let syncMs: Map<number, number>;
let unheard: readonly number[];
afterEach(async () => {
  await keeper.stop();
  await group.stop();
});

async function cluster(nodes: number, chunks: number, replicas = 2): Promise<void> {
  placed = await PlacedGroup.of(nodes, { chunks, replicas });
  group = placed.group;
  syncMs = new Map();
  unheard = [];
  keeper = new SlowDiskKeeper(
    {
      replicatedLog: placed.log,
      clock: group.clock,
      log: silentLog,
      metrics,
      reportOf,
      unheard: () => unheard.map((node) => nodeId(`storage-${node}`)),
    },
    OPTIONS,
  );
  await keeper.start();
}

function reportOf(node: string): StorageReport {
  const number = Number(node.replace("storage-", ""));
  const quartileMs = syncMs.get(number) ?? 5;
  return {
    disks: [
      {
        storeUuid: storeOf(number),
        sizeBytes: 0,
        freeBytes: 0,
        state: "up",
        times: {
          slot: Math.floor(group.clock.nowMs() / SLOT_MS),
          slotMs: SLOT_MS,
          reads: { count: 0, quartileMs: 0, busyMs: 0 },
          syncs: { count: 10, quartileMs, busyMs: SLOT_MS / 2 },
        },
      },
    ],
  };
}

const markOf = (node: number) =>
  placed.log.view.nodes.get(nodeId(`storage-${node}`))?.disks[0]?.slow?.reason;
const led = (node: number): number =>
  placed.chunks().filter(({ primary }) => primary.node === nodeId(`storage-${node}`)).length;

test("a slow disk is named and leads nothing any more; when it is well it is used again", async () => {
  await cluster(4, 400);
  expect(led(2)).toBe(100);
  syncMs.set(2, 400);
  await placed.pass(2 * SLOT_MS);
  expect(markOf(2)).toBeUndefined();
  await placed.pass(3 * SLOT_MS);
  expect(markOf(2)).toBe(
    "storage-2/disk-1: a quarter of its syncs of writes takes 400 ms and more, on the other disks 5.0 ms, for 20 s",
  );
  await group.until(() => led(2) === 0);
  expect(placed.chunks().every(({ isr }) => isr.length === 2)).toBe(true);
  syncMs.delete(2);
  await placed.pass(4 * SLOT_MS);
  expect(markOf(2)).toBeDefined();
  await placed.pass(4 * SLOT_MS);
  expect(markOf(2)).toBeUndefined();
});

test("a second one waits until the first is well, and a cluster that is slow as a whole loses none", async () => {
  await cluster(4, 40);
  for (const node of [1, 2, 3, 4]) syncMs.set(node, 400);
  await placed.pass(20 * SLOT_MS);
  expect([1, 2, 3, 4].map(markOf)).toEqual(Array(4).fill(undefined));
  syncMs.clear();
  syncMs.set(1, 400);
  await placed.pass(5 * SLOT_MS);
  expect(markOf(1)).toBeDefined();
  syncMs.set(2, 400);
  await placed.pass(20 * SLOT_MS);
  expect([2, 3, 4].map(markOf)).toEqual(Array(3).fill(undefined));
  syncMs.delete(1);
  await placed.pass(8 * SLOT_MS);
  expect(markOf(1)).toBeUndefined();
  await placed.pass(7 * SLOT_MS);
  expect(markOf(2)).toBeDefined();
});

test("what a node told before it fell silent counts for nothing, and where slow disks are kept none is marked", async () => {
  await cluster(4, 40);
  syncMs.set(3, 400);
  unheard = [3];
  await placed.pass(20 * SLOT_MS);
  expect(markOf(3)).toBeUndefined();
  unheard = [];
  await placed.apply({ kind: "keepSlowDisks", keeps: true });
  await placed.pass(20 * SLOT_MS);
  expect(markOf(3)).toBeUndefined();
  await placed.apply({ kind: "keepSlowDisks", keeps: false });
  await placed.pass(5 * SLOT_MS);
  expect(markOf(3)).toBeDefined();
});

test("what only a slow disk has in sync it goes on leading, until another one has it", async () => {
  await cluster(3, 30);
  await placed.down(1);
  await placed.up(1, 2);
  expect(placed.learning()).toBe(20);
  syncMs.set(2, 400);
  await placed.pass(5 * SLOT_MS);
  expect(markOf(2)).toBeDefined();
  await placed.pass(4 * SLOT_MS);
  expect(led(2)).toBeGreaterThan(0);
  await placed.admit();
  await group.until(() => led(2) === 0);
});
