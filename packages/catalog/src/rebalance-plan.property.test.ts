// Whatever nodes come and go: moves as few as evenness needs, none a second time, no chunk with fewer copies or two
// in one zone meanwhile.

import { MIB, type NodeId } from "@ashlar/core";
import { soaked } from "@ashlar/core/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { planRebalanceInParts, type RebalancePlan } from "./rebalance-plan.ts";
import type { ChunkConfig } from "./records.ts";
import { TestCatalog, testNode } from "./testing/cluster.ts";
import { planCopies } from "./testing/copies.ts";

const roomOf = () => ({ freeBytes: Number.MAX_SAFE_INTEGER, usedBytes: 64 * MIB });
/** Of what moved because nodes left: what moves once more. */
const LEFT_TO_MOVE = 0.03;
const POLICY = { isGivenUp: () => false, roomOf, copiesMax: 10_000, movesMax: 10_000 };

function plan({ state }: TestCatalog, movesMax = 10_000): RebalancePlan {
  const work = planRebalanceInParts(state.view, { roomOf, movesMax });
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

const allChunks = ({ state: { view } }: TestCatalog): ChunkConfig[] =>
  view.chunks.families().flatMap((family) => view.chunksOf(family));

/** Carries a plan out until all copies are where they belong; how many were made. */
function carryOut(catalog: TestCatalog, { moves }: RebalancePlan): number {
  expect(catalog.done({ kind: "addMembers", items: moves }).skipped).toEqual([]);
  for (;;) {
    const items = allChunks(catalog).flatMap(({ chunk, epoch, version, learners }) =>
      learners.map((store) => ({ chunk, epoch, version, store })),
    );
    catalog.done({ kind: "addToIsr", items });
    const { surplus, additions } = planCopies(catalog, POLICY);
    if (surplus.length + additions.length === 0) break;
    catalog.done({ kind: "dropMembers", items: surplus });
    catalog.done({ kind: "addMembers", items: additions });
  }
  expect(catalog.faults).toEqual([]);
  return moves.length;
}

/** A chunk moves once in a plan: plan after plan, until one says nothing more. */
function carryOutAll(catalog: TestCatalog): {
  readonly made: number;
  readonly last: RebalancePlan;
} {
  let made = 0;
  for (let plans = 0; plans < 10; plans += 1) {
    const next = plan(catalog);
    if (next.moves.length === 0) return { made, last: next };
    made += carryOut(catalog, next);
    for (const { copiesAfter, node } of next.nodes) {
      expect(counts(catalog).get(node), "as it was told").toBe(copiesAfter);
    }
  }
  throw new Error("it never comes to an end");
}

function counts(catalog: TestCatalog, chunks = allChunks(catalog)): Map<NodeId, number> {
  const on = new Map([...catalog.state.view.nodes.keys()].map((node) => [node, 0]));
  for (const { members } of chunks) {
    for (const { node } of members) on.set(node, (on.get(node) ?? 0) + 1);
  }
  return on;
}

const spreadOf = (on: ReadonlyMap<NodeId, number>): number =>
  Math.max(...on.values()) - Math.min(...on.values());

const shape = fc.record({
  nodes: fc.integer({ min: 2, max: 5 }),
  joined: fc.integer({ min: 1, max: 3 }),
  volumes: fc.array(
    fc.record({
      chunks: fc.integer({ min: 1, max: 24 }),
      replicas: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

/** Both copies of each chunk of the first volume have to move: the second of them waits for the next plan. */
const WAITING = {
  nodes: 2,
  joined: 3,
  volumes: [
    { chunks: 15, replicas: 2 },
    { chunks: 2, replicas: 1 },
    { chunks: 18, replicas: 1 },
  ],
};

test("B1: nodes that join get their share, by no more moves than that, and a second plan moves nothing", () => {
  fc.assert(
    fc.property(shape, ({ nodes, joined, volumes }) => {
      const catalog = TestCatalog.created(nodes);
      for (const [at, { chunks, replicas }] of volumes.entries()) {
        catalog.volume(at + 1, chunks, Math.min(replicas, nodes));
      }
      const all = nodes + joined;
      for (let node = nodes + 1; node <= all; node += 1) catalog.nodeUp(node);
      const copies = allChunks(catalog).reduce((sum, { members }) => sum + members.length, 0);
      const { view } = catalog.state;
      const before = counts(catalog);
      const share = copies / all;
      const { made, last } = carryOutAll(catalog);
      const after = counts(catalog);
      expect(spreadOf(after)).toBeLessThanOrEqual(1);
      // What nodes have too much; each volume is made even for itself, which may cost one more.
      const excess = [...before.values()].map((count) => Math.max(0, count - Math.floor(share)));
      const least = excess.reduce((sum, one) => sum + one, 0);
      expect(made).toBeLessThanOrEqual(least + volumes.length);
      for (const { family } of view.volumes.values()) {
        expect(spreadOf(counts(catalog, [...view.chunksOf(family)]))).toBeLessThanOrEqual(1);
      }
      expect(last.nodes.map(({ copies }) => copies)).toEqual(
        last.nodes.map(({ node }) => after.get(node)),
      );
      expect(plan(catalog).moves).toEqual([]);
    }),
    { numRuns: soaked(40), examples: [[WAITING]] },
  );
});

test("nodes that leave are emptied evenly, also for each volume: hardly anything moves afterwards", () => {
  let moved = 0;
  let afterwards = 0;
  for (const [two, three] of [
    [60, 30],
    [24, 24],
    [17, 9],
    [31, 40],
  ] as const) {
    const catalog = TestCatalog.created(3);
    catalog.volume(1, two, 2);
    catalog.volume(2, three, 3);
    for (const number of [4, 5, 6]) catalog.nodeUp(number);
    carryOutAll(catalog);
    for (const number of [4, 5, 6]) {
      moved += counts(catalog).get(testNode(number)) ?? 0;
      catalog.done({ kind: "setNodeService", node: testNode(number), service: "draining" });
    }
    carryOut(catalog, { moves: [], bytes: 0, homeless: 0, changing: 0, nodes: [] });
    const on = counts(catalog);
    expect([4, 5, 6].map((number) => on.get(testNode(number)))).toEqual([0, 0, 0]);
    expect(spreadOf(new Map([...on].filter(([, count]) => count > 0)))).toBeLessThanOrEqual(2);
    afterwards += plan(catalog).moves.length;
  }
  expect(afterwards / moved).toBeLessThan(LEFT_TO_MOVE);
});

test("large nodes hold more, but never two copies of a chunk, and never two in one zone", () => {
  const catalog = TestCatalog.created(0);
  for (const [at, zone] of ["a", "a", "b"].entries()) catalog.nodeUp(at + 1, { zone });
  catalog.volume(1, 30, 2);
  catalog.nodeUp(4, { zone: "b", disks: 3 });
  catalog.nodeUp(5, { zone: "c" });
  carryOutAll(catalog);
  const zones = new Map(
    [...catalog.state.view.nodes.values()].map(({ node, zone }) => [node, zone]),
  );
  for (const { members } of allChunks(catalog)) {
    expect(new Set(members.map(({ node }) => zones.get(node))).size).toBe(2);
  }
  const on = counts(catalog);
  expect(on.get(testNode(4))).toBeGreaterThan(2 * (on.get(testNode(3)) ?? 0));
  expect(on.get(testNode(5))).toBeGreaterThan(0);
  expect(plan(catalog).moves).toEqual([]);
});

test("a plan is no longer than asked for, and what is under way counts where it goes to", () => {
  const catalog = TestCatalog.created(3);
  catalog.volume(1, 60, 2);
  catalog.nodeUp(4);
  const whole = plan(catalog);
  expect(whole.moves).toHaveLength(30);
  const first = plan(catalog, 10);
  expect(first.moves).toHaveLength(10);
  catalog.done({ kind: "addMembers", items: first.moves });
  const rest = plan(catalog);
  expect(rest.moves).toHaveLength(20);
  const again = new Set(first.moves.map(({ chunk }) => chunk));
  expect(rest.moves.some(({ chunk }) => again.has(chunk))).toBe(false);
});

test("where the disks of a node have no room, nothing moves there", () => {
  const catalog = TestCatalog.created(2);
  catalog.volume(1, 20, 1);
  catalog.nodeUp(3);
  const work = planRebalanceInParts(catalog.state.view, {
    roomOf: () => ({ freeBytes: 0, usedBytes: 64 * MIB }),
    movesMax: 100,
  });
  let step = work.next();
  while (!step.done) step = work.next();
  expect(step.value.moves).toEqual([]);
  expect(step.value.homeless).toBeGreaterThan(0);
});
