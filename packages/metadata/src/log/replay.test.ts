import type { Entry, HardState } from "@ashlar/raft";
import { entriesOf, entryAt } from "@ashlar/raft/testing";
import { describe, expect, test } from "vitest";
import { replay } from "./replay.ts";
import type { FoundSegment, Frame } from "./segment.ts";

const NO_SNAPSHOT = { term: 0, index: 0 };
const HARD_STATE = { term: 2, vote: 3, commit: 0 };

const frame = (entries: readonly Entry[], hardState?: HardState): Frame => ({ hardState, entries });
const segment = (
  { index, term, hardState = HARD_STATE }: { index: number; term: number; hardState?: HardState },
  ...frames: readonly Frame[]
): FoundSegment => ({
  path: `after ${index}`,
  start: { sequence: 1, hardState, last: { term, index } },
  frames,
  lastFrameAt: undefined,
  length: 0,
  tornBytes: 0,
});
const first = (...frames: readonly Frame[]) => segment({ index: 0, term: 0 }, ...frames);

describe("replay", () => {
  test("takes the hard state of a segment's head, then those of its frames", () => {
    expect(replay([first()], NO_SNAPSHOT).hardState).toEqual(HARD_STATE);
    const later = { term: 5, vote: 0, commit: 1 };
    const log = [first(frame(entriesOf(1, 2, 2), later)), segment({ index: 2, term: 2 })];
    expect(replay(log.slice(0, 1), NO_SNAPSHOT).hardState).toEqual(later);
    expect(replay(log, NO_SNAPSHOT).hardState).toEqual(HARD_STATE);
  });

  test("lets an entry cut off what it contradicts, also in the segment before", () => {
    const log = [
      first(frame(entriesOf(1, 5, 1))),
      segment({ index: 5, term: 1 }, frame([entryAt(3, 2)])),
    ];
    expect(replay(log, NO_SNAPSHOT).entries).toEqual([...entriesOf(1, 2, 1), entryAt(3, 2)]);
  });

  test("cuts the log to where the next segment says that it stood", () => {
    const log = [first(frame(entriesOf(1, 5, 1))), segment({ index: 3, term: 1 })];
    expect(replay(log, NO_SNAPSHOT).entries).toEqual(entriesOf(1, 3, 1));
  });

  test("begins anew at a segment that does not continue the log but that a snapshot reaches", () => {
    const log = [
      first(frame(entriesOf(1, 5, 1))),
      segment({ index: 9, term: 2 }, frame(entriesOf(10, 11, 2))),
    ];
    expect(replay(log, { index: 9, term: 2 })).toEqual({
      hardState: { ...HARD_STATE, commit: 9 },
      before: { index: 9, term: 2 },
      entries: entriesOf(10, 11, 2),
      restarts: false,
    });
    expect(() => replay(log, { index: 8, term: 2 })).toThrow("entries are missing");
  });

  test("keeps entries before the snapshot, and those after it only if the log agrees", () => {
    const log = [first(frame(entriesOf(1, 5, 1)))];
    expect(replay(log, { index: 3, term: 1 })).toMatchObject({
      before: NO_SNAPSHOT,
      entries: entriesOf(1, 5, 1),
      restarts: false,
    });
    for (const snapshot of [
      { index: 3, term: 2 },
      { index: 6, term: 1 },
    ]) {
      expect(replay(log, snapshot)).toMatchObject({
        before: snapshot,
        entries: [],
        restarts: true,
        hardState: { commit: snapshot.index },
      });
    }
  });

  test("an entry that overwrites what went with dropped segments is where the log begins", () => {
    const log = [segment({ index: 5, term: 1 }, frame([4, 5, 6].map((at) => entryAt(at, 2))))];
    expect(replay(log, { index: 5, term: 2 })).toMatchObject({
      before: { index: 4, term: 2 },
      entries: entriesOf(5, 6, 2),
      restarts: false,
    });
  });

  test("the term is not behind the log's after a received snapshot, and no vote is made up", () => {
    expect(replay([first()], { index: 6, term: 4 }).hardState).toEqual({
      term: 4,
      vote: 0,
      commit: 6,
    });
    expect(replay([first()], { index: 6, term: 2 }).hardState).toEqual({
      ...HARD_STATE,
      commit: 6,
    });
  });

  test.each([
    ["a gap between entries", [first(frame([entryAt(1, 1), entryAt(3, 1)]))]],
    ["a first segment that is gone", [segment({ index: 2, term: 1 }, frame([entryAt(3, 1)]))]],
    ["a commit index past the end", [first(frame([entryAt(1, 1)], { ...HARD_STATE, commit: 2 }))]],
    [
      "an end that is not the one it had",
      [first(frame([entryAt(1, 1)])), segment({ index: 1, term: 2 })],
    ],
  ])("%s is a hole", (_, log) => {
    expect(() => replay(log, NO_SNAPSHOT)).toThrow(
      expect.objectContaining({ code: "disk/corrupt" }),
    );
  });
});
