import { expect, test } from "vitest";
import { inSlices } from "./slices.ts";
import { ManualClock } from "./testing/manual-clock.ts";

/** Work of which each step takes a millisecond. */
function* steps(clock: ManualClock, count: number): Generator<void, number, undefined> {
  for (let step = 0; step < count; step += 1) {
    clock.advance(1);
    yield;
  }
  return count;
}

/** A clock whose turns are counted; `onTurn` happens in each. */
class TurnClock extends ManualClock {
  turns = 0;
  private readonly onTurn: () => void;

  constructor(onTurn: () => void) {
    super();
    this.onTurn = onTurn;
  }

  override after(_: number, call: () => void): { cancel: () => void } {
    queueMicrotask(() => {
      this.turns += 1;
      this.onTurn();
      call();
    });
    return { cancel: () => {} };
  }
}

test("others have a turn after some milliseconds of work, and short work takes none", async () => {
  const clock = new TurnClock(() => {});
  expect(await inSlices(clock, steps(clock, 7))).toBe(7);
  expect(clock.turns).toBe(0);
  expect(await inSlices(clock, steps(clock, 100))).toBe(100);
  expect(clock.turns).toBe(Math.floor(100 / 8));
});

test("work that nobody wants any more ends at its next pause", async () => {
  const gone = new AbortController();
  const clock = new TurnClock(() => gone.abort(new Error("gone")));
  await expect(inSlices(clock, steps(clock, 100), gone)).rejects.toThrow("gone");
  expect(clock.turns).toBe(1);
});
