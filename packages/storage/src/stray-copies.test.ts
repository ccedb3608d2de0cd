// Copies that were made elsewhere: what becomes of the old ones, and of those that only look old.
import { CatalogMirror } from "@ashlar/catalog";
import { testNode, testStore } from "@ashlar/catalog/testing";
import { type ChunkId, LSN_ZERO, present } from "@ashlar/core";
import { nodeClock, silentLog } from "@ashlar/runtime";
import { afterEach, expect, test } from "vitest";
import { ReplicaMap } from "./replica-map.ts";
import { StrayCopies } from "./stray-copies.ts";
import { chunkOf, ReplicaNodes } from "./testing/replica-nodes.ts";

let nodes: ReplicaNodes;
afterEach(() => nodes.stop());

const config = (chunk: ChunkId) => present(nodes.catalog.state.view.chunk(chunk), "the chunk");
const held = (number: number): number => nodes.node(number).store.chunks().length;

function straysOf(number: number, view = nodes.catalog.state.view as CatalogMirror): StrayCopies {
  const { disk, replicas } = nodes.node(number);
  const running = present(replicas, "it runs");
  return new StrayCopies({ disks: { all: [disk] }, replicas: running, view, log: silentLog });
}

/** The copy of `gone` is made on `to`. */
function replace(chunk: ChunkId, gone: number, to: number): void {
  const { version } = config(chunk);
  const lost = testStore(gone);
  const item = { chunk, version, lost, node: testNode(to), store: testStore(to) };
  expect(nodes.catalog.done({ kind: "replaceMembers", items: [item] })).toEqual({ skipped: [] });
  nodes.tell();
}

/** Three nodes, a chunk with a copy on two of them and none on the third. */
async function pair() {
  nodes = new ReplicaNodes(3);
  const chunk = chunkOf(nodes.volume(1, 1, 2), 0);
  await nodes.operate(chunk);
  const names = config(chunk).members.map(({ node }) => node);
  const numbers = [1, 2, 3];
  const backup = present(
    numbers.find(
      (one) => names.includes(testNode(one)) && config(chunk).primary.node !== testNode(one),
    ),
    "a backup",
  );
  const free = present(
    numbers.find((one) => !names.includes(testNode(one))),
    "a node without",
  );
  return { chunk, backup, free };
}

/** Its copy is made on the third node while a node is away. */
async function replaced() {
  const places = await pair();
  const { chunk, backup, free } = places;
  nodes.kill(backup);
  nodes.declareDown(backup);
  await nodes.operate(chunk);
  replace(chunk, backup, free);
  await nodes.until(() => nodes.isrOf(chunk) === 2);
  return places;
}

test("the new copy holds all that was written; the node that returns gives its own up", async () => {
  const { chunk, backup, free } = await replaced();
  await nodes.operate(chunk);
  await nodes.until(() => nodes.areAlike(chunk));
  expect(held(free)).toBe(1);
  nodes.start(backup);
  const strays = straysOf(backup);
  strays.onCaughtUp();
  await nodes.until(() => held(backup) === 0);
  await strays.stop();
  await nodes.operate(chunk);
  await nodes.until(() => nodes.areAlike(chunk));
});

test("before the mirror has caught up nothing is judged", async () => {
  const { chunk, backup } = await replaced();
  nodes.start(backup);
  const strays = straysOf(backup);
  strays.onChanges([{ kind: "chunk", record: config(chunk) }]);
  await strays.stop();
  expect(held(backup)).toBe(1);
});

test("a copy that has promised a newer epoch than the catalog knows stays: the catalog went back", async () => {
  const { chunk, backup, free } = await replaced();
  const old = new CatalogMirror();
  old.replace([...nodes.catalog.state.view.list()], nodes.catalog.state.view.appliedIndex);
  nodes.start(backup);
  const { store } = nodes.node(backup);
  await store.promise(chunk, config(chunk).epoch + 1);
  const strays = straysOf(backup, old);
  strays.onCaughtUp();
  await strays.stop();
  expect(held(backup)).toBe(1);
  expect(held(free)).toBe(1);
});

test("a copy whose place changed back is kept and brought up to date", async () => {
  const { chunk, backup, free } = await replaced();
  const stale = new CatalogMirror();
  stale.replace([...nodes.catalog.state.view.list()], nodes.catalog.state.view.appliedIndex);
  nodes.start(backup);
  nodes.kill(free);
  nodes.declareDown(free);
  replace(chunk, free, backup);
  await nodes.until(() => nodes.isrOf(chunk) === 2);
  await nodes.operate(chunk);
  const strays = straysOf(backup, stale);
  strays.onCaughtUp();
  await strays.stop();
  expect(held(backup)).toBe(1);
  await nodes.until(() => nodes.areAlike(chunk));
});

test("a copy that a primary has called under a newer configuration than the mirror knows stays", async () => {
  const { chunk, backup } = await replaced();
  const { disk, store, id } = nodes.node(backup);
  const view = nodes.catalog.state.view;
  const disks = { all: [disk], get: () => disk };
  const gateways = { isDead: () => false };
  const ports = { clock: nodeClock, log: silentLog, onDiskFailed: () => {} };
  const map = new ReplicaMap({ node: id, view, disks, gateways, ...ports });
  const { epoch, version, primary } = config(chunk);
  const head = { kind: "newEpoch", chunk, epoch, session: 1, store: store.storeUuid } as const;
  map.fromPrimary(primary.node, {
    ...head,
    version: version + 1,
    tail: LSN_ZERO,
    commit: LSN_ZERO,
  });
  expect(await map.removeStray(chunk, store)).toBe(false);
  expect(held(backup)).toBe(1);
});
