// Figures over the last half minute: what was before is forgotten, and what is not over yet does not count.
import { familyId, storeUuid } from "@ashlar/core";
import { VOLUMES_TOLD_MAX } from "@ashlar/rpc";
import { expect, test } from "vitest";
import { LOAD_SLOT_MS, LOAD_SLOTS, LoadMeter } from "./load-meter.ts";

const STORE = storeUuid("00000000-0000-4000-8000-000000000001");
const work = (beganMs: number, bytes = 4096) => ({ store: STORE, bytes, beganMs });
const WINDOW_MS = LOAD_SLOT_MS * LOAD_SLOTS;

test("rates are those of whole slots, and the same report is told until there is another", () => {
  const meter = new LoadMeter(0);
  for (let ms = 0; ms < LOAD_SLOT_MS; ms += 10) meter.onAnswered(ms, familyId(1), 4096);
  expect(meter.report(LOAD_SLOT_MS - 1)).toBeUndefined();
  const report = meter.report(LOAD_SLOT_MS);
  expect(report).toMatchObject({
    windowMs: LOAD_SLOT_MS,
    operationsPerSecond: 100,
    bytesPerSecond: 409_600,
    volumes: [{ family: 1, operationsPerSecond: 100, bytesPerSecond: 409_600 }],
  });
  meter.onAnswered(LOAD_SLOT_MS, familyId(2), 4096);
  expect(meter.report(LOAD_SLOT_MS + 1)).toBe(report);
  expect(meter.report(2 * LOAD_SLOT_MS)).toMatchObject({
    windowMs: 2 * LOAD_SLOT_MS,
    operationsPerSecond: 50.1,
    volumes: [{ family: 1 }, { family: 2 }],
  });
});

test("after the window nothing is left of it, also when nobody asked meanwhile", () => {
  for (const laterMs of [WINDOW_MS, 100 * WINDOW_MS]) {
    const meter = new LoadMeter(0);
    meter.onAnswered(0, familyId(1), 1);
    meter.onDiskBegun(work(1));
    meter.onDiskEnded(2, work(1, 1));
    expect(meter.report(LOAD_SLOT_MS)?.volumes).toHaveLength(1);
    expect(meter.report(LOAD_SLOT_MS + laterMs)).toEqual({
      windowMs: WINDOW_MS,
      operationsPerSecond: 0,
      bytesPerSecond: 0,
      volumes: [],
      stores: [],
    });
  }
});

test("a disk is busy while anything is to be done, however much, also over the end of a slot", () => {
  const meter = new LoadMeter(0);
  meter.onDiskBegun(work(1_000));
  meter.onDiskBegun(work(1_500));
  meter.onDiskEnded(2_000, work(1_000, 4096));
  meter.onDiskEnded(3_000, work(1_500, 4096));
  meter.onDiskBegun(work(4_500));
  expect(meter.report(LOAD_SLOT_MS)?.stores).toEqual([
    {
      storeUuid: STORE,
      operationsPerSecond: 0.4,
      bytesPerSecond: (2 * 4096) / 5,
      busyShare: 0.5,
      meanMs: 1_250,
    },
  ]);
  meter.onDiskEnded(6_000, work(4_500, 0));
  expect(meter.report(2 * LOAD_SLOT_MS)?.stores[0]?.busyShare).toBe(0.35);
});

test("a disk that does not answer for longer than the window is busy all of it, and no more", () => {
  const meter = new LoadMeter(0);
  meter.onDiskBegun(work(2_500));
  expect(meter.report(LOAD_SLOT_MS)?.stores[0]?.busyShare).toBe(0.5);
  expect(meter.report(20 * WINDOW_MS)?.stores[0]?.busyShare).toBe(1);
});

test("of many volumes the busiest are told, and the sum is that of all", () => {
  const meter = new LoadMeter(0);
  const count = VOLUMES_TOLD_MAX + 10;
  for (let family = 1; family <= count; family += 1) {
    for (let times = 0; times < family; times += 1) meter.onAnswered(1, familyId(family), 0);
  }
  const report = meter.report(LOAD_SLOT_MS);
  expect(report?.volumes).toHaveLength(VOLUMES_TOLD_MAX);
  expect(report?.volumes[0]?.family).toBe(count);
  expect(report?.operationsPerSecond).toBeCloseTo((count * (count + 1)) / 2 / 5);
});
