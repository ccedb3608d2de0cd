// Whom complaints about broken paths put out, and whom not.
import { TestCatalog, testNode } from "@ashlar/catalog/testing";
import { type NodeId, nodeId } from "@ashlar/core";
import { beforeEach, expect, test } from "vitest";
import { type Complaint, isWaitedFor, PathJudge } from "./path-judge.ts";

const [s1, s2, s3] = [nodeId("storage-1"), nodeId("storage-2"), nodeId("storage-3")] as const;
const [g1, g2] = [nodeId("gateway-1"), nodeId("gateway-2")] as const;
const isStorage = (process: NodeId): boolean => process.startsWith("storage");
const everybodyWaits = { isStorage, isWaited: () => true };

let judge: PathJudge;
let nowMs: number;
beforeEach(() => {
  judge = new PathJudge();
  nowMs = 1_000;
});

/** Pings every 200 ms, all saying the same, until one is picked or the time is over. */
function complain(
  complaints: readonly (readonly [NodeId, ...NodeId[]])[],
  { forMs = 2_000, isWaited = (_: Complaint): boolean => true } = {},
): NodeId | undefined {
  for (const endMs = nowMs + forMs; nowMs < endMs; nowMs += 200) {
    for (const [reporter, ...silent] of complaints) judge.heard(reporter, silent, nowMs);
    const picked = judge.pick(nowMs, { isStorage, isWaited });
    if (picked) return picked;
  }
  return undefined;
}

test("of two storage nodes that lost each other, the one that is not heard is picked", () => {
  expect(complain([[s1, s2]])).toBe(s2);
});

test("a complaint has to last a moment, so that others about the same event can come", () => {
  expect(complain([[s1, s2]], { forMs: 400 })).toBeUndefined();
  expect(complain([[s1, s2]], { forMs: 200 })).toBe(s2);
});

test("a primary that lost all its backups is picked itself, whoever complains", () => {
  expect(complain([[s1, s2, s3]])).toBe(s1);
});

test("a node that nobody hears is picked", () => {
  expect(
    complain([
      [s2, s1],
      [s3, s1],
      [g1, s1],
    ]),
  ).toBe(s1);
});

test("a primary that gateways do not hear is picked", () => {
  expect(complain([[g1, s1]])).toBe(s1);
  judge = new PathJudge();
  expect(
    complain([
      [g1, s1],
      [g2, s1],
    ]),
  ).toBe(s1);
});

test("a gateway that hears no storage node puts none out", () => {
  expect(complain([[g1, s1, s2, s3]])).toBeUndefined();
});

test("a gateway that finds its next primary silent too puts out no second one", () => {
  expect(complain([[g1, s1]])).toBe(s1);
  expect(complain([[g1, s2]], { forMs: 8_000 })).toBeUndefined();
});

test("a path that nobody waits for is left alone", () => {
  let looks = 0;
  const isWaited = (): boolean => {
    looks += 1;
    return false;
  };
  expect(complain([[s1, s2]], { forMs: 10_000, isWaited })).toBeUndefined();
  expect(looks).toBeLessThanOrEqual(10);
});

test("what was said once, and not again, is over", () => {
  judge.heard(s1, [s2], nowMs);
  expect(judge.inTrouble(nowMs)).toBe(true);
  nowMs += 700;
  expect(judge.pick(nowMs, everybodyWaits)).toBeUndefined();
  expect(judge.inTrouble(nowMs)).toBe(false);
});

test("leading is not given back while paths are gone, nor for a minute after one was picked", () => {
  complain([[s1, s2]]);
  nowMs += 59_000;
  expect(judge.inTrouble(nowMs)).toBe(true);
  nowMs += 2_000;
  expect(judge.inTrouble(nowMs)).toBe(false);
});

test("a gateway waits for a primary in vain only if another member in sync could lead", () => {
  const catalog = TestCatalog.created(2);
  const { view } = catalog.state;
  const sole = view.chunksOf(catalog.volume(1, 1, 1))[0]?.primary.node ?? s3;
  expect(isWaitedFor(view, { reporter: g1, about: sole })).toBe(false);
  const pair = view.chunksOf(catalog.volume(2, 1, 2))[0]?.primary.node ?? s3;
  expect(isWaitedFor(view, { reporter: g1, about: pair })).toBe(true);
  catalog.nodeDown(pair === testNode(1) ? 2 : 1);
  expect(isWaitedFor(view, { reporter: g1, about: pair }), "it is the last one").toBe(false);
});

test("whether anybody waits is known at the first chunk that says so", () => {
  const catalog = TestCatalog.created(2);
  const { view } = catalog.state;
  catalog.volume(1, 500, 2);
  const before = view.chunks.visited;
  expect(isWaitedFor(view, { reporter: testNode(1), about: testNode(2) })).toBe(true);
  expect(view.chunks.visited - before).toBe(1);
});
