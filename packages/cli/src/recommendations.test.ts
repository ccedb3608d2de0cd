import { expect, test } from "vitest";
import { recommendationLines } from "./recommendations.ts";

test("nothing to say is said, and who has to be heard first", () => {
  const none = { hotSpots: [], recommendations: [], waiting: [] };
  expect(recommendationLines(none)).toEqual(["nothing is recommended"]);
  expect(recommendationLines({ ...none, waiting: ["storage-1", "storage-2"] })).toEqual([
    "nothing is judged until storage-1, storage-2 told what hosts ask",
    "nothing is recommended",
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
  });
  expect(lines).toEqual([
    "HOT      NAME       NOW        MEAN",
    "node     storage-1  1203/s     400/s",
    "cluster  all disks  85 % busy  -",
    "lead/storage-1/vm1: it is hot",
    "  applied: storage-2 leads it",
    "disks: busy",
    "  by hand: add disks",
  ]);
});
