// What is hot, from when on, until when; and that an even cluster has no hot spots, whatever it is asked.
import fc from "fast-check";
import { expect, test } from "vitest";
import { HOT_AFTER_MS, HotSpots, type Measures } from "./hot-spots.ts";

const NONE: Measures = { node: [], disk: [], volume: [], cluster: [] };
const nodes = (...figures: number[]): Measures => ({
  ...NONE,
  node: figures.map((figure, at) => ({ id: `storage-${at + 1}`, figure })),
});

/** What is hot after these figures have held for long. */
function settled(spots: HotSpots, measures: Measures, fromMs = 0) {
  spots.look(fromMs, measures);
  return spots.look(fromMs + HOT_AFTER_MS, measures);
}

test("a node far above the mean is hot, once it has been for a while", () => {
  const spots = new HotSpots();
  expect(spots.look(0, nodes(1_000, 100, 100))).toEqual([]);
  expect(spots.look(HOT_AFTER_MS - 1, nodes(1_000, 100, 100))).toEqual([]);
  expect(spots.look(HOT_AFTER_MS, nodes(1_000, 100, 100))).toEqual([
    { kind: "node", id: "storage-1", figure: 1_000, mean: 400 },
  ]);
});

test("figures about the limit do not make it come and go", () => {
  const spots = new HotSpots();
  settled(spots, nodes(1_000, 100, 100));
  // 1.4 times the mean: not enough to become hot, enough to stay it.
  const about = nodes(700, 400, 400);
  expect(spots.look(HOT_AFTER_MS + 1, about)).toHaveLength(1);
  expect(settled(new HotSpots(), about)).toEqual([]);
  expect(spots.look(HOT_AFTER_MS + 2, nodes(500, 500, 500))).toEqual([]);
  expect(spots.look(HOT_AFTER_MS + 3, nodes(1_000, 100, 100)), "it begins anew").toEqual([]);
});

test("one that pauses within the time begins anew, and what nobody waits for is never hot", () => {
  const spots = new HotSpots();
  spots.look(0, nodes(1_000, 0));
  spots.look(HOT_AFTER_MS / 2, nodes(0, 0));
  expect(spots.look(HOT_AFTER_MS, nodes(1_000, 0))).toEqual([]);
  expect(settled(new HotSpots(), nodes(150, 0, 0))).toEqual([]);
});

test("disks are compared by how busy they are, and all together with what they can do", () => {
  const disks = (...figures: number[]): Measures => ({
    ...NONE,
    disk: figures.map((figure, at) => ({ id: `storage-1/disk-${at + 1}`, figure })),
    cluster: [
      { id: "all disks", figure: figures.reduce((sum, one) => sum + one, 0) / figures.length },
    ],
  });
  expect(settled(new HotSpots(), disks(0.9, 0.2, 0.2))).toMatchObject([
    { kind: "disk", id: "storage-1/disk-1" },
  ]);
  expect(settled(new HotSpots(), disks(0.4, 0, 0))).toEqual([]);
  expect(settled(new HotSpots(), disks(0.9, 0.9, 0.85))).toMatchObject([{ kind: "cluster" }]);
});

test("an even cluster has no hot spots, nor has one of a single node", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.infiniteStream(fc.double({ min: 0.8, max: 1.2, noNaN: true })),
      (count, demand, noise) => {
        const figures = [...noise.take(count)].map((factor) => factor * demand);
        const measures = { ...nodes(...figures), volume: nodes(...figures).node };
        expect(settled(new HotSpots(), measures)).toEqual([]);
      },
    ),
  );
});
