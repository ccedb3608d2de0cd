// The speed of copies over time, for hosts of any kind: what it never does, and how soon it does what.
import { MIB } from "@ashlar/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COPY_WINDOW_MS, CopyGovernor, IDLE_WINDOWS } from "./copy-governor.ts";

const TARGET_MS = 20;
const FLOOR = 8 * MIB;
const SPEED = { latencyTargetMs: TARGET_MS, floorBytesPerSecond: FLOOR };

/** What hosts did in one window: how many operations, how many of them slow, and what was copied. */
interface Window {
  readonly operations: number;
  readonly slow: number;
  readonly slowMs: number;
  readonly copied: number;
  readonly kind: "operation" | "append";
}

class Trial {
  readonly governor: CopyGovernor;
  nowMs = 0;

  constructor(speed = (): typeof SPEED => SPEED) {
    this.governor = new CopyGovernor(speed, this.nowMs);
  }

  get limit(): number {
    return this.governor.bytesPerSecond(this.nowMs);
  }

  /** Copies as fast as it may when `copied` is infinite and a limit is in force. */
  pass({ operations, slow, slowMs, copied, kind }: Window): number {
    const { governor, nowMs } = this;
    for (let at = 0; at < operations; at += 1) {
      const ms = at < slow ? slowMs : TARGET_MS / 4;
      if (kind === "append") governor.onAppended(nowMs, ms);
      else {
        governor.onBegun(nowMs);
        governor.onAnswered(nowMs, ms);
      }
    }
    governor.onCopied(nowMs, Math.min(copied, (this.limit * COPY_WINDOW_MS) / 1_000));
    this.nowMs += COPY_WINDOW_MS;
    return this.limit;
  }
}

const CAPACITY = 400 * MIB;
const COPYING = CAPACITY * (COPY_WINDOW_MS / 1_000);
const QUIET: Window = { operations: 0, slow: 0, slowMs: 0, copied: COPYING, kind: "operation" };
const SLOW: Window = { ...QUIET, operations: 100, slow: 5, slowMs: 80 };
const QUICK: Window = { ...QUIET, operations: 100 };
const arbitraryWindow: fc.Arbitrary<Window> = fc.record({
  operations: fc.constantFrom(0, 1, 2, 50, 300),
  slow: fc.constantFrom(0, 0, 1, 3, 300),
  slowMs: fc.constantFrom(21, 50, 5_000),
  copied: fc.constantFrom(0, MIB, COPYING),
  kind: fc.constantFrom("operation", "append"),
});
const arbitraryPast = fc.array(arbitraryWindow, { maxLength: 40 });
const after = (past: readonly Window[]): Trial => {
  const trial = new Trial();
  for (const window of past) trial.pass(window);
  return trial;
};

describe("whatever happened before, the speed of copies", () => {
  test("is never below the floor, also when that is raised", () => {
    fc.assert(
      fc.property(arbitraryPast, fc.constantFrom(MIB, FLOOR, 64 * MIB), (past, floor) => {
        let floorNow = MIB;
        const trial = new Trial(() => ({ ...SPEED, floorBytesPerSecond: floorNow }));
        for (const window of past) {
          expect(trial.pass(window)).toBeGreaterThanOrEqual(floorNow);
          floorNow = floor;
          expect(trial.limit).toBeGreaterThanOrEqual(floorNow);
        }
      }),
    );
  });

  test("has no limit after five seconds without hosts", () => {
    fc.assert(
      fc.property(arbitraryPast, (past) => {
        const trial = after(past);
        for (let window = 0; window < IDLE_WINDOWS; window += 1) trial.pass(QUIET);
        expect(trial.limit).toBe(Number.POSITIVE_INFINITY);
      }),
    );
  });

  test("is halved at least by every slow window, and at the floor after 6 of 400 MiB/s", () => {
    fc.assert(
      fc.property(arbitraryPast, fc.constantFrom("operation", "append"), (past, kind) => {
        const trial = after(past);
        for (let window = 0; window < 6; window += 1) {
          const before = Math.min(trial.limit, CAPACITY);
          const limit = trial.pass({ ...SLOW, kind });
          expect(limit).toBeLessThanOrEqual(Math.max(FLOOR, before / 2));
        }
        expect(trial.limit).toBe(FLOOR);
      }),
    );
  });

  test("is what a disk can do again within 30 s in which hosts do not mind", () => {
    fc.assert(
      fc.property(arbitraryPast, (past) => {
        const trial = after(past);
        let before = trial.limit;
        for (let window = 0; window < 60; window += 1) {
          const limit = trial.pass(QUICK);
          expect(limit).toBeGreaterThanOrEqual(before);
          before = limit;
        }
        expect(trial.limit).toBeGreaterThanOrEqual(CAPACITY);
      }),
    );
  });
});

/** Hosts wait too long whenever more is copied than the disk has left for copies. */
test.each([40, 100, 250])("it settles where hosts wait as wanted: %i MiB/s are left", (left) => {
  const trial = new Trial();
  let slowWindows = 0;
  let copied = 0;
  for (let window = 0; window < 400; window += 1) {
    const isTooMuch = trial.limit > left * MIB;
    if (window >= 20) {
      slowWindows += isTooMuch ? 1 : 0;
      copied += Math.min(trial.limit, CAPACITY) / 380;
    }
    trial.pass(isTooMuch ? SLOW : QUICK);
  }
  expect(slowWindows / 380).toBeLessThan(0.1);
  expect(copied).toBeGreaterThan(left * MIB * 0.6);
});

describe("what is a sign and what is none", () => {
  const pass = (window: Partial<Window>): number => new Trial().pass({ ...QUIET, ...window });

  test("one slow operation of many is none, of few it is", () => {
    expect(pass({ operations: 50, slow: 1, slowMs: 500 })).toBe(Number.POSITIVE_INFINITY);
    expect(pass({ operations: 300, slow: 3, slowMs: 500 })).toBe(Number.POSITIVE_INFINITY);
    expect(pass({ operations: 300, slow: 4, slowMs: 500 })).toBe(CAPACITY / 4);
    expect(pass({ operations: 50, slow: 2, slowMs: 500 })).toBe(CAPACITY / 4);
    expect(pass({ operations: 2, slow: 1, slowMs: 30 })).toBe(CAPACITY / 2);
  });

  test("where nothing was copied, copies begin at the floor", () => {
    expect(pass({ operations: 5, slow: 5, slowMs: 30, copied: 0 })).toBe(FLOOR);
  });

  test("refused operations are none", () => {
    const trial = new Trial();
    for (let window = 0; window < 4; window += 1) {
      trial.governor.onBegun(trial.nowMs);
      trial.nowMs += COPY_WINDOW_MS;
      trial.governor.onAnswered(trial.nowMs, undefined);
      expect(trial.limit).toBe(Number.POSITIVE_INFINITY);
    }
  });

  test("an operation that is not answered is one, but not for ever", () => {
    const trial = new Trial();
    trial.governor.onBegun(0);
    for (let window = 0; window < 6; window += 1) trial.pass(QUIET);
    expect(trial.limit).toBe(FLOOR);
    expect(trial.governor.report(trial.nowMs).state).toBe("floor");
    trial.nowMs += 60_000;
    expect(trial.limit).toBe(Number.POSITIVE_INFINITY);
  });
});

test("what is told: the state, the speed, and what hosts waited for", () => {
  const trial = new Trial();
  expect(trial.governor.report(0)).toEqual({
    state: "unlimited",
    limitBytesPerSecond: null,
    bytesPerSecond: 0,
    p99Ms: 0,
  });
  trial.pass(SLOW);
  const report = trial.governor.report(trial.nowMs);
  expect(report).toMatchObject({ state: "limited", limitBytesPerSecond: CAPACITY / 4 });
  expect(report.bytesPerSecond).toBe(CAPACITY);
  expect(report.p99Ms).toBeGreaterThanOrEqual(80);
  expect(report.p99Ms).toBeLessThan(85);
});
