// Whatever nodes went through, the plan makes leading as even as the replicas in sync allow, moves
// nothing a second time, and never names a replica that must not lead.

import { type FamilyId, type NodeId, nodeId, present } from "@ashlar/core";
import { soaked } from "@ashlar/core/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CHUNKS_PER_COMMAND_MAX } from "./command.ts";
import { planPrimaries } from "./primary-plan.ts";
import type { ChunkConfig } from "./records.ts";
import { TestCatalog, testDisk, testNode } from "./testing/cluster.ts";

interface Fate {
  readonly node: number;
  readonly returns: boolean;
  readonly admitted: boolean;
}
const fates = (nodes: number) =>
  fc.array(
    fc.record({
      node: fc.integer({ min: 1, max: nodes }),
      returns: fc.boolean(),
      admitted: fc.boolean(),
    }),
    { maxLength: 8 },
  );
const cluster = fc.integer({ min: 2, max: 4 }).chain((nodes) =>
  fc.record({
    nodes: fc.constant(nodes),
    volumes: fc.array(
      fc.record({
        chunks: fc.integer({ min: 1, max: 5 }),
        replicas: fc.integer({ min: 1, max: Math.min(nodes, 3) }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    fates: fates(nodes),
  }),
);

const allChunks = ({ state: { view } }: TestCatalog): ChunkConfig[] =>
  view.chunks.families().flatMap((family) => view.chunksOf(family));

function admitAll(catalog: TestCatalog): void {
  for (;;) {
    const items = allChunks(catalog).flatMap(({ chunk, epoch, version, learners }) =>
      learners.slice(0, 1).map((store) => ({ chunk, epoch, version, store })),
    );
    if (items.length === 0) return;
    catalog.done({ kind: "addToIsr", items });
  }
}

function lived(of: {
  readonly nodes: number;
  readonly volumes: readonly { readonly chunks: number; readonly replicas: number }[];
  readonly fates: readonly Fate[];
}): TestCatalog {
  const catalog = TestCatalog.created(of.nodes);
  for (const [at, { chunks, replicas }] of of.volumes.entries()) {
    catalog.volume(at + 1, chunks, replicas);
  }
  of.fates.forEach(({ node, returns, admitted }, at) => {
    catalog.nodeDown(node);
    if (returns) catalog.nodeUp(node, { boot: at + 2 });
    if (admitted) admitAll(catalog);
  });
  return catalog;
}

const plan = (catalog: TestCatalog) => planPrimaries(catalog.state.view, CHUNKS_PER_COMMAND_MAX);
const carryOut = (catalog: TestCatalog) =>
  catalog.done({ kind: "movePrimaries", items: plan(catalog) });

/** How many chunks each node that is up leads, of a family or of all. */
function led(catalog: TestCatalog, family?: FamilyId): Map<NodeId, number> {
  const { view } = catalog.state;
  const up = [...view.nodes.values()].filter(({ state }) => state === "up");
  const counts = new Map(up.map(({ node }) => [node, 0]));
  for (const { primary } of family === undefined ? allChunks(catalog) : view.chunksOf(family)) {
    const count = counts.get(primary.node);
    if (count !== undefined) counts.set(primary.node, count + 1);
  }
  return counts;
}
const spreadOf = (counts: ReadonlyMap<NodeId, number>): number =>
  Math.max(0, ...counts.values()) - Math.min(...counts.values(), Number.POSITIVE_INFINITY);

test("K2: each move goes to a replica in sync on a node that is up, and each is carried out", () => {
  fc.assert(
    fc.property(cluster, (of) => {
      const catalog = lived(of);
      const moves = plan(catalog);
      for (const { chunk, store } of moves) {
        const config = present(catalog.state.view.chunk(chunk), "it names chunks that are");
        const target = present(
          config.members.find(({ storeUuid }) => storeUuid === store),
          "a member",
        );
        expect(config.isr).toContain(store);
        expect(config.learners).toEqual([]);
        expect(target.node).not.toBe(config.primary.node);
        expect(catalog.state.view.nodes.get(target.node)?.state).toBe("up");
      }
      expect(new Set(moves.map(({ chunk }) => chunk)).size).toBe(moves.length);
      expect(carryOut(catalog)).toEqual({ skipped: [] });
      expect(catalog.faults).toEqual([]);
    }),
  );
});

test("a second plan moves nothing, and a plan in small parts comes to an end", () => {
  fc.assert(
    fc.property(cluster, fc.integer({ min: 1, max: 3 }), (of, part) => {
      const catalog = lived(of);
      const whole = lived(of);
      carryOut(whole);
      expect(plan(whole)).toEqual([]);
      const chunks = allChunks(catalog).length;
      let rounds = 0;
      for (;;) {
        const items = planPrimaries(catalog.state.view, part);
        expect(items.length).toBeLessThanOrEqual(part);
        if (items.length === 0) break;
        catalog.done({ kind: "movePrimaries", items });
        rounds += 1;
        expect(rounds).toBeLessThanOrEqual(2 * chunks);
      }
    }),
  );
});

/** The smallest spread of a volume among all ways to choose a leader for each chunk. */
function smallestSpread(catalog: TestCatalog, family: FamilyId): number {
  const { view } = catalog.state;
  const chunks = view.chunksOf(family);
  let best = Number.POSITIVE_INFINITY;
  const counts = new Map([...led(catalog, family).keys()].map((node) => [node, 0]));
  const choose = (at: number): void => {
    const config = chunks[at];
    if (!config) {
      best = Math.min(best, spreadOf(counts));
      return;
    }
    const free = config.learners.length === 0 && counts.has(config.primary.node);
    const inSync = config.members.filter(({ storeUuid }) => config.isr.includes(storeUuid));
    const candidates = free
      ? inSync.map(({ node }) => node).filter((node) => counts.has(node))
      : [config.primary.node];
    for (const node of candidates) {
      const count = counts.get(node);
      if (count !== undefined) counts.set(node, count + 1);
      choose(at + 1);
      if (count !== undefined) counts.set(node, count);
    }
  };
  choose(0);
  return best;
}

test("each volume is led as evenly as its replicas in sync allow", () => {
  fc.assert(
    fc.property(cluster, (of) => {
      const catalog = lived(of);
      carryOut(catalog);
      for (const { family } of catalog.state.view.volumes.values()) {
        expect(spreadOf(led(catalog, family))).toBe(smallestSpread(catalog, family));
      }
    }),
  );
});

// Of a few chunks, chance may have put so many on the same two nodes that no choice is even.
test("after every node went and came back, volumes of many chunks and the whole are even within 1", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 5 }),
      fc.array(fc.integer({ min: 40, max: 90 }), { minLength: 1, maxLength: 5 }),
      (nodes, sizes) => {
        const catalog = TestCatalog.created(nodes);
        for (const [at, chunks] of sizes.entries()) catalog.volume(at + 1, chunks, 2);
        for (let node = 1; node <= nodes; node += 1) {
          catalog.nodeDown(node);
          catalog.nodeUp(node, { boot: 2 });
          admitAll(catalog);
        }
        carryOut(catalog);
        expect(catalog.faults).toEqual([]);
        for (const { family } of catalog.state.view.volumes.values()) {
          expect(spreadOf(led(catalog, family))).toBeLessThanOrEqual(1);
        }
        expect(spreadOf(led(catalog))).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: soaked(50) },
  );
});

test("many volumes of one chunk are spread over the nodes, in proportion to their size", () => {
  const catalog = TestCatalog.created(2);
  catalog.done({
    kind: "nodeUp",
    node: testNode(3),
    bootId: "large",
    address: "127.0.0.1:7003",
    disks: [testDisk(3, 1), testDisk(3, 2)],
    familySeen: 0,
    incarnationSeen: 0,
    zone: "",
  });
  for (let number = 1; number <= 40; number += 1) catalog.volume(number, 1, 3);
  for (const node of [2, 3]) {
    catalog.nodeDown(node);
    catalog.nodeUp(node, { boot: 2, disks: node === 3 ? 2 : 1 });
    admitAll(catalog);
  }
  carryOut(catalog);
  expect(led(catalog)).toEqual(
    new Map([
      [nodeId("storage-1"), 10],
      [nodeId("storage-2"), 10],
      [nodeId("storage-3"), 20],
    ]),
  );
  expect(plan(catalog)).toEqual([]);
});

test("no more chunks move than were led elsewhere before", () => {
  const catalog = TestCatalog.created(3);
  catalog.volume(1, 300, 2);
  const before = led(catalog).get(testNode(1)) ?? 0;
  catalog.nodeDown(1);
  catalog.nodeUp(1, { boot: 2 });
  admitAll(catalog);
  expect(led(catalog).get(testNode(1))).toBe(0);
  expect(plan(catalog).length).toBe(before);
});
