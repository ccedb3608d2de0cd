// How many extents pass in a time, and in which order.
import { DEFAULT_COPY_SPEED } from "@ashlar/catalog";
import { EXTENT_SIZE, MIB } from "@ashlar/core";
import { ManualClock } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import { CopyGate } from "./copy-gate.ts";
import { COPY_WINDOW_MS, IDLE_WINDOWS } from "./copy-governor.ts";

const FLOOR = 8 * MIB;
const cluster = {
  copySpeed: { ...DEFAULT_COPY_SPEED, floorBytesPerSecond: FLOOR },
} as ConstructorParameters<typeof CopyGate>[1]["cluster"];

/** A gate at its floor: hosts wait for a second. */
function heldGate(clock: ManualClock): CopyGate {
  const gate = new CopyGate(clock, { cluster });
  keepSlow(gate, clock);
  clock.advance(COPY_WINDOW_MS);
  return gate;
}

function keepSlow({ governor }: CopyGate, clock: ManualClock): void {
  governor.onBegun(clock.nowMs());
  governor.onAnswered(clock.nowMs(), 1_000);
}

test("while hosts do not mind, everything passes at once", () => {
  const gate = new CopyGate(new ManualClock(), { cluster });
  let passed = 0;
  for (let at = 0; at < 1_000; at += 1) gate.pass(() => passed++);
  expect(passed).toBe(1_000);
});

test("held back, extents pass in order and as fast as the floor says", () => {
  const clock = new ManualClock();
  const gate = heldGate(clock);
  const passed: number[] = [];
  for (let at = 0; at < 1_000; at += 1) gate.pass(() => passed.push(at));
  for (let ms = 0; ms < 4_000; ms += 10) {
    keepSlow(gate, clock);
    clock.advance(10);
  }
  expect(passed).toEqual(passed.map((_, at) => at));
  const bytes = passed.length * EXTENT_SIZE;
  expect(bytes).toBeGreaterThan(4 * FLOOR * 0.97);
  // A tenth of a second may have been saved up.
  expect(bytes).toBeLessThan(4.1 * FLOOR + EXTENT_SIZE);
  expect(gate.waitingCount).toBe(1_000 - passed.length);
});

test("what waits passes at once when hosts are gone", () => {
  const clock = new ManualClock();
  const gate = heldGate(clock);
  let passed = 0;
  for (let at = 0; at < 5_000; at += 1) gate.pass(() => passed++);
  for (let window = 0; window <= IDLE_WINDOWS; window += 1) clock.advance(COPY_WINDOW_MS);
  expect(passed).toBe(5_000);
  expect(gate.waitingCount).toBe(0);
});

test("who passes may ask anew: it stands behind all that wait", () => {
  const clock = new ManualClock();
  const gate = heldGate(clock);
  const passed: string[] = [];
  const again = (name: string, left: number) => (): void => {
    passed.push(name);
    if (left > 0) gate.pass(again(name, left - 1));
  };
  gate.pass(again("a", 2));
  gate.pass(again("b", 2));
  for (let ms = 0; ms < 1_000; ms += 1) clock.advance(1);
  expect(passed.sort().join("")).toBe("aaabbb");
});
