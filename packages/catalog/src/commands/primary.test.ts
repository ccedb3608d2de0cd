// What a move of primaries takes, and what it leaves as it is.
import { chunkId, familyId } from "@ashlar/core";
import { expect, test } from "vitest";
import { CHUNKS_PER_COMMAND_MAX } from "../command.ts";
import { TestCatalog, testNode, testStore } from "../testing/cluster.ts";

function pair() {
  const catalog = TestCatalog.created(2);
  const chunk = chunkId(catalog.volume(1, 2, 2), 0);
  const config = () => catalog.state.view.chunk(chunk)!;
  const other = config().members.find(({ node }) => node !== config().primary.node)!;
  const { epoch, version } = config();
  return { catalog, config, other, item: { chunk, epoch, version, store: other.storeUuid } };
}

test("K1 K2: the replica in sync leads, in a new epoch of its node's incarnation", () => {
  const { catalog, config, other, item } = pair();
  expect(catalog.done({ kind: "movePrimaries", items: [item] })).toEqual({ skipped: [] });
  const incarnation = catalog.state.view.nodes.get(other.node)?.incarnation;
  expect(config()).toMatchObject({
    epoch: item.epoch + 1,
    version: item.version + 1,
    primary: { node: other.node, incarnation },
  });
  expect(config().isr).toHaveLength(2);
  // Made again it is of an older version: nothing.
  expect(catalog.done({ kind: "movePrimaries", items: [item] })).toEqual({
    skipped: [item.chunk],
  });
  expect(config().epoch).toBe(item.epoch + 1);
  expect(catalog.faults).toEqual([]);
});

test("K2: who is not in sync, down, failed or unknown does not lead; the others of the command do", () => {
  const { catalog, config, item } = pair();
  const whole = chunkId(familyId(1), 1);
  const second = catalog.state.view.chunk(whole)!;
  const good = {
    chunk: whole,
    epoch: second.epoch,
    version: second.version,
    store: second.isr.find(
      (store) =>
        second.members.find((one) => one.storeUuid === store)?.node !== second.primary.node,
    )!,
  };
  const wrong = [
    { ...item, store: testStore(9) },
    { ...item, version: item.version + 1 },
    { ...item, epoch: item.epoch + 1 },
    { ...item, chunk: chunkId(familyId(7), 0) },
    {
      ...item,
      store: config().members.find(({ node }) => node === config().primary.node)!.storeUuid,
    },
  ];
  const before = config();
  const { skipped } = catalog.done({ kind: "movePrimaries", items: [...wrong, good] });
  expect(skipped).toEqual(wrong.map(({ chunk }) => chunk));
  expect(config()).toEqual(before);
  expect(catalog.state.view.chunk(whole)?.epoch).toBe(second.epoch + 1);

  catalog.nodeDown(2);
  catalog.nodeUp(2, { boot: 2 });
  const learning = config();
  expect(learning.learners).toEqual([testStore(2)]);
  const { epoch, version } = learning;
  const learner = { ...item, epoch, version, store: testStore(2) };
  expect(catalog.done({ kind: "movePrimaries", items: [learner] }).skipped).toEqual([item.chunk]);
  expect(catalog.state.view.chunk(item.chunk)?.primary.node).toBe(testNode(1));
  expect(catalog.faults).toEqual([]);
});

test("a command of more chunks than the limit is refused", () => {
  const { catalog, item } = pair();
  const items = Array.from({ length: CHUNKS_PER_COMMAND_MAX + 1 }, () => item);
  expect(catalog.apply({ kind: "movePrimaries", items }).result).toMatchObject({
    kind: "refused",
    code: "argument/invalid",
  });
});
