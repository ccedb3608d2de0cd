import { FAMILY_ID_MAX, MIB, volumeName } from "@ashlar/core";
import { expect, test } from "vitest";
import { decodeState, encodeState, stateHash } from "../encode.ts";
import { TestCatalog, testDisk, testNode, testStore, testVolume } from "../testing/cluster.ts";

const up = {
  kind: "nodeUp",
  node: testNode(1),
  bootId: "restored",
  address: "127.0.0.1:7001",
  disks: [testDisk(1)],
  familySeen: 0,
  incarnationSeen: 0,
} as const;

test("what a node's stores have seen is not given again", () => {
  const catalog = TestCatalog.created();
  expect(catalog.done({ ...up, familySeen: 7, incarnationSeen: 40 })).toEqual({ incarnation: 41 });
  expect(catalog.begin(1, 1)).toBe(8);
  expect(catalog.state.view.cluster?.familiesSkipped).toEqual([{ first: 1, last: 7 }]);
  // The same process tells it once more, having seen more meanwhile; a lower number takes nothing back.
  const more = { ...up, familySeen: 9, incarnationSeen: 50 };
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
