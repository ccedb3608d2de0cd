// A group whose members are of two releases: what one of them cannot read is not written.
import { FORMATS, type Formats } from "@ashlar/catalog";
import { nodeId, present } from "@ashlar/core";
import { afterEach, expect, test } from "vitest";
import { nodeUp, TestGroup } from "../testing/test-group.ts";
import { HASH_EVERY_ENTRIES } from "./hash-exchange.ts";

const EARLIER: Formats = { command: FORMATS.command - 1, state: FORMATS.state - 1 };

let group: TestGroup;
afterEach(() => group.stop());

/** A leader, and a follower that reads what `formats` says. */
async function mixed(formats: Formats, options: { readonly snapshotEntries?: number } = {}) {
  group = await TestGroup.of(3, options);
  const leader = group.leader();
  const others = [...group.members.values()].filter((member) => member !== leader);
  const old = present(others[0], "a follower");
  group.formats.set(old.member, formats);
  // It is heard of with every heartbeat.
  await group.until(() => leader.group.formats.of(old.member).state === formats.state);
  return { leader, old };
}

const speed = { kind: "setCopySpeed", latencyTargetMs: 7, floorBytesPerSecond: 2 ** 20 } as const;

const advice = { kind: "setAdvice", advice: "auto" } as const;

test("with a member of the neighbouring release the group works, but for what that one cannot read", async () => {
  const { leader, old } = await mixed(EARLIER);
  await expect(group.answered(leader.log.propose(advice))).rejects.toMatchObject({
    code: "rpc/version",
    message: expect.stringContaining(`${old.name} is not known to read that`),
  });
  await group.answered(leader.log.propose(nodeUp("a")));
  await group.until(() => old.log.view.nodes.has(nodeId("storage-1")));
  expect(old.fatal).toEqual([]);
  // It is upgraded.
  group.formats.delete(old.member);
  await group.until(() => leader.group.formats.of(old.member) === FORMATS);
  await group.answered(leader.log.propose(advice));
  await group.until(() => old.log.view.cluster?.advice === "auto");
});

test("a member of a later release is written for as for this one", async () => {
  const { leader } = await mixed({ command: FORMATS.command + 1, state: FORMATS.state + 1 });
  await group.answered(leader.log.propose(speed));
  expect(leader.log.view.cluster?.copySpeed.latencyTargetMs).toBe(7);
});

test("a member of a far release is proposed nothing that would end it", async () => {
  const { leader } = await mixed({ command: 2, state: 2 });
  await expect(group.answered(leader.log.propose(nodeUp("a")))).rejects.toMatchObject({
    code: "rpc/version",
    message: expect.stringContaining("format 2 is not written here"),
  });
});

test("a snapshot is written as the oldest member reads it, if it can say all", async () => {
  const { leader, old } = await mixed({ command: 9, state: 7 }, { snapshotEntries: 16 });
  /** The format of the next one. */
  const written = async (): Promise<number | undefined> => {
    const { store } = leader.folder;
    const before = leader.log.view.appliedIndex;
    for (let count = 0; count < 40; count += 1) {
      await group.answered(leader.log.propose(nodeUp(`boot-${before + count}`)));
    }
    await group.until(() => (store.snapshot()?.index ?? 0) > before);
    return store.snapshot()?.data[0];
  };
  expect(await written()).toBe(7);
  group.formats.delete(old.member);
  await group.until(() => leader.group.formats.of(old.member) === FORMATS);
  await group.answered(leader.log.propose(speed));
  group.formats.set(old.member, { command: 9, state: 7 });
  await group.until(() => leader.group.formats.of(old.member).state === 7);
  expect(await written()).toBe(8);
});

test("states of members of two releases are not compared", async () => {
  const { leader, old } = await mixed({ ...FORMATS, state: FORMATS.state - 1 });
  const reported = () => leader.machine.state.hashReports.reports;
  const fill = async (): Promise<void> => {
    const untilIndex = leader.log.appliedIndex + HASH_EVERY_ENTRIES;
    while (leader.log.appliedIndex < untilIndex) {
      const some = Array.from({ length: 200 }, () => leader.log.propose(nodeUp("a")));
      await group.answered(Promise.all(some));
    }
    await group.settle();
  };
  await fill();
  expect([...reported().keys()]).not.toContain(leader.member);
  group.formats.delete(old.member);
  await group.until(() => leader.group.formats.of(old.member) === FORMATS);
  await fill();
  await group.until(() => reported().has(leader.member));
});
