// Which copies are made again, and where they go.

import { chunkId, MIB, type StoreUuid } from "@ashlar/core";
import { soaked } from "@ashlar/core/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { CopyPolicy } from "./copy-plan.ts";
import type { ChunkConfig } from "./records.ts";
import { TEST_CHUNK_SIZE, TestCatalog, testNode, testStore } from "./testing/cluster.ts";
import { planCopies } from "./testing/copies.ts";

const POLICY: CopyPolicy = {
  isGivenUp: () => false,
  roomOf: () => ({ freeBytes: 1024 * MIB, usedBytes: 1024 * MIB }),
  copiesMax: 1_000,
  movesMax: 1_000,
};

const allChunks = ({ state: { view } }: TestCatalog): ChunkConfig[] =>
  view.chunks.families().flatMap((family) => view.chunksOf(family));

const carryOut = (catalog: TestCatalog, policy: CopyPolicy): number => {
  const { replacements: items } = planCopies(catalog, policy);
  expect(catalog.done({ kind: "replaceMembers", items }).skipped).toEqual([]);
  expect(catalog.faults).toEqual([]);
  return items.length;
};

function admitAll(catalog: TestCatalog): void {
  const items = allChunks(catalog).flatMap(({ chunk, epoch, version, learners }) =>
    learners.slice(0, 1).map((store) => ({ chunk, epoch, version, store })),
  );
  catalog.done({ kind: "addToIsr", items });
}

test("of a failed disk every copy is made elsewhere, spread evenly, and then none is left to make", () => {
  const catalog = TestCatalog.created(4);
  catalog.volume(1, 60, 2);
  const on = (store: StoreUuid): number =>
    allChunks(catalog).filter(({ members }) => members.some((one) => one.storeUuid === store))
      .length;
  const before = on(testStore(1));
  catalog.done({ kind: "storeDown", store: testStore(1) });
  expect(carryOut(catalog, POLICY)).toBe(before);
  expect(on(testStore(1))).toBe(0);
  const counts = [2, 3, 4].map((node) => on(testStore(node)));
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
  // What learns is on its way: nothing is planned twice.
  expect(planCopies(catalog, POLICY).replacements).toEqual([]);
  admitAll(catalog);
  expect(allChunks(catalog).every(({ isr }) => isr.length === 2)).toBe(true);
  expect(planCopies(catalog, POLICY).replacements).toEqual([]);
});

test("a node that is away is waited for until it is given up, sooner where one copy is left", () => {
  const catalog = TestCatalog.created(4);
  catalog.volume(1, 30, 2);
  catalog.volume(2, 30, 3);
  catalog.nodeDown(1);
  expect(planCopies(catalog, POLICY).replacements).toEqual([]);
  const sooner = { ...POLICY, isGivenUp: (_: string, inSync: number) => inSync === 1 };
  const { replacements: items } = planCopies(catalog, sooner);
  expect(items.length).toBeGreaterThan(0);
  for (const { chunk } of items) expect(catalog.state.view.chunk(chunk)?.isr).toHaveLength(1);
  const all = planCopies(catalog, { ...POLICY, isGivenUp: () => true }).replacements;
  expect(all.length).toBeGreaterThan(items.length);
  // Those with one copy left come first.
  const risk = all.map(({ chunk }) => catalog.state.view.chunk(chunk)!.isr.length);
  expect(risk).toEqual([...risk].sort((a, b) => a - b));
});

test("where no disk has room, the copy waits, and the others are made", () => {
  const catalog = TestCatalog.created(3);
  catalog.volume(1, 30, 2);
  catalog.done({ kind: "storeDown", store: testStore(1) });
  const room = new Map([
    [testStore(2), 3 * TEST_CHUNK_SIZE],
    [testStore(3), 2 * TEST_CHUNK_SIZE + 1],
  ]);
  const roomOf = (store: StoreUuid) => ({ freeBytes: room.get(store) ?? 0, usedBytes: 1024 * MIB });
  const plan = planCopies(catalog, { ...POLICY, roomOf });
  const placed = (node: number): number =>
    plan.replacements.filter((item) => item.node === testNode(node)).length;
  expect([placed(2), placed(3)]).toEqual([3, 2]);
  expect(plan.homeless.lost).toBeGreaterThan(0);
});

test("a copy is taken to need what copies on the disk of one in sync need, a whole chunk if nobody knows", () => {
  const catalog = TestCatalog.created(3);
  catalog.volume(1, 30, 2);
  catalog.done({ kind: "storeDown", store: testStore(1) });
  const planned = (usedBytes: number | undefined): number => {
    const roomOf = (store: StoreUuid) => {
      // Of the one that is left in sync nothing is known, or how much is on its 20 copies.
      if (store === testStore(3)) return { freeBytes: 4 * TEST_CHUNK_SIZE, usedBytes: 0 };
      return usedBytes === undefined ? undefined : { freeBytes: 0, usedBytes };
    };
    const { replacements: items, homeless } = planCopies(catalog, { ...POLICY, roomOf });
    expect(items.length + homeless.lost).toBe(20);
    // Those whose other copy is on store 3 have nowhere to go.
    return items.length;
  };
  expect(planned(undefined)).toBe(4);
  expect(planned(20 * TEST_CHUNK_SIZE)).toBe(4);
  expect(planned(10 * TEST_CHUNK_SIZE)).toBe(8);
  expect(planned(20 * MIB)).toBe(10);
});

test("with as many nodes as copies only another disk of the same node can help", () => {
  const catalog = TestCatalog.created(2, 2);
  catalog.volume(1, 10, 2);
  catalog.done({ kind: "storeDown", store: testStore(2, 1) });
  const { replacements: items, homeless } = planCopies(catalog, POLICY);
  expect(homeless.lost).toBe(0);
  expect(new Set(items.map(({ store }) => store))).toEqual(new Set([testStore(2, 2)]));
  const bare = TestCatalog.created(2);
  bare.volume(1, 10, 2);
  bare.done({ kind: "storeDown", store: testStore(2) });
  expect(planCopies(bare, POLICY)).toMatchObject({
    replacements: [],
    additions: [],
    homeless: { lost: 10 },
  });
});

test("a plan is no longer than asked for", () => {
  const catalog = TestCatalog.created(4);
  catalog.volume(1, 30, 2);
  catalog.done({ kind: "storeDown", store: testStore(1) });
  expect(planCopies(catalog, { ...POLICY, copiesMax: 4 }).replacements).toHaveLength(4);
});

test("whatever is lost, rounds of copies come to an end with all that the nodes allow in sync", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 5 }),
      fc.integer({ min: 1, max: 3 }),
      fc.array(
        fc.record({ node: fc.integer({ min: 1, max: 5 }), disk: fc.integer({ min: 1, max: 2 }) }),
        {
          maxLength: 4,
        },
      ),
      (nodes, replicas, losses) => {
        const catalog = TestCatalog.created(nodes, 2);
        catalog.volume(1, 12, Math.min(nodes, replicas));
        for (const { node, disk } of losses) {
          if (node > nodes) continue;
          catalog.done({ kind: "storeDown", store: testStore(node, disk) });
          const policy = { ...POLICY, isGivenUp: () => true };
          for (let round = 0; carryOut(catalog, policy) > 0; round += 1) {
            expect(round).toBeLessThan(4);
            admitAll(catalog);
          }
        }
        const { view } = catalog.state;
        const alive = [...view.nodes.values()].filter(({ disks }) =>
          disks.some(({ state }) => state === "up"),
        ).length;
        for (const { isr, members } of allChunks(catalog)) {
          const isSafe = isr.every((store) => !catalog.state.retired.has(store));
          if (isSafe) expect(isr.length).toBeGreaterThanOrEqual(Math.min(members.length, alive));
        }
      },
    ),
    { numRuns: soaked(100) },
  );
});

test("of two lost copies the one is made that there is a place for, whichever was lost first", () => {
  const catalog = TestCatalog.created(3, 2);
  catalog.volume(1, 12, 3);
  const policy = { ...POLICY, isGivenUp: () => true };
  for (const [node, disk] of [
    [3, 1],
    [3, 2],
    [1, 1],
  ] as const) {
    catalog.done({ kind: "storeDown", store: testStore(node, disk) });
    for (let round = 0; carryOut(catalog, policy) > 0 && round < 4; round += 1) admitAll(catalog);
  }
  for (const { isr } of allChunks(catalog)) expect(isr.length).toBe(2);
});

test("a chunk whose only copy is lost is left alone", () => {
  const catalog = TestCatalog.created(3);
  const chunk = chunkId(catalog.volume(1, 1, 1), 0);
  const [sole] = catalog.state.view.chunk(chunk)!.isr;
  catalog.done({ kind: "storeDown", store: sole! });
  expect(planCopies(catalog, { ...POLICY, isGivenUp: () => true }).replacements).toEqual([]);
});
