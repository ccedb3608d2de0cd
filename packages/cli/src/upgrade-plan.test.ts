import { nodeId } from "@ashlar/core";
import type { GroupStatus, MemberAnswer, MemberStatus, ProcessRelease } from "@ashlar/rpc";
import { describe, expect, test } from "vitest";
import { missingOf, type UpgradeProcess, upgradeOrder } from "./upgrade-plan.ts";

const member = (number: number, role: MemberStatus["role"]): MemberStatus => ({
  id: nodeId(`metadata-${number}`),
  address: `127.0.0.1:${number}`,
  member: number,
  role,
  state: "up",
  matchIndex: 1,
  lag: 0,
});
const answer = (number: number): MemberAnswer => ({
  address: `127.0.0.1:${number}`,
  status: {
    self: nodeId(`metadata-${number}`),
    release: { build: "0.1.0", protocol: 3 },
    bootId: `boot-${number}`,
  } as GroupStatus,
});
const release = (kind: ProcessRelease["kind"], id: string): ProcessRelease => ({
  kind,
  id,
  state: "up",
  incarnation: 7,
  build: "0.1.0",
  protocol: 3,
});

test("members first and their leader last, then storage nodes, then gateways", () => {
  const order = upgradeOrder({
    members: [member(1, "leader"), member(2, "follower"), member(3, "follower")],
    answers: [answer(1), answer(2)],
    processes: [
      release("gateway", "gateway-1"),
      release("node", "storage-2"),
      release("node", "storage-1"),
    ],
  });
  expect(order.map(({ id }) => id)).toEqual([
    "metadata-2",
    "metadata-3",
    "metadata-1",
    "storage-1",
    "storage-2",
    "gateway-1",
  ]);
  expect(order[0]).toMatchObject({ up: true, life: "boot-2", build: "0.1.0", protocol: 3 });
  expect(order[1], "it does not answer").toMatchObject({ up: false, life: "", build: "" });
  expect(order[3]).toMatchObject({ life: "7", leads: false });
});

describe("a process is back", () => {
  const before: UpgradeProcess = {
    kind: "node",
    id: nodeId("storage-1"),
    up: true,
    life: "7",
    build: "0.1.0",
    protocol: 3,
    leads: false,
  };
  const after = { ...before, life: "8", build: "0.2.0" };
  test.each<[string, UpgradeProcess | undefined, string | undefined]>([
    ["with another life and the new version", after, undefined],
    ["not while it is the same process", before, "not restarted yet"],
    ["not while it is down", { ...after, up: false }, "is down"],
    ["not while nobody knows it", undefined, "is down"],
    ["not before it has told its version", { ...after, build: "" }, "not told its version"],
    ["not under the old version", { ...after, build: "0.1.0" }, "runs 0.1.0, not 0.2.0"],
  ])("%s", (_, now, missing) => {
    const found = missingOf(before, now, "0.2.0");
    if (missing === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(missing);
  });
});
