// Slow disks: how many, what they keep and what they lose, and that nobody forgets them.
import { describe, expect, test } from "vitest";
import { decodeState, encodeState } from "../encode.ts";
import { check } from "../invariants.ts";
import { planPrimaries } from "../primary-plan.ts";
import { planOffSlowDisksInParts } from "../slow-disk-plan.ts";
import { TestCatalog, testNode, testStore } from "../testing/cluster.ts";
import { planCopies } from "../testing/copies.ts";

const MARK = { reason: "storage-1/disk-1: slow", since: "2026-11-01T00:00:00.000Z" };
const slow = (node: number, disk = 1) =>
  ({ kind: "setSlow", store: testStore(node, disk), slow: MARK }) as const;
const well = (node: number, disk = 1) =>
  ({ kind: "setSlow", store: testStore(node, disk), slow: undefined }) as const;

const marksOf = (catalog: TestCatalog, node: number) =>
  catalog.state.view.nodes.get(testNode(node))?.disks.map((disk) => disk.slow?.reason);

function relief(catalog: TestCatalog, movesMax = 1_000) {
  const work = planOffSlowDisksInParts(catalog.state.view, movesMax);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

const chunksOf = (catalog: TestCatalog) =>
  [...catalog.state.view.chunks.families()].flatMap((family) => [
    ...catalog.state.view.chunks.recordsOf(family),
  ]);
const led = (catalog: TestCatalog, node: number): number =>
  chunksOf(catalog).filter(({ primary }) => primary.node === testNode(node)).length;

test("a slow disk is told with its reason, over restarts of its node, until it is well", () => {
  const catalog = TestCatalog.created(4, 2);
  catalog.done(slow(1));
  expect(marksOf(catalog, 1)).toEqual([MARK.reason, undefined]);
  catalog.nodeDown(1);
  catalog.nodeUp(1, { boot: 2, disks: 2 });
  expect(marksOf(catalog, 1)).toEqual([MARK.reason, undefined]);
  const read = decodeState(encodeState(catalog.state));
  expect(check(read)).toEqual([]);
  expect(encodeState(read)).toEqual(encodeState(catalog.state));
  expect(marksOf(new TestCatalog(read), 1)).toEqual([MARK.reason, undefined]);
  catalog.done(well(1));
  expect(marksOf(catalog, 1)).toEqual([undefined, undefined]);
  expect(catalog.apply(well(1)).changes).toEqual([]);
  expect(catalog.faults).toEqual([]);
});

describe("how many", () => {
  test("of small clusters one node at a time, of larger ones a quarter; another disk of the same node may follow", () => {
    const catalog = TestCatalog.created(7, 2);
    catalog.done(slow(1));
    catalog.done(slow(1, 2));
    expect(catalog.apply(slow(2)).result).toMatchObject({ kind: "refused", code: "disk/needed" });
    catalog.nodeUp(8, { disks: 2 });
    catalog.done(slow(2));
    expect(catalog.apply(slow(3)).result).toMatchObject({ kind: "refused", code: "disk/needed" });
    catalog.done(well(2));
    catalog.done(slow(3));
    expect(catalog.faults).toEqual([]);
  });

  test("none where too few others are left that take copies", () => {
    const catalog = TestCatalog.created(2);
    expect(catalog.apply(slow(1)).result).toMatchObject({ kind: "refused", code: "disk/needed" });
    catalog.nodeUp(3);
    catalog.done({ kind: "setNodeService", node: testNode(2), service: "draining" });
    expect(catalog.apply(slow(1)).result).toMatchObject({ kind: "refused", code: "disk/needed" });
    catalog.done({ kind: "setNodeService", node: testNode(2), service: "in" });
    catalog.done(slow(1));
  });

  test("none while slow disks are kept, and what was is used again", () => {
    const catalog = TestCatalog.created(4);
    catalog.done(slow(1));
    catalog.done({ kind: "keepSlowDisks", keeps: true });
    expect(marksOf(catalog, 1)).toEqual([undefined]);
    expect(catalog.apply(slow(1)).result).toMatchObject({ kind: "refused", code: "disk/needed" });
    const read = decodeState(encodeState(catalog.state));
    expect(read.view.cluster).toEqual(catalog.state.view.cluster);
    catalog.done({ kind: "keepSlowDisks", keeps: false });
    catalog.done(slow(1));
    expect(catalog.faults).toEqual([]);
  });

  test("no store that nobody has, and none that has failed: the mark goes with it", () => {
    const catalog = TestCatalog.created(4);
    expect(catalog.apply(slow(9)).result).toMatchObject({ code: "catalog/refused" });
    catalog.done(slow(1));
    catalog.done({ kind: "storeDown", store: testStore(1) });
    expect(marksOf(catalog, 1)).toEqual([undefined]);
    expect(catalog.apply(slow(1)).result).toMatchObject({ code: "disk/failed" });
    expect(catalog.faults).toEqual([]);
  });
});

describe("what it does", () => {
  test("leading moves off it, evenly, and does not come back before it is well", () => {
    const catalog = TestCatalog.created(4);
    catalog.volume(1, 24, 3);
    expect(led(catalog, 1)).toBe(6);
    catalog.done(slow(1));
    expect(relief(catalog, 2)).toHaveLength(2);
    const items = relief(catalog);
    expect(items).toHaveLength(6);
    expect(catalog.done({ kind: "movePrimaries", items }).skipped).toEqual([]);
    expect(led(catalog, 1)).toBe(0);
    expect(Math.max(...[2, 3, 4].map((node) => led(catalog, node)))).toBeLessThanOrEqual(9);
    expect(relief(catalog)).toEqual([]);
    for (const { store } of planPrimaries(catalog.state.view, 100)) {
      expect(store).not.toBe(testStore(1));
    }
    catalog.done(well(1));
    expect(planPrimaries(catalog.state.view, 100).map(({ store }) => store)).toContain(
      testStore(1),
    );
    expect(catalog.faults).toEqual([]);
  });

  test("it goes on leading what nobody else has in sync, and keeps its place in sync", () => {
    const catalog = TestCatalog.created(3);
    catalog.volume(1, 6, 1);
    catalog.volume(2, 6, 2);
    const before = chunksOf(catalog).map(({ isr }) => isr);
    catalog.done(slow(1));
    catalog.done({ kind: "movePrimaries", items: relief(catalog) });
    expect(led(catalog, 1)).toBe(2);
    expect(chunksOf(catalog).map(({ isr }) => isr)).toEqual(before);
    expect(catalog.faults).toEqual([]);
  });

  test("a failover gives it nothing to lead that another one can", () => {
    const catalog = TestCatalog.created(4);
    catalog.volume(1, 24, 3);
    catalog.done(slow(1));
    catalog.done({ kind: "movePrimaries", items: relief(catalog) });
    catalog.nodeDown(2);
    expect(led(catalog, 1)).toBe(0);
  });

  test("its copies move elsewhere, each made before it goes, and no new one comes", () => {
    const catalog = TestCatalog.created(4);
    catalog.volume(1, 12, 2);
    catalog.done(slow(1));
    const roomOf = () => ({ freeBytes: Number.MAX_SAFE_INTEGER, usedBytes: 0 });
    const policy = { isGivenUp: () => false, roomOf, copiesMax: 100, movesMax: 100 };
    const { additions, surplus, replacements } = planCopies(catalog, policy);
    expect(additions.map(({ instead }) => instead)).toEqual(Array(6).fill(testStore(1)));
    expect([...surplus, ...replacements]).toEqual([]);
    catalog.done({ kind: "addMembers", items: additions });
    expect(chunksOf(catalog).every(({ isr }) => isr.length === 2)).toBe(true);
    catalog.volume(2, 8, 2);
    const onIt = chunksOf(catalog).filter(({ members }) =>
      members.some(({ storeUuid }) => storeUuid === testStore(1)),
    );
    expect(onIt).toHaveLength(6);
    expect(catalog.faults).toEqual([]);
  });
});
