// Which disk is slow, from when on, until when; and that none is for what all of them do, or for a moment.

import { nodeId, storeUuid } from "@ashlar/core";
import { soaked } from "@ashlar/core/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type DiskSeen, SLOW_FACTOR, SLOW_LIMIT_MS, SlowDisks } from "./slow-disks.ts";

const SLOT_MS = 5_000;
const SLOW_SLOTS = 4;
const WELL_SLOTS = 6;
const OPTIONS = { slowAfterMs: SLOW_SLOTS * SLOT_MS, wellAfterMs: WELL_SLOTS * SLOT_MS };

const storeOf = (number: number) =>
  storeUuid(`00000000-0000-4000-8000-${String(number).padStart(12, "0")}`);

interface Figures {
  readonly syncMs?: number | undefined;
  readonly readMs?: number | undefined;
  readonly isSlow?: boolean | undefined;
  /** Of the slot. */
  readonly busy?: number | undefined;
}

/** Nodes with one disk each, in one slot. */
const seen = (slot: number, ...disks: readonly Figures[]): readonly DiskSeen[] =>
  disks.map(({ syncMs, readMs, isSlow = false, busy = 0.5 }, at) => {
    const times = (ms: number | undefined) =>
      ms === undefined
        ? { count: 0, quartileMs: 0, busyMs: 0 }
        : { count: 10, quartileMs: ms, busyMs: busy * SLOT_MS };
    return {
      node: nodeId(`storage-${at + 1}`),
      disk: "disk-1",
      store: storeOf(at + 1),
      isSlow,
      times: { slot, slotMs: SLOT_MS, reads: times(readMs), syncs: times(syncMs) },
    };
  });
const syncs = (...all: number[]): Figures[] => all.map((syncMs) => ({ syncMs }));

/** What is found slow in one slot after the other. */
function found(judge: SlowDisks, slots: number, figures: readonly Figures[], from = 1): string[] {
  return Array.from({ length: slots }, (_, at) => judge.look(seen(from + at, ...figures))).map(
    ({ slow }) => slow?.node ?? "",
  );
}

test("a disk far slower than the others is named with both figures, once it has been so for long", () => {
  const judge = new SlowDisks(OPTIONS);
  const figures = syncs(8, 300, 12, 9);
  expect(found(judge, SLOW_SLOTS - 1, figures)).toEqual(["", "", ""]);
  const last = seen(SLOW_SLOTS, ...figures);
  expect(judge.look(last).slow).toEqual({
    node: "storage-2",
    disk: "disk-1",
    store: storeOf(2),
    reason:
      "storage-2/disk-1: a quarter of its syncs of writes takes 300 ms and more, on the other disks 9.0 ms, for 20 s",
  });
  expect(judge.look(last).slow?.node, "told again until it is marked").toBe("storage-2");
});

test("reads count as well, and a slot is looked at once however often it is told", () => {
  const judge = new SlowDisks(OPTIONS);
  const figures = [...[1, 1, 500].map((readMs) => ({ readMs, syncMs: 5 }))];
  for (let again = 0; again < 20; again += 1) {
    expect(judge.look(seen(1, ...figures)).slow).toBeUndefined();
  }
  expect(found(judge, 3, figures, 2).at(-1)).toBe("storage-3");
});

test("one slot in order, one that is missing, or a new process: it begins anew", () => {
  const figures = syncs(8, 300, 12);
  const judge = new SlowDisks(OPTIONS);
  found(judge, 3, figures);
  expect(found(judge, 1, syncs(8, 12, 12), 4)).toEqual([""]);
  expect(found(judge, 3, figures, 5)).toEqual(["", "", ""]);
  expect(found(judge, 3, figures, 9), "slot 8 was never told").toEqual(["", "", ""]);
  expect(found(judge, 3, figures, 1)).toEqual(["", "", ""]);
  expect(found(judge, 1, figures, 4)).toEqual(["storage-2"]);
});

test.each([
  ["all are slow", syncs(300, 310, 290)],
  ["it is the slowest, and in order", syncs(2, 90, 2)],
  ["it is not so much slower", syncs(80, 350, 80)],
  ["two of three are slow", syncs(300, 300, 8)],
  ["there is one other to compare with", syncs(300, 8)],
  ["nobody else has anything to do", [{ syncMs: 300 }, {}, {}]],
  ["nobody waits for it", [{ syncMs: 300, busy: 0.05 }, { syncMs: 2 }, { syncMs: 2 }]],
  ["it is slow already", [{ syncMs: 300, isSlow: true }, { syncMs: 2 }, { syncMs: 2 }]],
])("none is slow when %s", (_why, figures) => {
  expect(new Set(found(new SlowDisks(OPTIONS), 20, figures))).toEqual(new Set([""]));
});

test("of two that are slow the worse one comes first", () => {
  const figures = syncs(8, 200, 700, 8, 9);
  expect(found(new SlowDisks(OPTIONS), SLOW_SLOTS, figures).at(-1)).toBe("storage-3");
});

test("a slow disk is well after many slots in order; one without work does not count, one that is half slow begins anew", () => {
  const judge = new SlowDisks(OPTIONS);
  const well = (slots: number, from: number, ms: number | undefined): string[] =>
    Array.from({ length: slots }, (_, at) =>
      judge.look(seen(from + at, { syncMs: ms, isSlow: true }, { syncMs: 2 }, { syncMs: 2 })),
    ).flatMap((verdict) => verdict.well.map(({ node }) => node));
  expect(well(WELL_SLOTS - 1, 1, 10)).toEqual([]);
  expect(well(1, WELL_SLOTS, 60), "half of the limit, and more").toEqual([]);
  expect(well(WELL_SLOTS - 1, 7, 10)).toEqual([]);
  expect(well(10, 12, undefined)).toEqual([]);
  expect(well(1, 22, 10)).toEqual(["storage-1"]);
});

test("one that people trust again must be slow for as long again", () => {
  const judge = new SlowDisks(OPTIONS);
  const figures = (isSlow: boolean) => [{ syncMs: 300, isSlow }, { syncMs: 2 }, { syncMs: 2 }];
  found(judge, 10, figures(true));
  expect(found(judge, SLOW_SLOTS, figures(false), 11)).toEqual(["", "", "", "storage-1"]);
});

const HOUR_SLOTS = 720;

/** Load that all disks share comes and goes; each also has pauses of its own, as disks in order do. */
test("an hour of load names no disk in order, however busy all are, in 20 clusters", () => {
  const course = fc.record({
    seed: fc.integer({ min: 1, max: 2 ** 31 }),
    disks: fc.integer({ min: 3, max: 12 }),
    /** Milliseconds of the calm cluster: SSDs to disks with heads. */
    calmMs: fc.constantFrom(0.5, 4, 15, 30),
  });
  fc.assert(
    fc.property(course, ({ seed, disks, calmMs }) => {
      let state = seed;
      const random = (): number => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state / 2 ** 32;
      };
      const judge = new SlowDisks(OPTIONS);
      let load = 1;
      for (let slot = 1; slot <= HOUR_SLOTS; slot += 1) {
        load = Math.max(1, Math.min(40, load * (0.7 + random() * 0.7)));
        const figures = Array.from({ length: disks }, () => {
          const own = 0.5 + random();
          // One slot in fifty is one of a hiccup: a checkpoint, a log that is rotated, garbage collected.
          const hiccupMs = random() < 0.02 ? random() * 3_000 : 0;
          const ms = calmMs * load * own + hiccupMs;
          return { syncMs: ms, readMs: ms / 2, busy: random() };
        });
        const { slow } = judge.look(seen(slot, ...figures));
        if (slow) expect.fail(`slot ${slot}: ${slow.reason}`);
      }
    }),
    { numRuns: soaked(20) },
  );
});

test("whatever disks do: who is named was slow in each of the last slots, by the limit and by the others", () => {
  const slot = fc.array(
    fc.record({
      syncMs: fc.option(fc.constantFrom(1, 20, 60, 120, 400, 2_000), { nil: undefined }),
      isSlow: fc.boolean(),
      busy: fc.constantFrom(0, 0.05, 0.5),
    }),
    { minLength: 5, maxLength: 5 },
  );
  fc.assert(
    fc.property(fc.array(slot, { minLength: 1, maxLength: 12 }), (slots) => {
      const judge = new SlowDisks(OPTIONS);
      slots.forEach((figures, at) => {
        const { slow, well } = judge.look(seen(at + 1, ...figures));
        expect(well.every(({ isSlow }) => isSlow)).toBe(true);
        if (!slow) return;
        const own = figures.findIndex((_, disk) => slow.store === storeOf(disk + 1));
        const past = slots.slice(at + 1 - SLOW_SLOTS, at + 1);
        expect(past).toHaveLength(SLOW_SLOTS);
        for (const before of past) {
          const { syncMs = 0, isSlow, busy } = before[own] ?? { isSlow: true, busy: 0 };
          const others = before
            .filter((one, disk) => disk !== own && !one.isSlow && one.syncMs !== undefined)
            .map((one) => one.syncMs ?? 0)
            .sort((a, b) => a - b);
          expect(isSlow).toBe(false);
          expect(busy).toBeGreaterThanOrEqual(0.1);
          expect(others.length).toBeGreaterThanOrEqual(2);
          expect(syncMs).toBeGreaterThanOrEqual(SLOW_LIMIT_MS);
          const median = others[Math.floor(others.length / 2)] ?? 0;
          expect(syncMs).toBeGreaterThanOrEqual(SLOW_FACTOR * median);
        }
      });
    }),
    { numRuns: soaked(300) },
  );
});
