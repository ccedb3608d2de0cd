import type { CatalogChange } from "@ashlar/catalog";
import { TestCatalog, testNode } from "@ashlar/catalog/testing";
import { chunkId, LSN_ZERO, present } from "@ashlar/core";
import { afterEach, expect, test } from "vitest";
import { GatewayLives } from "./gateway-lives.ts";
import { ReplicaNodes } from "./testing/replica-nodes.ts";

const gatewayUp = (catalog: TestCatalog, number: number, bootId: string): number => {
  const gateway = testNode(number);
  return catalog.done({ kind: "gatewayUp", gateway, bootId, portals: [], incarnationSeen: 0 })
    .incarnation;
};

const nodes: ReplicaNodes[] = [];
afterEach(() => {
  for (const each of nodes.splice(0)) each.stop();
});

test("P10: dead is what the catalog gave and no gateway that is up has; never what it has not heard of", () => {
  const catalog = TestCatalog.created();
  const { view } = catalog.state;
  const first = gatewayUp(catalog, 8, "a");
  const other = gatewayUp(catalog, 9, "a");
  const lives = new GatewayLives({ view, disks: { all: [] } });
  const tell = (from: number): void =>
    lives.onChanges(catalog.steps.slice(from).flatMap(({ changes }) => [...changes]));
  expect([first, other, other + 1].map((incarnation) => lives.isDead(incarnation))).toEqual([
    false,
    false,
    false,
  ]);
  let told = catalog.steps.length;
  const second = gatewayUp(catalog, 8, "b");
  expect(lives.isDead(second), "not heard of yet").toBe(false);
  tell(told);
  expect([first, other, second].map((incarnation) => lives.isDead(incarnation))).toEqual([
    true,
    false,
    false,
  ]);
  told = catalog.steps.length;
  catalog.done({ kind: "gatewayDown", gateway: testNode(9), incarnation: other });
  tell(told);
  expect(lives.isDead(other)).toBe(true);
});

test("P10: nobody dies of a mirror that goes back", () => {
  const [before, now] = [TestCatalog.created(), TestCatalog.created()];
  gatewayUp(before, 8, "a");
  gatewayUp(now, 8, "a");
  const since = gatewayUp(now, 9, "a");
  let { view } = now.state;
  const mirror = {
    get nodes() {
      return view.nodes;
    },
    get gateways() {
      return view.gateways;
    },
  };
  const lives = new GatewayLives({ view: mirror, disks: { all: [] } });
  const records = (catalog: TestCatalog): readonly CatalogChange[] =>
    [...catalog.state.view.gateways.values()].map((record) => ({ kind: "gateway", record }));
  view = before.state.view;
  lives.onChanges(records(before));
  expect(lives.isDead(since)).toBe(false);
  view = now.state.view;
  lives.onChanges(records(now));
  expect(lives.isDead(since)).toBe(false);
  now.done({ kind: "gatewayDown", gateway: testNode(9), incarnation: since });
  lives.onChanges(records(now));
  expect(lives.isDead(since)).toBe(true);
});

test("P10: a gateway of a catalog that went back is served when that was told what this node has seen", () => {
  const lost = TestCatalog.created();
  const restored = TestCatalog.created();
  for (const boot of ["a", "b", "c"]) gatewayUp(lost, 8, boot);
  let { view } = lost.state;
  const mirror = {
    get nodes() {
      return view.nodes;
    },
    get gateways() {
      return view.gateways;
    },
  };
  const lives = new GatewayLives({ view: mirror, disks: { all: [] } });
  const tell = (): void => {
    const records = [...view.gateways.values()];
    lives.onChanges(records.map((record) => ({ kind: "gateway", record })));
  };
  ({ view } = restored.state);
  const early = gatewayUp(restored, 9, "a");
  tell();
  expect(lives.isDead(early), "its number was another's").toBe(true);
  const seen = { familySeen: 0, incarnationSeen: lost.state.lastIncarnation, zone: "" };
  const node = { node: testNode(1), bootId: "a", address: "127.0.0.1:1", disks: [] };
  restored.done({ kind: "nodeUp", ...node, ...seen });
  tell();
  expect(view.gateways.get(testNode(9))?.state, "it has to register anew").toBe("down");
  const anew = gatewayUp(restored, 9, "a");
  tell();
  expect([early, anew].map((incarnation) => lives.isDead(incarnation))).toEqual([true, false]);
});

test("P10: a gateway that died takes its windows with it, and its operations are refused", async () => {
  const cluster = new ReplicaNodes(2);
  nodes.push(cluster);
  const chunk = chunkId(cluster.volume(1, 1, 2), 0);
  const incarnation = gatewayUp(cluster.catalog, 9, "a");
  cluster.tell();
  const opId = { incarnation, seq: 1 };
  await cluster.operate(chunk, { opId, lowestUnresolvedSeq: 1 });
  const windows = (number: number) => cluster.node(number).store.windows(chunk);
  await cluster.until(() => windows(1).length === 1 && windows(2).length === 1);
  expect(windows(1)).toEqual([{ incarnation, lowestUnresolvedSeq: 1, seqs: [1] }]);
  const { tail } = cluster.node(1).store.status(chunk);
  await cluster.operate(chunk, { opId, lowestUnresolvedSeq: 1 });
  expect(cluster.node(1).store.status(chunk).tail, "it is not logged again").toEqual(tail);

  const next = gatewayUp(cluster.catalog, 9, "b");
  cluster.tell();
  expect([windows(1), windows(2)]).toEqual([[], []]);
  const refused = await cluster.operate(chunk, { opId, lowestUnresolvedSeq: 1 });
  expect(refused.status).toBe("staleIncarnation");
  await cluster.operate(chunk, { opId: { incarnation: next, seq: 1 }, lowestUnresolvedSeq: 1 });
  expect(cluster.node(1).store.status(chunk).tail.seq).toBe(tail.seq + 1);
  expect(present(windows(1)[0] ?? windows(2)[0], "a window").incarnation).toBe(next);
  expect(tail).not.toEqual(LSN_ZERO);
});
