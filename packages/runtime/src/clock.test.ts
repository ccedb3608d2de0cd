import { expect, test } from "vitest";
import { sleep } from "./clock.ts";
import { ManualClock } from "./testing/manual-clock.ts";

test("timers fire in order of their time, repeating ones as often as they are due", () => {
  const clock = new ManualClock();
  const fired: string[] = [];
  clock.after(30, () => fired.push("once"));
  const repeating = clock.every(10, () => fired.push(`every ${clock.nowMs()}`));
  clock.advance(35);
  repeating.cancel();
  clock.advance(100);
  expect(fired).toEqual(["every 10", "every 20", "once", "every 30"]);
});

test("a sleep ends in time or with the signal", async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const first = sleep(clock, 10, controller);
  clock.advance(10);
  await first;
  const second = sleep(clock, 10, controller);
  controller.abort(new Error("stopped"));
  await expect(second).rejects.toThrow("stopped");
  await expect(sleep(clock, 10, controller)).rejects.toThrow("stopped");
});
