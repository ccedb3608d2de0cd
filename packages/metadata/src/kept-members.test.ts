import { nodeId } from "@ashlar/core";
import { expect, test } from "vitest";
import { KeptMembers } from "./kept-members.ts";

const A = nodeId("storage-1");
const B = nodeId("storage-2");
const C = nodeId("storage-3");

test("who fell is looked at once, and again when one that counted as silent is heard", () => {
  const kept = new KeptMembers();
  kept.fell(A, 1_000);
  expect(kept.due(1_000)).toEqual([A]);
  expect(kept.due(60_000)).toEqual([]);
  kept.heardAgain(60_000);
  expect(kept.due(60_000)).toEqual([A]);
  expect(kept.due(60_100)).toEqual([]);
});

test("after one has come back the others have two seconds to do so as well", () => {
  const kept = new KeptMembers();
  for (const node of [A, B, C]) kept.fell(node, 0);
  expect(kept.due(0)).toEqual([A, B, C]);
  kept.returned(B, 5_000);
  kept.returned(A, 6_500);
  expect(kept.due(6_999)).toEqual([]);
  expect(kept.due(7_000)).toEqual([C]);
});

test("one that was down before is looked at when the others had time to be heard", () => {
  const kept = new KeptMembers();
  kept.wasDown(A, 1_000);
  expect(kept.due(2_999)).toEqual([]);
  expect(kept.due(3_000)).toEqual([A]);
});
