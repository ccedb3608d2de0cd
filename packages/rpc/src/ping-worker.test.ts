// Whom pings go to, under a clock that stands still until told: the answers come over real connections.
import { nodeId } from "@ashlar/core";
import { type Clock, seededRandom, silentLog } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { afterEach, describe, expect, test } from "vitest";
import type { LoadReport } from "./convert/load.ts";
import type { LogoutRequest, SessionSource } from "./heartbeat.ts";
import { LeaderBelief } from "./leader-belief.ts";
import { MemberCalls } from "./member-calls.ts";
import { PingWorker } from "./ping-worker.ts";
import { startMembers, TEST_CLUSTER, type TestMember } from "./testing/test-member.ts";

const INTERVAL_MS = 200;
const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.stop();
});

async function pinging(
  count: number,
  clock = new ManualClock(),
  sessions?: SessionSource,
  load?: () => LoadReport,
  others: readonly string[] = [],
) {
  const members = await startMembers(count, others);
  const ports = { clock, random: seededRandom(1), log: silentLog };
  const belief = new LeaderBelief(
    ports,
    members.map(({ address }) => address),
  );
  const calls = new MemberCalls(ports, { clusterId: TEST_CLUSTER, belief });
  const superseded: number[] = [];
  const told = { shutDown: 0 };
  const worker = new PingWorker(
    {
      clock,
      log: silentLog,
      members: calls,
      paths: { silentPeers: () => [], lostPaths: () => [] },
      sessions,
    },
    {
      onSuperseded: (incarnation) => superseded.push(incarnation),
      onShutDown: () => {
        told.shutDown += 1;
      },
    },
  );
  open.push(...members, { stop: async () => calls.close() }, { stop: async () => worker.end() });
  const begin = () =>
    worker.begin({
      process: nodeId("storage-1"),
      incarnation: 1,
      intervalMs: INTERVAL_MS,
      report: () => ({ disks: [], load: load?.() }),
    });
  return { members, clock, belief, begin, superseded, told };
}

/** Lets `member` take one ping after the other, so many. */
async function pingTimes(clock: ManualClock, member: TestMember, times: number): Promise<void> {
  for (const end = member.pings + times; member.pings < end; ) {
    const before = member.pings;
    clock.advance(INTERVAL_MS);
    await expect.poll(() => member.pings, { interval: 5 }).toBeGreaterThan(before);
  }
}

test("a process hears with its pings that the whole cluster shuts down", async () => {
  const { members, clock, begin, told } = await pinging(1);
  const [leader] = members as [TestMember];
  leader.part = "leads";
  begin();
  await pingTimes(clock, leader, 3);
  expect(told.shutDown).toBe(0);
  leader.shutsDown = true;
  await pingTimes(clock, leader, 1);
  await expect.poll(() => told.shutDown).toBeGreaterThan(0);
});

test("a leader that answers keeps them", async () => {
  const { members, clock, belief, begin } = await pinging(2);
  const [leader, other] = members as [TestMember, TestMember];
  leader.part = "leads";
  begin();
  await pingTimes(clock, leader, 20);
  expect(belief.leader).toBe(leader.address);
  expect(other.pings).toBe(0);
});

test("one that is silent for a second loses them to the next, and the belief moves", async () => {
  const { members, clock, belief, begin } = await pinging(2);
  const [stopped, next] = members as [TestMember, TestMember];
  stopped.part = "silent";
  next.part = "leads";
  begin();
  await pingTimes(clock, stopped, 4);
  expect(belief.leader).toBe(stopped.address);
  clock.advance(INTERVAL_MS);
  await expect.poll(() => next.pings).toBe(1);
  expect(belief.leader).toBe(next.address);
  await expect.poll(() => stopped.pinging.size).toBe(0);
});

test("this process's own standstill is nobody's silence", async () => {
  let wakeUp = (): void => {};
  const every: Clock["every"] = (_ms, call) => {
    wakeUp = call;
    return { cancel: () => {} };
  };
  const { members, clock, belief, begin } = await pinging(
    2,
    Object.assign(new ManualClock(), { every }),
  );
  const [leader] = members as [TestMember];
  leader.part = "leads";
  leader.answersPings = false;
  begin();
  await expect.poll(() => leader.pings).toBe(1);
  clock.advance(60_000);
  // Timers of a process that was stopped fire once when it goes on, however long that was.
  wakeUp();
  await expect.poll(() => leader.pings).toBe(2);
  expect(belief.leader).toBe(leader.address);
});

test("a follower points to the leader, which hears of this process in the same interval", async () => {
  const { members, belief, begin } = await pinging(3);
  const [follower, other, leader] = members as [TestMember, TestMember, TestMember];
  follower.hint = leader.address;
  leader.part = "leads";
  begin();
  await expect.poll(() => leader.pings).toBe(1);
  expect(other.pings).toBe(0);
  expect(belief.leader).toBe(leader.address);
});

test("while nobody leads each member is asked once an interval", async () => {
  const { members, clock, belief, begin } = await pinging(2);
  const [first, second] = members as [TestMember, TestMember];
  first.hint = second.address;
  second.hint = first.address;
  begin();
  for (const interval of [1, 2, 3]) {
    await expect.poll(() => [first.pings, second.pings]).toEqual([interval, interval]);
    // The interval is over when the second one's word is heard, too: a ping on its way counts for the next.
    await expect.poll(() => belief.leader).toBe(first.address);
    clock.advance(INTERVAL_MS);
  }
});

test("they go where a call of this process found the leader", async () => {
  const { members, clock, belief, begin } = await pinging(2);
  const [first, second] = members as [TestMember, TestMember];
  first.part = "leads";
  second.part = "leads";
  begin();
  await expect.poll(() => first.pings).toBe(1);
  belief.leave(first.address, { tried: new Set() });
  clock.advance(INTERVAL_MS);
  await expect.poll(() => second.pings).toBe(1);
  expect(first.pings).toBe(1);
});

test("sessions are told at first and when they are others, to each leader anew", async () => {
  const held = { initiatorName: "a", isid: "1", targetName: "t", tpgt: 101 };
  const requests: LogoutRequest[] = [];
  let revision = 1;
  const sessions = {
    revision: () => revision,
    sessions: () => [held],
    onLogoutRequests: (more: readonly LogoutRequest[]) => void requests.push(...more),
  };
  const { members, clock, belief, begin } = await pinging(2, new ManualClock(), sessions);
  const [first, second] = members as [TestMember, TestMember];
  first.part = "leads";
  second.part = "leads";
  const logout = { session: held, withinSeconds: 5, enforced: false };
  first.logouts.push(logout);
  begin();
  await expect.poll(() => first.pings).toBe(1);
  await pingTimes(clock, first, 2);
  revision += 1;
  await pingTimes(clock, first, 1);
  expect(first.toldSessions).toEqual([[held], undefined, undefined, [held]]);
  await expect.poll(() => requests).toEqual([logout]);
  belief.leave(first.address, { tried: new Set() });
  clock.advance(INTERVAL_MS);
  await expect.poll(() => second.toldSessions).toEqual([[held]]);
});

test("the load is told at first and when it is another, to each leader anew", async () => {
  const loadOver = (windowMs: number): LoadReport => {
    return { windowMs, operationsPerSecond: 1, bytesPerSecond: 1, stores: [], volumes: [] };
  };
  let load = loadOver(5_000);
  const source = () => load;
  const { members, clock, belief, begin } = await pinging(2, new ManualClock(), undefined, source);
  const [first, second] = members as [TestMember, TestMember];
  first.part = "leads";
  second.part = "leads";
  begin();
  await expect.poll(() => first.pings).toBe(1);
  await pingTimes(clock, first, 1);
  load = loadOver(10_000);
  await pingTimes(clock, first, 2);
  expect(first.toldLoads).toEqual([5_000, undefined, 10_000, undefined]);
  belief.leave(first.address, { tried: new Set() });
  clock.advance(INTERVAL_MS);
  await expect.poll(() => second.toldLoads).toEqual([10_000]);
});

test("who was given up is told once and pings no more", async () => {
  const { members, clock, begin, superseded } = await pinging(1);
  const [leader] = members as [TestMember];
  leader.part = "leads";
  begin();
  await expect.poll(() => leader.pings).toBe(1);
  for (const reply of leader.pinging) reply(true);
  await expect.poll(() => superseded.length).toBe(1);
  clock.advance(10 * INTERVAL_MS);
  await expect.poll(() => leader.pinging.size).toBe(0);
  expect([leader.pings, superseded.length]).toEqual([1, 1]);
});

describe("a leader in two networks", () => {
  const inTwo = (count: number, load?: () => LoadReport) =>
    pinging(count, new ManualClock(), undefined, load, ["127.0.0.2"]);

  /** Lets an interval pass in which `member` hears a ping over each of `paths`. */
  async function intervalOver(clock: ManualClock, member: TestMember, paths: readonly number[]) {
    const before = member.pings;
    clock.advance(INTERVAL_MS);
    await expect.poll(() => member.pings, { interval: 5 }).toBe(before + paths.length);
    const heard = member.toldWays.slice(before).map(({ path }) => path);
    expect(heard.sort()).toEqual(paths);
  }

  /** Until pings are heard over `path` again. */
  async function heal(clock: ManualClock, member: TestMember, path: number): Promise<void> {
    member.cutPaths.delete(path);
    const heard = (): number => member.toldWays.filter((way) => way.path === path).length;
    const before = heard();
    for (let tries = 0; heard() === before && tries < 20; tries += 1) {
      const { pings } = member;
      clock.advance(INTERVAL_MS);
      await expect.poll(() => member.pings, { interval: 5 }).toBeGreaterThan(pings);
    }
    expect(heard()).toBe(before + 1);
  }

  test("hears the same ping over each", async () => {
    const { members, clock, begin } = await inTwo(1);
    const [leader] = members as [TestMember];
    leader.part = "leads";
    begin();
    await expect.poll(() => leader.pings).toBe(2);
    await intervalOver(clock, leader, [0, 1]);
    const serials = leader.toldWays.map(({ serial }) => serial).sort();
    expect(serials).toEqual([1, 1, 2, 2]);
  });

  test.each([0, 1])("keeps them when path %i is cut, until both are", async (cut) => {
    const { members, clock, belief, begin } = await inTwo(2);
    const [leader, next] = members as [TestMember, TestMember];
    leader.part = "leads";
    next.part = "leads";
    begin();
    await expect.poll(() => leader.pings).toBe(2);
    leader.cutPaths.add(cut);
    for (let count = 0; count < 12; count += 1) await intervalOver(clock, leader, [1 - cut]);
    expect(belief.leader).toBe(leader.address);
    const { address } = leader;
    const path = address.split(",")[cut];
    await expect
      .poll(async () => {
        await intervalOver(clock, leader, [1 - cut]);
        return leader.toldLostPaths.at(-1);
      })
      .toEqual([{ address, path }]);
    await heal(clock, leader, cut);
    // It is answered there, sooner or later.
    await expect
      .poll(async () => {
        await intervalOver(clock, leader, [0, 1]);
        return leader.toldLostPaths.at(-1);
      })
      .toEqual([]);
    leader.cutPaths.add(0).add(1);
    for (let count = 0; count < 6; count += 1) clock.advance(INTERVAL_MS);
    await expect.poll(() => next.pings).toBeGreaterThan(0);
    expect(belief.leader).toBe(next.address);
  });

  test("that does not lead any more is left at its first word", async () => {
    const { members, clock, belief, begin } = await inTwo(2);
    const [former, next] = members as [TestMember, TestMember];
    former.part = "leads";
    next.part = "leads";
    begin();
    await expect.poll(() => former.pings).toBe(2);
    former.part = "follows";
    clock.advance(INTERVAL_MS);
    await expect.poll(() => next.pings).toBe(2);
    expect(belief.leader).toBe(next.address);
  });

  test("is told news on a path that comes again", async () => {
    const load = { windowMs: 5_000, operationsPerSecond: 1, bytesPerSecond: 1 };
    const report: LoadReport = { ...load, stores: [], volumes: [] };
    const { members, clock, begin } = await inTwo(1, () => report);
    const [leader] = members as [TestMember];
    leader.part = "leads";
    begin();
    await expect.poll(() => leader.toldLoads).toEqual([5_000, 5_000]);
    leader.cutPaths.add(0);
    for (let count = 0; count < 8; count += 1) await intervalOver(clock, leader, [1]);
    await heal(clock, leader, 0);
    expect(leader.toldLoads.slice(2).filter((told) => told !== undefined)).toEqual([5_000]);
  });
});
