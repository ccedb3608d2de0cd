// Nodes and disks that are emptied, may be away, or go for good.
import { MIB } from "@ashlar/core";
import { expect, test } from "vitest";
import { decodeState, encodeState } from "../encode.ts";
import { DEFAULT_COPY_SPEED } from "../records.ts";
import { TestCatalog, testNode, testStore } from "../testing/cluster.ts";
import { planCopies } from "../testing/copies.ts";

const ROOM = { freeBytes: 1024 * MIB, usedBytes: 1024 * MIB };
const POLICY = { isGivenUp: () => true, roomOf: () => ROOM, copiesMax: 1_000, movesMax: 1_000 };

const serve = (catalog: TestCatalog, service: "in" | "draining" | "maintenance") =>
  catalog.done({ kind: "setNodeService", node: testNode(1), service });
const recordOf = (catalog: TestCatalog, number = 1) =>
  catalog.state.view.nodes.get(testNode(number));

test("what people want of a node outlives its processes, and new copies go to nodes that take part", () => {
  const catalog = TestCatalog.created(3);
  serve(catalog, "draining");
  catalog.nodeUp(1, { boot: 2 });
  expect(recordOf(catalog)?.service).toBe("draining");
  const family = catalog.volume(1, 6, 2);
  const nodes = catalog.state.view.chunksOf(family).flatMap(({ members }) => members);
  expect(nodes.some(({ node }) => node === testNode(1))).toBe(false);
  serve(catalog, "in");
  const taking = catalog.state.view.chunksOf(catalog.volume(2, 6, 3));
  expect(taking.every(({ members }) => members.length === 3)).toBe(true);
  expect(
    catalog.apply({ kind: "setNodeService", node: testNode(9), service: "in" }).result,
  ).toMatchObject({
    code: "node/not-found",
  });
});

test("of a node in maintenance no copy is made elsewhere however long it is away, of a disk that failed it is", () => {
  const catalog = TestCatalog.created(4, 2);
  catalog.volume(1, 24, 2);
  serve(catalog, "maintenance");
  catalog.nodeDown(1);
  expect(planCopies(catalog, POLICY).replacements).toEqual([]);
  catalog.done({ kind: "storeDown", store: testStore(1, 2) });
  const { replacements } = planCopies(catalog, POLICY);
  expect(new Set(replacements.map(({ lost }) => lost))).toEqual(new Set([testStore(1, 2)]));
  serve(catalog, "in");
  expect(planCopies(catalog, POLICY).replacements.length).toBeGreaterThan(replacements.length);
});

test("a disk is emptied onto the other nodes, also when it lies in another one by then", () => {
  const catalog = TestCatalog.created(4, 2);
  catalog.volume(1, 24, 2);
  const store = testStore(1, 1);
  const leave = (leaving: boolean) => catalog.done({ kind: "leaveStore", store, leaving });
  leave(true);
  const { additions, homeless } = planCopies(catalog, POLICY);
  expect(homeless.move).toBe(0);
  expect(new Set(additions.map(({ instead }) => instead))).toEqual(new Set([store]));
  expect(additions.some(({ node }) => node === testNode(1))).toBe(false);
  catalog.nodeUp(1, { boot: 2, disks: 0 });
  const read = new TestCatalog(decodeState(encodeState(catalog.state)));
  read.nodeUp(1, { boot: 3, disks: 2 });
  expect(recordOf(read)?.disks.map(({ state }) => state)).toEqual(["leaving", "up"]);
  read.done({ kind: "leaveStore", store, leaving: false });
  expect(recordOf(read)?.disks.map(({ state }) => state)).toEqual(["up", "up"]);
  read.done({ kind: "storeDown", store });
  expect(read.apply({ kind: "leaveStore", store, leaving: true }).result).toMatchObject({
    code: "disk/failed",
  });
  expect(read.faults).toEqual([]);
});

test("a node is removed when it is down and empty; a lost one at once, unless it has what nobody else has", () => {
  const catalog = TestCatalog.created(3);
  catalog.volume(1, 6, 2);
  const remove = (lost = false, number = 1) =>
    catalog.apply({ kind: "removeNode", node: testNode(number), lost }).result;
  expect(remove()).toMatchObject({ code: "node/needed", message: "storage-1 is up" });
  catalog.nodeDown(1);
  expect(remove()).toMatchObject({ code: "node/needed" });
  expect(remove(true).kind).toBe("done");
  expect(recordOf(catalog)).toBeUndefined();
  expect(remove(true)).toMatchObject({ code: "node/not-found" });
  // Its copies are made elsewhere at once.
  const { replacements, homeless } = planCopies(catalog, { ...POLICY, isGivenUp: () => false });
  expect(replacements.length + homeless.lost).toBe(4);
  expect(replacements.length).toBe(4);
  // It comes back: what it has is out of use.
  catalog.nodeUp(1, { boot: 2 });
  expect(recordOf(catalog)?.disks.map(({ state }) => state)).toEqual(["down"]);
  catalog.volume(2, 3, 1);
  catalog.nodeDown(2);
  expect(remove(true, 2)).toMatchObject({ code: "node/needed" });
  expect(recordOf(catalog, 2)).toBeDefined();
  expect(catalog.faults).toEqual([]);
});

test("rebalancing is paused and goes on", () => {
  const catalog = TestCatalog.created(1);
  const { view } = catalog.state;
  expect(view.cluster?.rebalancing).toBe("auto");
  catalog.done({ kind: "setRebalancing", rebalancing: "paused" });
  expect(view.cluster?.rebalancing).toBe("paused");
  expect(decodeState(encodeState(catalog.state)).view.cluster?.rebalancing).toBe("paused");
  expect(catalog.apply({ kind: "setRebalancing", rebalancing: "paused" }).changes).toEqual([]);
});

test("the speed of copies is set within bounds, and outlives a snapshot", () => {
  const catalog = TestCatalog.created(1);
  const { view } = catalog.state;
  expect(view.cluster?.copySpeed).toEqual(DEFAULT_COPY_SPEED);
  const asked = { latencyTargetMs: 5, floorBytesPerSecond: 32 * MIB };
  catalog.done({ kind: "setCopySpeed", ...asked });
  expect(decodeState(encodeState(catalog.state)).view.cluster?.copySpeed).toEqual(asked);
  for (const wrong of [
    { latencyTargetMs: 0 },
    { latencyTargetMs: 60_001 },
    { floorBytesPerSecond: MIB - 1 },
    { floorBytesPerSecond: 64 * 1024 * MIB + 1 },
  ]) {
    const { result } = catalog.apply({ kind: "setCopySpeed", ...asked, ...wrong });
    expect(result).toMatchObject({ kind: "refused", code: "argument/invalid" });
  }
  expect(view.cluster?.copySpeed).toEqual(asked);
});

test("what is recommended is applied by people until they say otherwise, and that outlives a snapshot", () => {
  const catalog = TestCatalog.created(1);
  const { view } = catalog.state;
  expect(view.cluster?.advice).toBe("manual");
  catalog.done({ kind: "setAdvice", advice: "auto" });
  expect(view.cluster?.advice).toBe("auto");
  expect(decodeState(encodeState(catalog.state)).view.cluster?.advice).toBe("auto");
  expect(catalog.apply({ kind: "setAdvice", advice: "auto" }).changes).toEqual([]);
});
