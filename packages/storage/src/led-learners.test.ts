import type { ChunkConfig } from "@ashlar/catalog";
import { TestCatalog, testNode } from "@ashlar/catalog/testing";
import { nodeClock } from "@ashlar/runtime";
import { expect, test } from "vitest";
import { learnersLedBy } from "./led-learners.ts";

const CHUNKS = 6000;

test("learners that wait for a node are found in slices, and those that need no more are left out", async () => {
  const catalog = TestCatalog.created(3);
  const family = catalog.volume(1, CHUNKS, 2);
  catalog.nodeDown(1);
  catalog.nodeUp(1, { boot: 2 });
  const { view } = catalog.state;
  const self = { node: testNode(2), incarnation: view.nodes.get(testNode(2))?.incarnation ?? 0 };
  const isOurs = ({ learners, primary }: ChunkConfig): boolean =>
    learners.length > 0 && primary.node === self.node;
  const expected = view.chunksOf(family).filter(isOurs);
  const [first] = expected;
  const last = expected.at(-1);
  if (!first || !last) throw new Error("node 2 leads chunks that node 1 learns");
  let turns = 0;
  const clock = {
    ...nodeClock,
    after: (ms: number, call: () => void) => {
      turns += 1;
      return nodeClock.after(ms, call);
    },
  };
  const visited = view.chunks.visited;
  const found: ChunkConfig[] = [];
  await learnersLedBy({ view, clock }, self, (config) => {
    found.push(config);
    if (found.length > 1) return;
    // Meanwhile the last one has learned.
    const { chunk, epoch, version, learners } = last;
    const items = learners.map((store) => ({ chunk, epoch, version, store }));
    catalog.done({ kind: "addToIsr", items });
  });
  expect(found).toEqual(expected.slice(0, -1));
  expect(turns).toBeGreaterThanOrEqual(1);
  expect(view.chunks.visited - visited, "each is looked at once").toBeLessThanOrEqual(CHUNKS);
});
