// Metadata members as one service: what was answered stays, whoever is lost.
import { nodeId } from "@ashlar/core";
import { afterEach, describe, expect, test } from "vitest";
import { gatewayUp, TestGroup } from "../testing/test-group.ts";
import { HASH_EVERY_ENTRIES } from "./hash-exchange.ts";

const [FIRST, SECOND, THIRD] = [1, 2, 3].map((number) => nodeId(`metadata-${number}`)) as [
  ReturnType<typeof nodeId>,
  ReturnType<typeof nodeId>,
  ReturnType<typeof nodeId>,
];

let group: TestGroup;
afterEach(() => group.stop());

const gateways = (name: typeof FIRST): string[] => [...group.member(name).log.view.gateways.keys()];

test("P10: what is given after the folder was restored from an older copy was not given before", async () => {
  const given = [];
  // Both histories begin in the same state.
  for (const number of [1, 2]) {
    group = await TestGroup.of(1);
    const { result } = await group.answered(group.leader().log.propose(gatewayUp(number)));
    given.push(result.kind === "done" && result.value.incarnation);
    await group.stop();
  }
  const [lost, now] = given;
  expect(now).not.toBe(lost);
});

describe("a group of three", () => {
  test("has what it answered on all members, in equal states (R8, R9)", async () => {
    group = await TestGroup.of(3);
    for (const number of [1, 2, 3])
      await group.answered(group.leader().log.propose(gatewayUp(number)));
    const { appliedIndex } = group.leader().log;
    await group.until(() =>
      [...group.members.values()].every(({ log }) => log.appliedIndex >= appliedIndex),
    );
    const hashes = [...group.members.values()].map(({ machine }) => machine.hash);
    expect(new Set(hashes).size).toBe(1);
    expect(gateways(THIRD)).toEqual(["gateway-1", "gateway-2", "gateway-3"]);
  });

  test("goes on without its leader, and takes it in again", async () => {
    group = await TestGroup.of(3);
    await group.answered(group.leader().log.propose(gatewayUp(1)));
    const lost = group.leader().name;
    await group.crash(lost);
    await group.until(() => group.leaderOrNone() !== undefined);
    await group.answered(group.leader().log.propose(gatewayUp(2)));
    const back = await group.start(lost);
    await group.until(() => back.log.view.gateways.size === 2);
    expect(back.log.leads).toBe(false);
  });

  test("answers nothing without a majority, and everything when one is back", async () => {
    group = await TestGroup.of(3);
    for (const name of group.followers().map((one) => one.name)) await group.crash(name);
    const alone = group.leader();
    const asked = alone.log.propose(gatewayUp(1));
    await expect(group.answered(asked)).rejects.toMatchObject({ code: "raft/not-leader" });
    expect(() => alone.log.requireLead()).toThrow("no metadata member leads at present");
    const other = [FIRST, SECOND, THIRD].find((name) => name !== alone.name) ?? FIRST;
    await group.start(other);
    await group.until(() => group.leaderOrNone() !== undefined);
    await group.answered(group.leader().log.propose(gatewayUp(2)));
    expect(group.leader().log.view.gateways.has(nodeId("gateway-2"))).toBe(true);
  });

  test("a leader that was cut off answers no reads, and its writes are nobody's (R7)", async () => {
    group = await TestGroup.of(3);
    const old = group.leader();
    group.cutOff(old.name);
    const write = old.log.propose(gatewayUp(1)).catch((thrown) => thrown);
    const read = old.log.readIndex().catch((thrown) => thrown);
    await group.until(() => group.leaderOrNone() !== undefined);
    await group.answered(group.leader().log.propose(gatewayUp(2)));
    expect(await group.answered(read)).toMatchObject({
      code: expect.stringMatching(/raft|cluster/),
    });
    expect(await group.answered(write)).toMatchObject({ code: "raft/not-leader" });
    group.heal();
    await group.until(() => old.log.view.gateways.size > 0);
    expect([...old.log.view.gateways.keys()]).toEqual(["gateway-2"]);
  });

  test("a follower says who leads", async () => {
    group = await TestGroup.of(3);
    const [follower] = group.followers();
    await group.until(() => follower?.log.leader !== undefined);
    await expect(follower?.log.propose(gatewayUp(1))).rejects.toMatchObject({
      code: "raft/not-leader",
      meta: { leader: `${group.leader().name}:7000` },
    });
  });

  test("a proposal sent again to another leader takes effect once (R10)", async () => {
    group = await TestGroup.of(3);
    const opened = await group.answered(group.leader().log.propose({ kind: "openSession" }));
    const { session } = (opened.result as { value: { session: number } }).value;
    const id = { session, sequence: 1, answeredBelow: 1 };
    const first = await group.answered(group.leader().log.propose(gatewayUp(1), id));
    await group.crash(group.leader().name);
    await group.until(() => group.leaderOrNone() !== undefined);
    // Another boot under the same name would be a new incarnation, were it not the same proposal.
    const command = { ...gatewayUp(1), bootId: "another" };
    const again = await group.answered(group.leader().log.propose(command, id));
    expect(again.result).toEqual(first.result);
  });

  test("a member that was away for long gets a snapshot (R8)", async () => {
    group = await TestGroup.of(3, { snapshotEntries: 16 });
    const away = group.followers()[0]?.name ?? THIRD;
    await group.crash(away);
    for (let number = 1; number <= 1_200; number += 1) {
      void group.leader().log.propose(gatewayUp(number % 9));
    }
    await group.until(() => group.leader().host.status.firstIndex > 100);
    const back = await group.start(away);
    const { appliedIndex } = group.leader().log;
    await group.until(() => back.log.appliedIndex >= appliedIndex);
    expect(back.machine.hash).toBe(group.leader().machine.hash);
  });
});

describe("members come and go", () => {
  test("a wiped one comes back under another number, in the place of the old", async () => {
    group = await TestGroup.of(3);
    const wiped = group.followers()[0]?.name ?? THIRD;
    const old = group.member(wiped).member;
    await group.crash(wiped);
    group.disks.delete(wiped);
    // Heard of a moment ago, it could be another process of the same name.
    await group.until(() => group.clock.nowMs() > 10_000);
    const anew = await group.join(wiped);
    expect(anew.member).not.toBe(old);
    await group.until(() => {
      const { incoming, outgoing } = group.leader().host.status.membership;
      return outgoing.size === 0 && incoming.has(anew.member) && !incoming.has(old);
    });
    expect(group.leader().host.status.membership.incoming.size).toBe(3);
  });

  test("nobody takes the place of one that lives", async () => {
    group = await TestGroup.of(3);
    const name = group.followers()[0]?.name ?? THIRD;
    const request = { node: name, member: 7, address: "elsewhere:1" };
    await group.until(() => group.leader().host.heardOf(group.member(name).member) !== undefined);
    await expect(group.leader().duties.join(request)).rejects.toMatchObject({
      code: "member/exists",
    });
    await expect(
      group.leader().duties.join({ ...request, node: nodeId("metadata-9") }),
    ).rejects.toMatchObject({ code: "member/unknown" });
  });

  test("a leader that is removed hands over first", async () => {
    group = await TestGroup.of(3);
    const leaving = group.leader();
    await group.answered(leaving.log.propose({ kind: "memberRemoved", node: leaving.name }));
    await group.until(() => {
      const leader = group.leaderOrNone();
      return leader !== undefined && !leader.host.status.membership.incoming.has(leaving.member);
    });
    expect(group.leader().name).not.toBe(leaving.name);
    await group.answered(group.leader().log.propose(gatewayUp(1)));
  });

  test("one whose log is damaged sets it aside and joins anew", async () => {
    group = await TestGroup.of(3);
    const name = group.followers()[0]?.name ?? THIRD;
    const old = group.member(name).member;
    await group.crash(name);
    const disk = group.diskOf(name);
    const [segment] = (await disk.list("/metadata/log")).filter((file) => /segment/.test(file));
    const file = await disk.open(`/metadata/log/${segment}`, { mode: "open" });
    const bytes = Buffer.alloc(await file.sizeBytes());
    await file.read(0, bytes);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 0xff;
    await file.write(0, [bytes]);
    await file.datasync();
    await file.close();
    await group.until(() => group.clock.nowMs() > 10_000);
    const anew = await group.join(name);
    expect(anew.member).not.toBe(old);
  });

  test("founding happens once, and the founder's folder belongs to its cluster", async () => {
    group = await TestGroup.of(1);
    await expect(group.found(FIRST, [FIRST])).rejects.toMatchObject({ code: "cluster/exists" });
  });
});

test("a full disk of the only member refuses, keeps what it has, and goes on with room", async () => {
  group = await TestGroup.of(1);
  await group.answered(group.leader().log.propose(gatewayUp(1)));
  const disk = group.diskOf(FIRST);
  disk.sizeBytesMax = 1;
  await expect(group.leader().log.propose(gatewayUp(2))).rejects.toMatchObject({
    code: "disk/no-space",
  });
  await expect(group.leader().log.propose(gatewayUp(3))).rejects.toMatchObject({
    code: "disk/no-space",
  });
  disk.sizeBytesMax = Number.MAX_SAFE_INTEGER;
  // With room there is no refusal, however short a time ago it was made.
  await group.answered(group.leader().log.propose(gatewayUp(4)));
  // The one that was under way took its effect, the one that was refused did not.
  expect(gateways(FIRST)).toEqual(["gateway-1", "gateway-2", "gateway-4"]);
});

test("a leader whose disk is full lets another lead, and nothing waits for it", async () => {
  group = await TestGroup.of(3);
  const full = group.leader();
  await group.answered(full.log.propose(gatewayUp(1)));
  group.diskOf(full.name).sizeBytesMax = 1;
  full.log.propose(gatewayUp(2)).catch(() => {});
  await group.until(() => group.leaderOrNone() !== undefined && !full.log.leads);
  const meta = expect.objectContaining({ diskFull: true });
  expect(() => full.log.requireLead()).toThrow(expect.objectContaining({ meta }));
  await group.answered(group.leader().log.propose(gatewayUp(3)));
  // What the full one had handed on is there too; it follows as soon as it can.
  expect(gateways(group.leader().name)).toEqual(["gateway-1", "gateway-2", "gateway-3"]);
  group.diskOf(full.name).sizeBytesMax = Number.MAX_SAFE_INTEGER;
  await group.until(() => full.log.view.gateways.size === 3);
});

test("without room on any disk a change is refused, and all goes on when there is some", async () => {
  group = await TestGroup.of(3);
  const disks = [...group.members.keys()].map((name) => group.diskOf(name));
  for (const disk of disks) disk.sizeBytesMax = 1;
  await expect(group.answered(group.leader().log.propose(gatewayUp(1)))).rejects.toMatchObject({
    code: "disk/no-space",
  });
  for (const disk of disks) disk.sizeBytesMax = Number.MAX_SAFE_INTEGER;
  const members = [...group.members.values()];
  await group.until(() => members.every(({ host }) => host.noSpace === undefined));
  await group.until(() => group.leaderOrNone() !== undefined);
  await group.answered(group.leader().log.propose(gatewayUp(2)));
  await group.until(() => members.every(({ log }) => log.view.gateways.has(nodeId("gateway-2"))));
});

describe("states are compared", () => {
  const reported = () => group.leader().machine.state.hashReports;
  const fill = (): void => {
    for (let number = 0; number < HASH_EVERY_ENTRIES; number += 1) {
      void group.leader().log.propose(gatewayUp(number % 5));
    }
  };

  test("and are equal (R9)", async () => {
    group = await TestGroup.of(3);
    fill();
    await group.until(() => reported().reports.size === 3);
    expect(reported().index).toBe(HASH_EVERY_ENTRIES);
    expect(new Set(reported().reports.values()).size).toBe(1);
    expect([...group.members.values()].flatMap(({ fatal }) => fatal)).toEqual([]);
  });

  test("and one that differs from most ends, whoever leads", async () => {
    group = await TestGroup.of(3);
    const broken = group.leader();
    broken.machine.state.lastFamily += 1;
    fill();
    await group.until(() => broken.fatal.length > 0);
    expect(broken.fatal[0]).toMatchObject({ code: "raft/diverged" });
    expect(broken.log.leads).toBe(false);
    expect(group.followers().filter((one) => one !== broken && one.fatal.length > 0)).toEqual([]);
    await group.crash(broken.name);
    await group.until(() => group.clock.nowMs() > 10_000);
    const anew = await group.join(broken.name);
    expect(anew.member).not.toBe(broken.member);
    expect(anew.machine.state.lastFamily).toBe(group.leader().machine.state.lastFamily);
  });
});
