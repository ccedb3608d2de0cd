import { CatalogMirror, decodeState, encodeState } from "@ashlar/catalog";
import { TestCatalog, testNode } from "@ashlar/catalog/testing";
import { chunkId } from "@ashlar/core";
import { afterEach, expect, test } from "vitest";
import { NumbersSeen } from "./numbers-seen.ts";
import { ReplicaNodes } from "./testing/replica-nodes.ts";

let nodes: ReplicaNodes;
afterEach(() => nodes.stop());

test("the families of the chunks that are held are seen, also those the catalog knows no more", async () => {
  nodes = new ReplicaNodes(1);
  const families = [nodes.volume(1, 1, 1), nodes.volume(2, 1, 1)];
  const { disk } = nodes.node(1);
  const seen = new NumbersSeen({ disks: { all: [disk] }, view: new CatalogMirror() });
  expect(seen.numbers()).toEqual({ familySeen: 0, incarnationSeen: 0 });
  for (const family of families) await nodes.operate(chunkId(family, 0));
  expect(seen.numbers().familySeen).toBe(families[1]);
});

test("the incarnations of all processes are seen, and remembered when the catalog is an older one", () => {
  nodes = new ReplicaNodes(2);
  const { view } = nodes.catalog.state;
  const mirror = new CatalogMirror();
  mirror.replace([...view.list()], 1);
  const seen = new NumbersSeen({ disks: { all: [] }, view: mirror });
  const before = nodes.catalog.state.lastIncarnation;
  expect(seen.numbers().incarnationSeen).toBe(before);
  const gateway = {
    kind: "gatewayUp",
    gateway: "gateway-1" as never,
    portals: [],
    incarnationSeen: 0,
  } as const;
  nodes.catalog.done({ ...gateway, bootId: "g" });
  seen.onChanges(mirror.replace([...view.list()], 2));
  expect(seen.numbers().incarnationSeen).toBe(before + 1);
  seen.onChanges(mirror.replace([], 0));
  expect(seen.numbers().incarnationSeen).toBe(before + 1);
});

test("P10: a catalog that went back is known by its processes, also when as many were given since", () => {
  nodes = new ReplicaNodes(2);
  const { catalog } = nodes;
  const up = { kind: "gatewayUp", portals: [], incarnationSeen: 0 } as const;
  const gateways = [testNode(8), testNode(9)] as const;
  for (const gateway of gateways) catalog.done({ ...up, gateway, bootId: "a" });
  const copy = encodeState(catalog.state);
  const mirror = new CatalogMirror();
  const replace = ({ state }: TestCatalog) => mirror.replace([...state.view.list()], 1);
  replace(catalog);
  const seen = new NumbersSeen({ disks: { all: [] }, view: mirror });
  expect(seen.onChanges(replace(catalog)), "told in full").toBe(false);
  catalog.done({ ...up, gateway: gateways[0], bootId: "b" });
  expect(seen.onChanges(replace(catalog)), "a newer one").toBe(false);
  for (const [gateway, bootId] of [
    [gateways[1], "b"],
    [gateways[0], "c"],
  ] as const) {
    const restored = new TestCatalog(decodeState(copy));
    restored.done({ ...up, gateway, bootId });
    expect(seen.onChanges(replace(restored)), `${gateway} was given the same number`).toBe(true);
    expect(seen.onChanges(replace(restored)), "told once").toBe(false);
    seen.onChanges(replace(catalog));
  }
});

test("P10: the incarnations of operations that are remembered are seen, which outlive this process", async () => {
  nodes = new ReplicaNodes(1);
  const chunk = chunkId(nodes.volume(1, 1, 1), 0);
  await nodes.operate(chunk);
  const { disk } = nodes.node(1);
  const { tail, promisedEpoch } = disk.store.status(chunk);
  await disk.store.append(chunk, {
    kind: "noop",
    lsn: { epoch: promisedEpoch, seq: tail.seq + 1 },
    opId: { incarnation: 1077, seq: 1 },
    lowestUnresolvedSeq: 1,
    offset: 0,
    length: 0,
  });
  const seen = new NumbersSeen({ disks: { all: [disk] }, view: new CatalogMirror() });
  expect(seen.numbers().incarnationSeen).toBe(1077);
  disk.store.commit(chunk, { epoch: promisedEpoch, seq: tail.seq + 1 });
  const later = new NumbersSeen({ disks: { all: [disk] }, view: new CatalogMirror() });
  expect(later.numbers().incarnationSeen, "P10: as windows have them").toBe(1077);
});
