import { chunkId, FAMILY_ID_MAX, MIB, volumeName } from "@ashlar/core";
import { describe, expect, test } from "vitest";
import { countChunks } from "../counts.ts";
import { decodeState, encodeState, stateHash } from "../encode.ts";
import type { DiskRecord } from "../records.ts";
import { TestCatalog, testDisk, testNode, testStore, testVolume } from "../testing/cluster.ts";

const up = {
  kind: "nodeUp",
  node: testNode(1),
  bootId: "restored",
  address: "127.0.0.1:7001",
  disks: [testDisk(1)],
  familySeen: 0,
  incarnationSeen: 0,
  zone: "",
} as const;

test("what a node's stores have seen is not given again", () => {
  const catalog = TestCatalog.created();
  expect(catalog.done({ ...up, familySeen: 7, incarnationSeen: 40, zone: "" })).toEqual({
    incarnation: 41,
  });
  expect(catalog.begin(1, 1)).toBe(8);
  expect(catalog.state.view.cluster?.familiesSkipped).toEqual([{ first: 1, last: 7 }]);
  // The same process tells it once more, having seen more meanwhile; a lower number takes nothing back.
  const more = { ...up, familySeen: 9, incarnationSeen: 50, zone: "" };
  expect(catalog.done(more)).toEqual({ incarnation: 41 });
  expect(catalog.done({ ...up, bootId: "next" })).toEqual({ incarnation: 51 });
  expect(catalog.volume(2, 1)).toBe(10);
  const { cluster } = catalog.state.view;
  expect(cluster).toMatchObject({
    familiesGiven: 10,
    familiesSkipped: [
      { first: 1, last: 7 },
      { first: 9, last: 9 },
    ],
  });
  expect(decodeState(encodeState(catalog.state)).view.cluster).toEqual(cluster);
  expect(catalog.faults).toEqual([]);
});

test("numbers that nobody can have seen are refused, and the last family is the last", () => {
  const catalog = TestCatalog.created();
  for (const wrong of [{ familySeen: FAMILY_ID_MAX + 1 }, { incarnationSeen: 2 ** 48 }]) {
    expect(catalog.apply({ ...up, ...wrong }).result).toMatchObject({ code: "argument/invalid" });
  }
  expect(catalog.state.lastFamily).toBe(0);
  catalog.done({ ...up, familySeen: FAMILY_ID_MAX });
  const { result } = catalog.apply({
    kind: "beginVolume",
    volume: testVolume(1),
    name: volumeName("demo"),
    sizeBytes: MIB,
    blockSize: 512,
    replicas: 1,
    createdAt: "",
    access: "any",
  });
  expect(result).toMatchObject({ code: "catalog/refused" });
});

test("R9: a store that two nodes name fails alike on members that hold the nodes in another order", () => {
  const catalog = TestCatalog.created();
  catalog.nodeUp(2);
  catalog.volume(1, 2, 1);
  // The disk moves: node 2 is down and still named, node 1 has the store now.
  catalog.nodeDown(2);
  catalog.done({ ...up, disks: [testDisk(2)] });
  const other = new TestCatalog(decodeState(encodeState(catalog.state)));
  expect([...other.state.view.nodes.keys()]).not.toEqual([...catalog.state.view.nodes.keys()]);
  const index = catalog.state.view.appliedIndex;
  for (const member of [catalog, other]) {
    member.done({ kind: "storeDown", store: testStore(2) });
    member.state.view.apply([], index + 1);
  }
  expect(stateHash(other.state)).toBe(stateHash(catalog.state));
  const disks = [...catalog.state.view.nodes.values()].flatMap((node) => node.disks);
  expect(disks.map(({ state }) => state)).toEqual(["down", "down"]);
});

describe("P16: when all that are in sync fall silent together", () => {
  /** Three nodes with all chunks of a volume, and a power cut. */
  function dark() {
    const catalog = TestCatalog.created(3);
    const chunk = chunkId(catalog.volume(1, 1, 3), 0);
    for (const node of [1, 2, 3]) catalog.nodeDown(node, [1, 2, 3]);
    return { catalog, config: () => catalog.state.view.chunk(chunk)! };
  }
  const inSync = (nodes: readonly number[]) => new Set(nodes.map((node) => testStore(node)));

  test("nobody leaves, and each may come back without its disk", () => {
    for (const lost of [1, 2, 3]) {
      const { catalog, config } = dark();
      expect(new Set(config().isr)).toEqual(inSync([1, 2, 3]));
      catalog.nodeUp(lost, { boot: 2, life: 1 });
      const others = [1, 2, 3].filter((node) => node !== lost);
      expect(new Set(config().isr)).toEqual(inSync(others));
      expect(config().learners).toEqual([testStore(lost, 1, 1)]);
      for (const node of others) catalog.nodeUp(node, { boot: 2 });
      expect(countChunks(catalog.state.view).unavailableChunks).toBe(0);
      expect(catalog.faults).toEqual([]);
    }
  });

  test("those that stay away leave when told again, as soon as one is back", () => {
    const { catalog, config } = dark();
    const { version } = config();
    catalog.nodeDown(1);
    expect(config().version).toBe(version);
    const { incarnation } = catalog.nodeUp(2, { boot: 2 });
    expect(new Set(config().isr)).toEqual(inSync([1, 2, 3]));
    // It may be silent again already.
    catalog.nodeDown(1, [2]);
    expect(new Set(config().isr)).toEqual(inSync([1, 2, 3]));
    catalog.nodeDown(1);
    catalog.nodeDown(3);
    expect(new Set(config().isr)).toEqual(inSync([2]));
    expect(config().primary).toEqual({ node: testNode(2), incarnation });
    expect(catalog.faults).toEqual([]);
  });

  test("one that is heard goes on at once, and leads", () => {
    const catalog = TestCatalog.created(3);
    const chunk = chunkId(catalog.volume(1, 1, 3), 0);
    catalog.nodeDown(1, [2]);
    catalog.nodeDown(2, [1]);
    expect(catalog.state.view.chunk(chunk)).toMatchObject({
      isr: [testStore(3)],
      primary: { node: testNode(3) },
    });
    expect(catalog.faults).toEqual([]);
  });

  test("a store that fails leaves to one whose node is down", () => {
    const { catalog, config } = dark();
    catalog.done({ kind: "storeDown", store: testStore(1) });
    expect(new Set(config().isr)).toEqual(inSync([2, 3]));
    expect(catalog.faults).toEqual([]);
  });
});

describe("a disk that people retire", () => {
  test("is kept while it has the only copy in sync of something, whoever else was retired before", () => {
    const catalog = TestCatalog.created(3);
    catalog.volume(1, 8, 2);
    const retire = (node: number) => catalog.apply({ kind: "retireStore", store: testStore(node) });
    expect(retire(1).result).toMatchObject({ kind: "done" });
    expect(retire(1).result).toMatchObject({ kind: "done" });
    expect(retire(2).result).toMatchObject({ kind: "refused", code: "disk/needed" });
    expect(catalog.state.retired.has(testStore(2))).toBe(false);
    expect(catalog.faults).toEqual([]);
  });

  test("is kept while the only other copy is on a node that is down, and unknown ones are refused", () => {
    const catalog = TestCatalog.created(2);
    catalog.volume(1, 4, 2);
    catalog.nodeDown(2, [1]);
    const retire = (node: number) => catalog.apply({ kind: "retireStore", store: testStore(node) });
    expect(retire(1).result).toMatchObject({ kind: "refused", code: "disk/needed" });
    expect(retire(7).result).toMatchObject({ kind: "refused", code: "catalog/refused" });
  });
});

describe("a disk that was put into another node", () => {
  const intoNode = (catalog: TestCatalog, node: number, boot: number, disks: DiskRecord[]) =>
    catalog.done({
      ...up,
      node: testNode(node),
      bootId: `boot-${node}-${boot}`,
      disks: [testDisk(node), ...disks],
    });

  test("takes its places along: what it held alone is led there", () => {
    const catalog = TestCatalog.created(2);
    const family = catalog.volume(1, 8, 1);
    catalog.nodeDown(2);
    const before = catalog.state.view.chunksOf(family);
    const { incarnation } = intoNode(catalog, 1, 2, [
      { ...testDisk(2), disk: testDisk(1, 2).disk },
    ]);
    for (const was of before) {
      const is = catalog.state.view.chunk(was.chunk)!;
      expect(is.primary).toEqual({ node: testNode(1), incarnation });
      expect(is.isr).toEqual(was.isr);
      expect(is.members[0]?.storeUuid).toBe(was.members[0]?.storeUuid);
    }
    expect(countChunks(catalog.state.view).unavailableChunks).toBe(0);
    expect(catalog.faults).toEqual([]);
  });

  test("learns what it was not in sync with, and does not count where a copy is already", () => {
    const catalog = TestCatalog.created(3);
    const family = catalog.volume(1, 12, 2);
    catalog.nodeDown(2);
    intoNode(catalog, 1, 2, [{ ...testDisk(2), disk: testDisk(1, 2).disk }]);
    const configs = catalog.state.view.chunksOf(family);
    const nodesOf = ({ members }: (typeof configs)[number]) =>
      members.map(({ node }) => node).sort();
    // With node 1: still the lost one's; with node 3: here now.
    const kept = configs.filter(({ members }) => members.some(({ node }) => node === testNode(2)));
    expect(kept.length).toBeGreaterThan(0);
    for (const config of kept) expect(nodesOf(config)).toEqual([testNode(1), testNode(2)]);
    const moved = configs.filter(({ learners }) => learners.includes(testStore(2)));
    expect(moved.length).toBeGreaterThan(0);
    for (const config of moved) expect(nodesOf(config)).toEqual([testNode(1), testNode(3)]);
    // Its former node comes back without it.
    catalog.done({ ...up, node: testNode(2), bootId: "boot-2-2", disks: [testDisk(2, 2)] });
    expect(catalog.faults).toEqual([]);
  });

  test("R9: of two copies of a chunk that move into one node the same one counts on every member", () => {
    const catalog = TestCatalog.created(3);
    const chunk = chunkId(catalog.volume(1, 1, 3), 0);
    for (const node of [2, 3]) catalog.nodeDown(node);
    catalog.nodeDown(1, [1, 2, 3]);
    const other = new TestCatalog(decodeState(encodeState(catalog.state)));
    const disks = [2, 3].map((node) => ({ ...testDisk(node), disk: testDisk(1, node).disk }));
    const register = { ...up, node: testNode(4), bootId: "boot-4-1", disks } as const;
    const index = catalog.state.view.appliedIndex;
    for (const member of [catalog, other]) {
      member.done(register);
      member.state.view.apply([], index + 1);
    }
    expect(stateHash(other.state)).toBe(stateHash(catalog.state));
    const nodes = catalog.state.view.chunk(chunk)?.members.map(({ node }) => node);
    expect(nodes).toContain(testNode(4));
    expect(catalog.faults).toEqual([]);
  });

  test("is missing there while its node has it, and stays where it is", () => {
    const catalog = TestCatalog.created(2);
    const family = catalog.volume(1, 4, 1);
    const before = catalog.state.view.chunksOf(family).map(({ members }) => members);
    intoNode(catalog, 1, 2, [{ ...testDisk(2), disk: testDisk(1, 2).disk }]);
    expect(catalog.state.view.chunksOf(family).map(({ members }) => members)).toEqual(before);
    const { disks } = catalog.state.view.nodes.get(testNode(1))!;
    expect(disks.map(({ state }) => state)).toEqual(["up", "missing"]);
    expect(decodeState(encodeState(catalog.state)).view.nodes.get(testNode(1))?.disks).toEqual(
      disks,
    );
    expect(catalog.faults).toEqual([]);
  });
});
