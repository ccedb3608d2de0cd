import { expect, test } from "vitest";
import {
  BACK_OFF_FIRST_MS,
  BACK_OFF_MAX_MS,
  FIRST_DELAY_MS,
  NO_RESTARTS,
  restartAfter,
  STABLE_MS,
} from "./restart-policy.ts";

function delaysOf(livesMs: readonly number[]): number[] {
  let record = NO_RESTARTS;
  return livesMs.map((livedMs) => {
    const next = restartAfter(record, livedMs);
    record = next.record;
    return next.delayMs;
  });
}

test("the first restart follows at once, behind the report of the exit, whatever the process did before", () => {
  expect(delaysOf([0])).toEqual([FIRST_DELAY_MS]);
  expect(delaysOf([STABLE_MS * 100])).toEqual([FIRST_DELAY_MS]);
});

test("a process that keeps dying is retried more and more slowly, up to the limit", () => {
  const delays = delaysOf([0, 0, 0, 0, 0, 0, 0]);
  expect(delays).toEqual([FIRST_DELAY_MS, 500, 1000, 2000, 4000, 5000, 5000]);
  expect(delays[1]).toBe(BACK_OFF_FIRST_MS);
  expect(delays.at(-1)).toBe(BACK_OFF_MAX_MS);
});

test("a stable life clears the record", () => {
  expect(delaysOf([0, 0, STABLE_MS, 0])).toEqual([FIRST_DELAY_MS, 500, FIRST_DELAY_MS, 500]);
  expect(delaysOf([0, 0, STABLE_MS - 1])).toEqual([FIRST_DELAY_MS, 500, 1000]);
});
