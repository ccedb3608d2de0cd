// What a leader does next, for each way a group can differ from what is wanted.
import { expect, test } from "vitest";
import { type GroupSight, nextStep } from "./membership-keeper.ts";

const peer = (id: number, over: object = {}) => ({
  ...{ id, state: "replicate" as const, match: 100, recentActive: true },
  ...over,
});
const sight = (over: Partial<GroupSight>): GroupSight => ({
  self: 1,
  voters: new Set([1, 2, 3]),
  learners: new Set(),
  changing: false,
  lastIndex: 100,
  peers: [1, 2, 3, 4].map((id) => peer(id)),
  heard: new Set([1, 2, 3, 4]),
  wanted: new Set([1, 2, 3]),
  ...over,
});
const change = (...changes: readonly (readonly [string, number])[]) => ({
  kind: "change",
  change: { transition: "auto", changes: changes.map(([kind, id]) => ({ kind, id })) },
});
const replacing = { wanted: new Set([1, 2, 4]), learners: new Set([4]) };

test.each([
  ["all as wanted: nothing", {}, undefined],
  ["one joined: a learner first", { wanted: new Set([1, 2, 3, 4]) }, change(["add-learner", 4])],
  ["under way: wait", { wanted: new Set([1, 2, 3, 4]), changing: true }, undefined],
  [
    "caught up in another's place: both in one step",
    replacing,
    change(["add-voter", 4], ["remove", 3]),
  ],
  ["behind: wait, and keep the one it replaces", { ...replacing, lastIndex: 1_000 }, undefined],
  [
    "learner that is silent for a moment: wait",
    { ...replacing, peers: [peer(1), peer(2), peer(4, { recentActive: false })] },
    undefined,
  ],
  [
    "learner that is gone: holds up nobody",
    { ...replacing, peers: [peer(4, { recentActive: false })], heard: new Set([1, 2]) },
    change(["remove", 3]),
  ],
  [
    "learner that takes a snapshot: wait",
    { ...replacing, peers: [peer(1), peer(2), peer(4, { state: "snapshot" })] },
    undefined,
  ],
  [
    "no longer wanted, but the only other one that answers: stays",
    { wanted: new Set([1, 2]), heard: new Set([1, 3]) },
    undefined,
  ],
  ["no longer wanted: out", { wanted: new Set([1, 2]) }, change(["remove", 3])],
  [
    "this leader is to go: the best other one leads first",
    { wanted: new Set([2, 3]), peers: [peer(1), peer(2, { match: 90 }), peer(3)] },
    { kind: "transfer", to: 3 },
  ],
  [
    "this leader is to go and nobody answers: stay",
    { wanted: new Set([2, 3]), peers: [peer(1), peer(2, { recentActive: false })] },
    undefined,
  ],
] as const)("%s", (_name, over, step) => {
  expect(nextStep(sight(over))).toEqual(step);
});
