// What a replacement of lost members takes, and what it leaves as it is.
import { chunkId } from "@ashlar/core";
import { expect, test } from "vitest";
import { CHUNKS_PER_COMMAND_MAX } from "../command.ts";
import { TestCatalog, testNode, testStore } from "../testing/cluster.ts";

/** Three nodes and a chunk with copies on two of them, one of which has failed. */
function degraded() {
  const catalog = TestCatalog.created(3);
  const chunk = chunkId(catalog.volume(1, 1, 2), 0);
  const config = () => catalog.state.view.chunk(chunk)!;
  const free = [1, 2, 3].find((node) =>
    config().members.every((one) => one.node !== testNode(node)),
  )!;
  const lost = config().members[1]!.storeUuid;
  catalog.done({ kind: "storeDown", store: lost });
  const { version } = config();
  const item = { chunk, version, lost, node: testNode(free), store: testStore(free) };
  return { catalog, config, item, free };
}

test("K3: the new member learns, and is in sync only when its primary says so", () => {
  const { catalog, config, item, free } = degraded();
  expect(config().isr).toHaveLength(1);
  expect(catalog.done({ kind: "replaceMembers", items: [item] })).toEqual({ skipped: [] });
  expect(config().members.map(({ storeUuid }) => storeUuid)).toContain(testStore(free));
  expect(config().members.map(({ storeUuid }) => storeUuid)).not.toContain(item.lost);
  expect(config()).toMatchObject({ learners: [testStore(free)] });
  expect(config().isr).toHaveLength(1);
  // Asked for once more it is of an older version.
  const again = catalog.done({ kind: "replaceMembers", items: [item] });
  expect(again.skipped).toEqual([item.chunk]);
  const { epoch, version, chunk } = config();
  catalog.done({ kind: "addToIsr", items: [{ chunk, epoch, version, store: testStore(free) }] });
  expect(config().isr).toHaveLength(2);
  expect(catalog.faults).toEqual([]);
});

test("a member in sync or learning, a node with a copy, a store that is not up: left as it is", () => {
  const { catalog, config, item } = degraded();
  const [inSync] = config().isr;
  const leads = config().primary.node;
  const other = config().members.find(({ storeUuid }) => storeUuid === inSync)!;
  const before = config();
  const wrong = [
    { ...item, lost: inSync! },
    { ...item, version: item.version - 1 },
    { ...item, node: leads, store: other.storeUuid },
    { ...item, store: testStore(7) },
    { ...item, lost: testStore(7) },
    { ...item, store: item.lost },
  ];
  const { skipped } = catalog.done({ kind: "replaceMembers", items: wrong });
  expect(skipped).toHaveLength(wrong.length);
  expect(config()).toEqual(before);
  catalog.nodeDown(Number(item.node.split("-")[1]));
  expect(catalog.done({ kind: "replaceMembers", items: [item] }).skipped).toHaveLength(1);
  expect(catalog.faults).toEqual([]);
});

test("another disk of the same node may take the copy of one that failed", () => {
  const catalog = TestCatalog.created(2, 2);
  const chunk = chunkId(catalog.volume(1, 1, 2), 0);
  const config = () => catalog.state.view.chunk(chunk)!;
  const lost = config().members.find(({ node }) => node === testNode(2))!.storeUuid;
  catalog.done({ kind: "storeDown", store: lost });
  const store = [testStore(2, 1), testStore(2, 2)].find((one) => one !== lost)!;
  const { version } = config();
  const item = { chunk, version, lost, node: testNode(2), store };
  expect(catalog.done({ kind: "replaceMembers", items: [item] })).toEqual({ skipped: [] });
  expect(config().learners).toEqual([store]);
  expect(catalog.faults).toEqual([]);
});

test("who returns finds its place taken, and does not learn", () => {
  const { catalog, config, item } = degraded();
  const away = Number(
    config()
      .members.find(({ storeUuid }) => storeUuid === item.lost)!
      .node.split("-")[1],
  );
  catalog.done({ kind: "replaceMembers", items: [item] });
  const taken = config();
  catalog.nodeDown(away);
  catalog.nodeUp(away, { boot: 2, life: 1 });
  expect(config()).toEqual(taken);
  expect(catalog.faults).toEqual([]);
});

test("a command of more chunks than the limit is refused", () => {
  const { catalog, item } = degraded();
  const items = Array.from({ length: CHUNKS_PER_COMMAND_MAX + 1 }, () => item);
  expect(catalog.apply({ kind: "replaceMembers", items }).result).toMatchObject({
    kind: "refused",
    code: "argument/invalid",
  });
});
