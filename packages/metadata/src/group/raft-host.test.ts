// What the host owes the core and its callers beyond the group's behaviour as a whole.
import { MIB, nodeId, SystemError } from "@ashlar/core";
import { MESSAGE_VERSION, type Message } from "@ashlar/raft";
import { afterEach, expect, test } from "vitest";
import { gatewayUp, TestGroup, type TestMember } from "../testing/test-group.ts";

let group: TestGroup;
afterEach(() => group.stop());

const heartbeat = (
  from: TestMember,
  to: TestMember,
  { term, commit }: { readonly term: number; readonly commit: number },
): Message => ({
  ...{ version: MESSAGE_VERSION, kind: "heartbeat", round: 0 },
  ...{ from: from.member, to: to.member, term, commit },
});

test("what a leader is asked in the turn in which it lost its place is refused, and so is the rest", async () => {
  group = await TestGroup.of(3);
  const old = group.leader();
  const [next] = group.followers();
  if (!next) throw new Error("a group of three has followers");
  const settled: unknown[] = [];
  const ask = (number: number): void => {
    old.log.propose(gatewayUp(number)).then(
      () => settled.push("done"),
      ({ code }: SystemError) => settled.push(code),
    );
  };
  ask(1);
  old.host.receive(heartbeat(next, old, { term: old.host.status.term + 1, commit: 0 }));
  ask(2);
  await group.settle();
  expect(settled).toHaveLength(2);
});

test("a log that contradicts the group's ends the member, not the message", async () => {
  group = await TestGroup.of(3);
  const leader = group.leader();
  const [behind] = group.followers();
  if (!behind) throw new Error("a group of three has followers");
  const { term, lastIndex } = leader.host.status;
  behind.host.receive(heartbeat(leader, behind, { term, commit: lastIndex + 1_000 }));
  expect(behind.fatal).toMatchObject([{ message: "what is committed is in the log" }]);
});

test("a new member comes in although the snapshot for it could not be written at first", async () => {
  group = await TestGroup.of(1);
  const { name } = group.leader();
  let failures = 2;
  group.diskOf(name).fault = (call, path) => {
    if (call !== "write" || !/snapshot/.test(path) || failures === 0) return undefined;
    failures -= 1;
    return new SystemError("disk/no-space", "full for a moment");
  };
  const second = nodeId("metadata-2");
  const expected = { kind: "memberExpected", node: second, address: "metadata-2:7000" } as const;
  await group.leader().log.propose(expected);
  await group.join(second);
  expect(failures).toBe(0);
});

test("a change that no message could carry to the others is refused", async () => {
  group = await TestGroup.of(1);
  const large = { ...gatewayUp(1), bootId: "x".repeat(16 * MIB) };
  await expect(group.leader().log.propose(large)).rejects.toMatchObject({ code: "rpc/too-large" });
});
