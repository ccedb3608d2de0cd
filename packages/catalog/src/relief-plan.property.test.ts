// Whatever nodes have of room: what leaves a full disk finds a place that may have it, no more than is needed goes, and
// none is filled for it.
import { GIB, MIB, type StoreUuid } from "@ashlar/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { StoreRoom } from "./copy-rooms.ts";
import {
  planReliefInParts,
  RELIEF_COPIES_MAX,
  RELIEVED_SHARE,
  type ReliefPlan,
} from "./relief-plan.ts";
import { TestCatalog, testStore } from "./testing/cluster.ts";

/** Of each disk. */
const SIZE_BYTES = 10 * GIB;

const rooms = (used: readonly number[]): ReadonlyMap<StoreUuid, StoreRoom> =>
  new Map(
    used.map((share, at) => {
      const usedBytes = Math.round(share * SIZE_BYTES);
      return [testStore(at + 1), { usedBytes, freeBytes: SIZE_BYTES - usedBytes }];
    }),
  );

function plan(
  { state }: TestCatalog,
  store: StoreUuid,
  of: ReadonlyMap<StoreUuid, StoreRoom>,
): ReliefPlan {
  const work = planReliefInParts(state.view, store, (one) => of.get(one));
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

const shape = fc.record({
  used: fc.array(fc.double({ min: 0.05, max: 0.99, noNaN: true }), { minLength: 2, maxLength: 6 }),
  volumes: fc.array(
    fc.record({
      chunks: fc.integer({ min: 1, max: 90 }),
      replicas: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});

test("what is planned can be done, makes none too full, and is no more than is needed", () => {
  fc.assert(
    fc.property(shape, ({ used, volumes }) => {
      const catalog = TestCatalog.created(used.length);
      for (const [at, { chunks, replicas }] of volumes.entries()) {
        catalog.volume(at + 1, chunks, Math.min(replicas, used.length));
      }
      const of = rooms(used);
      const store = testStore(1);
      const { moves, bytes } = plan(catalog, store, of);
      expect(moves.length).toBeLessThanOrEqual(RELIEF_COPIES_MAX);
      const excess = (used[0] ?? 0) * SIZE_BYTES - RELIEVED_SHARE * SIZE_BYTES;
      if (excess <= 0) expect(moves).toEqual([]);
      // The last one may be more than was left to do.
      else expect(bytes).toBeLessThan(excess + 64 * MIB + 1);
      expect(moves.every(({ instead }) => instead === store)).toBe(true);
      for (const [other, { usedBytes }] of of) {
        const gets = moves.filter((move) => move.store === other).length;
        if (gets === 0) continue;
        expect(other).not.toBe(store);
        expect(usedBytes + gets * MIB).toBeLessThanOrEqual(RELIEVED_SHARE * SIZE_BYTES);
      }
      expect(catalog.done({ kind: "addMembers", items: moves }).skipped).toEqual([]);
      expect(catalog.faults).toEqual([]);
    }),
  );
});

test("a full disk beside empty ones is relieved; where every node has a copy, or none has room, nothing can be", () => {
  const catalog = TestCatalog.created(3);
  catalog.volume(1, 40, 2);
  const store = testStore(1);
  expect(plan(catalog, store, rooms([0.95, 0.2, 0.2])).moves.length).toBeGreaterThan(0);
  expect(plan(catalog, store, rooms([0.79, 0.2, 0.2])).moves).toEqual([]);
  expect(plan(catalog, store, rooms([0.95, 0.8, 0.9])).moves).toEqual([]);
  const everywhere = TestCatalog.created(2);
  everywhere.volume(1, 40, 2);
  expect(plan(everywhere, store, rooms([0.95, 0.2])).moves).toEqual([]);
});
