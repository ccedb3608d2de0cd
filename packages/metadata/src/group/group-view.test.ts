// What is told of the group while it changes: people act on it.
import { afterEach, expect, test } from "vitest";
import { TestGroup } from "../testing/test-group.ts";

let group: TestGroup;
afterEach(() => group.stop());

test("who is removed is shown until the group can do without it", async () => {
  group = await TestGroup.of(2);
  const leader = group.leader();
  const [leaving] = group.followers();
  if (!leaving) throw new Error("a group of two has a follower");
  const shown = (): string[] => leader.group.view.members().map(({ id }) => id);
  const removed = leader.log.propose({ kind: "memberRemoved", node: leaving.name });
  await group.settle();
  await removed;
  // Its process must not be stopped yet: without its vote nothing is committed, its removal neither.
  expect(shown()).toEqual([leader.name, leaving.name].sort());
  await group.until(() => !shown().includes(leaving.name));
  const { incoming, outgoing } = leader.host.status.membership;
  expect([...incoming, ...outgoing]).toEqual([leader.member]);
});
