// What is said when a group had no leader for too long, and when that is.
import { type ErrorCode, hasCode, SystemError } from "@ashlar/core";
import { ManualClock } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import { AdminPatience } from "./admin-patience.ts";

const followed = "raft/not-leader" as const;
const silent = "rpc/deadline" as const;

function complaintOf(words: readonly ErrorCode[]): {
  readonly atMs: number;
  readonly text: string;
} {
  const clock = new ManualClock();
  const members = words.map((_, place) => `m${place + 1}`);
  const patience = new AdminPatience({ clock }, { members: () => members });
  for (;;) {
    try {
      for (const [place, code] of words.entries()) {
        patience.failed(`m${place + 1}`, new SystemError(code, "of this test"));
      }
    } catch (thrown) {
      if (!hasCode(thrown, "cluster/unavailable")) throw thrown;
      return { atMs: clock.nowMs(), text: thrown.message };
    }
    clock.advance(100);
  }
}

test.each<[readonly ErrorCode[], number, string]>([
  [[silent, silent], 5_000, "no metadata member answers at m1, m2"],
  [
    [followed, silent, silent],
    10_000,
    "2 of 3 metadata members do not answer: changes wait until one returns",
  ],
  [
    [followed, silent, silent, silent, silent],
    10_000,
    "4 of 5 metadata members do not answer: changes wait until 2 return",
  ],
  [
    [followed, followed, silent],
    10_000,
    "1 of 3 metadata members does not answer, and the others have no leader: changes wait",
  ],
  [
    [followed, followed, followed],
    10_000,
    "the metadata members answer, but had no leader for 10 s",
  ],
])("%j ends after %d ms: %s", (words, atMs, text) => {
  expect(complaintOf(words)).toEqual({ atMs, text });
});

test.each([
  [2, "disk/no-space", "2 of 3 metadata members have no room for their log: changes wait"],
  [1, "cluster/unavailable", "the metadata members answer, but had no leader for 10 s"],
] as const)("of three members %d with a full disk: %s, %s", (full, code, message) => {
  const clock = new ManualClock();
  const patience = new AdminPatience({ clock }, { members: () => ["m1", "m2", "m3"] });
  const tell = (): void => {
    for (const place of [1, 2, 3]) {
      const meta = { diskFull: place <= full };
      patience.failed(`m${place}`, new SystemError(followed, "of this test", meta));
    }
  };
  tell();
  clock.advance(10_000);
  // The last of the three is the one that makes it too many, so that all have been heard again.
  expect(tell).toThrow(expect.objectContaining({ code, message }));
});

test("a leader at work on a call makes no one impatient", () => {
  const clock = new ManualClock();
  const patience = new AdminPatience({ clock }, { members: () => ["m1"] });
  clock.advance(60_000);
  patience.served();
  expect(() => patience.failed("m1", new SystemError(followed, "lost"))).not.toThrow();
  expect(patience.attemptMs(20_000)).toBe(10_000);
  clock.advance(9_900);
  expect(patience.attemptMs(20_000)).toBe(1_000);
});
