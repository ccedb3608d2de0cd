import { expect, test } from "vitest";
import { modeLine, recommendationLines } from "./recommendations.ts";

const QUIET = { advice: "manual", hindrance: "", applied: [] } as const;
const BY_PEOPLE = modeLine("manual");

test("nothing to say is said, and who has to be heard first", () => {
  const none = { hotSpots: [], recommendations: [], waiting: [], ...QUIET };
  expect(recommendationLines(none)).toEqual(["nothing is recommended", BY_PEOPLE]);
  expect(recommendationLines({ ...none, waiting: ["storage-1", "storage-2"] })).toEqual([
    "nothing is judged until storage-1, storage-2 told what hosts ask",
    "nothing is recommended",
    BY_PEOPLE,
  ]);
});

test("what was done is shown with what came of it, and what keeps the rest from being done", () => {
  const done = {
    id: "lead/storage-1/vm1",
    action: "storage-2 leads it",
    from: "storage-1",
    to: "storage-2",
    chunks: 2,
    before: { from: 1000, to: 0 },
  };
  const lines = recommendationLines({
    hotSpots: [],
    recommendations: [],
    waiting: [],
    advice: "auto",
    hindrance: "a node is down",
    applied: [
      { ...done, byItself: true, agoMs: 12_345, after: null },
      { ...done, byItself: false, agoMs: 80_000, after: { from: 510, to: 490.4 } },
    ],
  });
  expect(lines).toEqual([
    "nothing is recommended",
    "done 12 s ago by itself, lead/storage-1/vm1: storage-2 leads it",
    "  before: storage-1 1000/s, storage-2 0/s; after: not known yet",
    "done 80 s ago, lead/storage-1/vm1: storage-2 leads it",
    "  before: storage-1 1000/s, storage-2 0/s; after: storage-1 510/s, storage-2 490/s",
    "leading moves by itself where that is recommended; all else is left to people",
    "nothing is done by itself now: a node is down",
  ]);
});

test("hot spots are shown with the mean of their like, each recommendation with what it does", () => {
  const lines = recommendationLines({
    hotSpots: [
      { kind: "node", id: "storage-1", figure: 1_203.4, mean: 400 },
      { kind: "cluster", id: "all disks", figure: 0.854, mean: 0.854 },
    ],
    recommendations: [
      {
        id: "lead/storage-1/vm1",
        kind: "move-leading",
        reason: "it is hot",
        action: "storage-2 leads it",
        applicable: true,
      },
      { id: "disks", kind: "add-disks", reason: "busy", action: "add disks", applicable: false },
    ],
    waiting: [],
    ...QUIET,
  });
  expect(lines).toEqual([
    "HOT      NAME       NOW        MEAN",
    "node     storage-1  1203/s     400/s",
    "cluster  all disks  85 % busy  -",
    "lead/storage-1/vm1: it is hot",
    "  applied: storage-2 leads it",
    "disks: busy",
    "  by hand: add disks",
    BY_PEOPLE,
  ]);
});
