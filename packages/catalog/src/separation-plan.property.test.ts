// Whatever hosts ask of whichever volumes: what is planned makes the node that is asked most be asked less and no other
// one more than it, leaves counts as even as they were, so that leading is not moved back, and ends.

import { type FamilyId, type NodeId, present } from "@ashlar/core";
import { soaked } from "@ashlar/core/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { planPrimaries } from "./primary-plan.ts";
import type { ChunkConfig } from "./records.ts";
import { type NodeDemand, planSeparationInParts, type Separation } from "./separation-plan.ts";
import { TestCatalog, testNode } from "./testing/cluster.ts";

/** What hosts ask of each chunk of a volume. */
type Asked = ReadonlyMap<FamilyId, number>;

const allChunks = ({ state: { view } }: TestCatalog): ChunkConfig[] =>
  view.chunks.families().flatMap((family) => view.chunksOf(family));

function demandsOf(catalog: TestCatalog, asked: Asked): NodeDemand[] {
  return [...catalog.state.view.nodes.keys()].map((node) => {
    const volumes = new Map<FamilyId, number>();
    for (const [family, perChunk] of asked) {
      const led = catalog.state.view.chunksOf(family);
      const count = [...led].filter(({ primary }) => primary.node === node).length;
      if (count > 0) volumes.set(family, count * perChunk);
    }
    return { node, volumes, demand: [...volumes.values()].reduce((sum, one) => sum + one, 0) };
  });
}

const hottest = (demands: readonly NodeDemand[]): NodeDemand =>
  demands.reduce((hot, one) => (one.demand > hot.demand ? one : hot));

function plan(catalog: TestCatalog, demands: readonly NodeDemand[]): Separation | undefined {
  const work = planSeparationInParts(catalog.state.view, { from: hottest(demands).node, demands });
  for (;;) {
    const { done, value } = work.next();
    if (done) return value ?? undefined;
  }
}

function carryOut(catalog: TestCatalog, { items }: Pick<Separation, "items">): void {
  expect(catalog.done({ kind: "movePrimaries", items }).skipped).toEqual([]);
  expect(catalog.faults).toEqual([]);
}

function even(catalog: TestCatalog): void {
  for (let left = 10; left > 0; left -= 1) {
    const items = planPrimaries(catalog.state.view, 1_000);
    if (items.length === 0) return;
    carryOut(catalog, { items });
  }
  throw new Error("leading never becomes even");
}

const demandOf = (demands: readonly NodeDemand[], node: NodeId): number =>
  present(
    demands.find((one) => one.node === node),
    "all are asked",
  ).demand;

const shape = fc.record({
  nodes: fc.integer({ min: 2, max: 5 }),
  volumes: fc.array(
    fc.record({
      // Where volumes have more chunks than there are nodes, being even by count leaves little to do.
      chunks: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 6 })),
      replicas: fc.integer({ min: 1, max: 3 }),
      perChunk: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1_000 })),
    }),
    { minLength: 3, maxLength: 9 },
  ),
});

/** Whatever was led elsewhere here, leading was spread anew afterwards. */
const TAKEN_BACK = {
  nodes: 5,
  volumes: [
    { chunks: 3, replicas: 2, perChunk: 2 },
    { chunks: 2, replicas: 2, perChunk: 2 },
    { chunks: 1, replicas: 2, perChunk: 0 },
    { chunks: 1, replicas: 2, perChunk: 1 },
    { chunks: 3, replicas: 3, perChunk: 3 },
  ],
};

test("each plan lowers the most that a node is asked, nothing is moved back, and it comes to an end", () => {
  let planned = 0;
  fc.assert(
    fc.property(shape, ({ nodes, volumes }) => {
      const catalog = TestCatalog.created(nodes);
      const asked = new Map<FamilyId, number>();
      for (const [at, { chunks, replicas, perChunk }] of volumes.entries()) {
        const family = catalog.volume(at + 1, chunks, Math.min(replicas, nodes));
        asked.set(family, perChunk);
      }
      even(catalog);
      const copies = allChunks(catalog).map(({ members }) => members);
      for (let plans = 0; ; plans += 1) {
        expect(plans, "it ends").toBeLessThan(30);
        const before = demandsOf(catalog, asked);
        const separation = plan(catalog, before);
        if (!separation) break;
        planned += 1;
        carryOut(catalog, separation);
        const after = demandsOf(catalog, asked);
        const { from, to, relief } = separation;
        expect(demandOf(before, from) - demandOf(after, from)).toBeCloseTo(relief, 6);
        expect(demandOf(after, to)).toBeLessThanOrEqual(1.25 * demandOf(after, from) + 1e-6);
        for (const node of [from, to]) {
          expect(demandOf(after, node)).toBeLessThanOrEqual(0.9 * demandOf(before, from) + 1e-6);
        }
        const sum = (demands: readonly NodeDemand[]): number =>
          demands.reduce((total, { demand }) => total + demand ** 2, 0);
        expect(sum(after)).toBeLessThan(sum(before));
        expect(planPrimaries(catalog.state.view, 1_000), "nothing goes back").toEqual([]);
      }
      expect(allChunks(catalog).map(({ members }) => members)).toEqual(copies);
    }),
    { numRuns: soaked(300), examples: [[TAKEN_BACK]] },
  );
  expect(planned).toBeGreaterThan(8);
});

/** Two nodes that each lead two volumes of one chunk; all that hosts ask is asked of one node. */
function sharedNode(): { catalog: TestCatalog; asked: Map<FamilyId, number>; shared: NodeId } {
  const catalog = TestCatalog.created(2);
  const families = [1, 2, 3, 4].map((number) => catalog.volume(number, 1, 2));
  const shared = testNode(1);
  const led = families.filter((family) => {
    const [chunk] = [...catalog.state.view.chunksOf(family)];
    return chunk?.primary.node === shared;
  });
  return { catalog, asked: new Map(led.map((family) => [family, 500])), shared };
}

test("B8: two hot volumes that share a node are separated, and a cold one comes back", () => {
  const { catalog, asked, shared } = sharedNode();
  const before = demandsOf(catalog, asked);
  expect(demandOf(before, shared)).toBe(1_000);
  const separation = present(plan(catalog, before), "there is one");
  expect(separation).toMatchObject({ from: shared, to: testNode(2), relief: 500, chunks: 1 });
  expect(separation.items).toHaveLength(2);
  carryOut(catalog, separation);
  expect(demandsOf(catalog, asked).map(({ demand }) => demand)).toEqual([500, 500]);
  expect(planPrimaries(catalog.state.view, 100)).toEqual([]);
  expect(plan(catalog, demandsOf(catalog, asked))).toBeUndefined();
});

test("one hot chunk alone is nobody's to separate, and what nobody else has a copy of stays", () => {
  const { catalog, asked } = sharedNode();
  const [first] = asked.keys();
  const alone = new Map([[present(first, "a volume"), 500]]);
  expect(plan(catalog, demandsOf(catalog, alone))).toBeUndefined();
  const sole = TestCatalog.created(2);
  const families = [1, 2, 3, 4].map((number) => sole.volume(number, 1, 1));
  const one = new Map(families.map((family) => [family, 500]));
  for (const family of families) {
    const [chunk] = [...sole.state.view.chunksOf(family)];
    if (chunk?.primary.node !== testNode(1)) one.delete(family);
  }
  expect(plan(sole, demandsOf(sole, one))).toBeUndefined();
});
