// Finding the leader, among members that a test directs.
import { SystemError } from "@ashlar/core";
import { type Clock, nodeClock, seededRandom, silentLog } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { afterEach, describe, expect, test } from "vitest";
import { LeaderBelief } from "./leader-belief.ts";
import { MemberCalls } from "./member-calls.ts";
import { catalogService } from "./services.ts";
import { startMembers, TEST_CLUSTER, type TestMember } from "./testing/test-member.ts";

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.stop();
});

/** So many members that know each other. */
async function members<const N extends number>(count: N): Promise<readonly TestMember[]> {
  const started = await startMembers(count);
  open.push(...started);
  return started;
}

interface CallsOptions {
  readonly clock?: Clock;
  readonly attemptMs?: number;
}

function callsTo(addresses: readonly string[], { clock, attemptMs }: CallsOptions = {}) {
  const ports = { clock: clock ?? nodeClock, random: seededRandom(1), log: silentLog };
  const belief = new LeaderBelief(ports, addresses);
  const calls = new MemberCalls(ports, { clusterId: TEST_CLUSTER, belief, attemptMs });
  open.push({ stop: async () => calls.close() });
  return calls;
}

const readIndex = async (calls: MemberCalls, signal = AbortSignal.timeout(20_000)) => {
  const reply = await calls.ask(
    (member, attempt) => member.unary(catalogService.ReadIndex, {}, attempt),
    { signal },
  );
  return reply.index;
};

const counts = (all: readonly TestMember[]) => all.map(({ asked }) => asked.length);

function lead(leader: TestMember): void {
  leader.part = "leads";
  leader.on("ReadIndex", () => ({ index: 7 }));
}

describe("calls find the leader", () => {
  test("by the hint of a follower, at an address nobody configured, and remember it", async () => {
    const all = await members(3);
    const [first, second, third] = all as [TestMember, TestMember, TestMember];
    lead(third);
    first.hint = third.address;
    const calls = callsTo([first.address, second.address]);
    await expect(readIndex(calls)).resolves.toBe(7);
    await expect(readIndex(calls)).resolves.toBe(7);
    expect(counts(all)).toEqual([1, 0, 2]);
  });

  test("past one that is gone, and past one that is silent, within its deadline", async () => {
    const all = await members(3);
    const [gone, stopped, leader] = all as [TestMember, TestMember, TestMember];
    const addresses = all.map(({ address }) => address);
    lead(leader);
    stopped.part = "silent";
    await gone.stop();
    await expect(readIndex(callsTo(addresses, { attemptMs: 100 }))).resolves.toBe(7);
    expect(stopped.asked).toHaveLength(1);
  });

  test("after an election, and ask nobody twice between two pauses", async () => {
    const all = await members(3);
    const [first, second, third] = all as [TestMember, TestMember, TestMember];
    first.hint = second.address;
    second.hint = first.address;
    const pauses: (() => void)[] = [];
    const after: Clock["after"] = (_ms, call) => {
      pauses.push(call);
      return { cancel: () => {} };
    };
    const clock: Clock = { ...nodeClock, after };
    const answer = readIndex(
      callsTo(
        all.map(({ address }) => address),
        { clock },
      ),
    );
    for (const round of [1, 2, 3]) {
      await expect.poll(() => pauses.length).toBe(round);
      expect(counts(all)).toEqual([round, round, round]);
      if (round === 3) lead(third);
      pauses[round - 1]?.();
    }
    await expect(answer).resolves.toBe(7);
  });

  test("but what the leader refuses is refused", async () => {
    const all = await members(2);
    const [leader, other] = all as [TestMember, TestMember];
    leader.part = "leads";
    leader.on("ReadIndex", () => {
      throw new SystemError("catalog/refused", "no");
    });
    const calls = callsTo(all.map(({ address }) => address));
    await expect(readIndex(calls)).rejects.toMatchObject({ code: "catalog/refused" });
    expect(other.asked).toEqual([]);
  });

  test("and end with their signal's reason", async () => {
    const [stopped] = (await members(1)) as [TestMember];
    stopped.part = "silent";
    const enough = new AbortController();
    const answer = readIndex(callsTo([stopped.address]), enough.signal);
    await expect.poll(() => stopped.asked.length).toBe(1);
    enough.abort(new SystemError("operation/aborted", "enough"));
    await expect(answer).rejects.toThrow("enough");
  });
});

test("a member that may be slow gets longer each time, up to the deadline of any call", async () => {
  const clock = new ManualClock();
  const search = callsTo(["a"], { clock }).newSearch();
  const given: number[] = [];
  const silent = new SystemError("rpc/deadline", "silent");
  for (let round = 0; round < 4; round += 1) {
    given.push(search.attemptMs("a"));
    const paused = search.failed("a", silent, { signal: new AbortController().signal });
    clock.advance(500);
    await paused;
  }
  expect(given).toEqual([1_500, 3_000, 5_000, 5_000]);
  expect(search.attemptMs("b")).toBe(1_500);
  search.found();
  expect(search.attemptMs("a")).toBe(1_500);
});
