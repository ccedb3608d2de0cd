import { MIB, type StoreUuid } from "@ashlar/core";
import { expect, test } from "vitest";
import { planRetirementInParts, type RetirementPlan } from "./retirement-plan.ts";
import { TEST_CHUNK_SIZE, TestCatalog, testStore } from "./testing/cluster.ts";

function planOf(
  { state }: TestCatalog,
  store: StoreUuid,
  freeBytes: (store: StoreUuid) => number = () => 1024 * MIB,
): RetirementPlan {
  // Full copies.
  const roomOf = (uuid: StoreUuid) => ({ freeBytes: freeBytes(uuid), usedBytes: 1024 * MIB });
  const work = planRetirementInParts(state.view, new Set([store]), roomOf);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

test("what can be made again elsewhere is neither alone nor homeless", () => {
  const catalog = TestCatalog.created(3);
  catalog.volume(1, 30, 2);
  const plan = planOf(catalog, testStore(1));
  expect(plan).toMatchObject({ sole: 0, homeless: 0 });
  expect(plan.copies).toBe(20);
});

test("the only copy in sync on a node that is up is alone, whatever others there are", () => {
  const catalog = TestCatalog.created(3);
  catalog.volume(1, 9, 1);
  expect(planOf(catalog, testStore(1))).toMatchObject({ copies: 3, sole: 3, homeless: 0 });
  const pairs = TestCatalog.created(2);
  pairs.volume(1, 6, 2);
  pairs.nodeDown(2);
  expect(planOf(pairs, testStore(1))).toMatchObject({ copies: 6, sole: 6 });
  // Those that are not in sync are missed by nobody.
  expect(planOf(pairs, testStore(2))).toMatchObject({ copies: 6, sole: 0 });
});

test("a copy has a home on a disk with room, of the same node or one without a copy of the chunk", () => {
  const full = TestCatalog.created(3);
  full.volume(1, 5, 3);
  expect(planOf(full, testStore(1)), "each node has one").toMatchObject({ copies: 5, homeless: 5 });
  const disks = TestCatalog.created(3, 2);
  disks.volume(1, 6, 3);
  expect(planOf(disks, testStore(1, 1)), "the node's other disk").toMatchObject({
    copies: 3,
    homeless: 0,
  });
  const free = (store: StoreUuid): number => (store === testStore(1, 2) ? 2 * TEST_CHUNK_SIZE : 0);
  expect(planOf(disks, testStore(1, 1), free)).toMatchObject({ copies: 3, homeless: 1 });
});
