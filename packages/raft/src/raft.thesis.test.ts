// Named after the sections of the thesis (Ongaro, 2014) that they show: leadership transfer, membership,
// client interaction, and the limits that keep a leader's memory bounded.
import { describe, expect, it } from "vitest";
import type { Message } from "./messages.ts";
import type { Raft } from "./raft.ts";
import { ELECTION_TICKS, PaperGroup } from "./testing/index.ts";

const DROPPED = { kind: "refused", reason: "proposal-dropped" };
const roleOf = (group: PaperGroup, id: number): string => group.raft(id).status.role;
const membershipOf = (raft: Raft) => raft.membership;

function led(
  members: number,
  options: ConstructorParameters<typeof PaperGroup>[1] = {},
): PaperGroup {
  const group = new PaperGroup(
    Array.from({ length: members }, () => []),
    options,
  );
  group.campaign(1);
  expect(roleOf(group, 1)).toBe("leader");
  return group;
}

describe("3.10 leadership transfer", () => {
  it("the target leads at once, although a leader is heard of", () => {
    const group = led(3, { checkQuorum: true, preVote: true });
    group.raft(1).transferLeader(2);
    group.settle();
    expect([1, 2].map((id) => roleOf(group, id))).toEqual(["follower", "leader"]);
  });

  it("a follower passes the wish on to the leader", () => {
    const group = led(3);
    group.raft(3).transferLeader(2);
    group.settle();
    expect(roleOf(group, 2)).toBe("leader");
  });

  it("proposals are refused meanwhile, and taken again after an election timeout", () => {
    const group = led(3);
    group.raft(1).transferLeader(2);
    group.settle([1, 3]);
    expect(group.propose(1, "a")).toEqual(DROPPED);
    group.tick(1, ELECTION_TICKS);
    expect(group.propose(1, "a")).toEqual({ kind: "accepted" });
  });

  it("a learner is no target", () => {
    const group = led(4, { learners: [4] });
    group.raft(1).transferLeader(4);
    expect(group.raft(1).status.transferee).toBe(0);
  });
});

describe("4 membership", () => {
  const add = (id: number) =>
    ({ transition: "auto", changes: [{ kind: "add-voter", id }] }) as const;

  it("4.1: a second change before the first is applied becomes an empty entry", () => {
    const group = led(3);
    group.raft(1).proposeChange(add(4));
    group.raft(1).proposeChange(add(5));
    group.settle();
    expect(membershipOf(group.raft(2)).voters).toEqual([1, 2, 3, 4]);
  });

  it("4.1: a change that waits unapplied keeps a member from campaigning", () => {
    const group = led(3);
    group.raft(1).proposeChange(add(4));
    group.settle();
    const { raft } = { raft: group.raft(2) };
    const change = group.storage(2).entries(2, 3, 1)[0]!;
    // The next change is committed, and its host has not applied it yet.
    const entry = { ...change, index: 3 };
    const append = { version: 1, kind: "append-entries", from: 1, to: 2, term: 1 } as const;
    raft.step({ ...append, previous: { term: 1, index: 2 }, entries: [entry], commit: 3 });
    expect(raft.campaign()).toEqual({ kind: "refused", reason: "not-promotable" });
  });

  it("4.2.1: a learner holds the log, but is not counted and does not campaign", () => {
    const group = led(3, { learners: [3] });
    group.propose(1, "a");
    group.settle([1, 3]);
    expect(group.applied(1)).toEqual([]);
    expect(group.terms(3)).toEqual([1, 1]);
    group.tick(3, 3 * ELECTION_TICKS);
    expect(roleOf(group, 3)).toBe("follower");
    expect(group.raft(3).campaign()).toEqual({ kind: "refused", reason: "not-promotable" });
  });

  it("4.2.2: a removed leader commits its removal without itself, and steps down", () => {
    const group = led(3);
    group.raft(1).proposeChange({ transition: "auto", changes: [{ kind: "remove", id: 1 }] });
    group.settle();
    expect(roleOf(group, 1)).toBe("follower");
    group.campaign(2, [2, 3]);
    expect(roleOf(group, 2)).toBe("leader");
  });

  it("4.3: in a joint membership decisions need both majorities; then it is left by itself", () => {
    const group = new PaperGroup([[], [], [], []], { learners: [4] });
    group.campaign(1);
    const changes = [
      { kind: "add-voter", id: 4 },
      { kind: "remove", id: 3 },
      { kind: "remove", id: 2 },
    ] as const;
    group.raft(1).proposeChange({ transition: "joint-explicit", changes });
    group.settle();
    expect(membershipOf(group.raft(1))).toMatchObject({
      voters: [1, 4],
      votersOutgoing: [1, 2, 3],
    });
    group.propose(1, "a");
    // A majority of the old half only, of the new half only, and of both.
    group.settle([1, 2, 3]);
    expect(group.applied(1)).toEqual([]);
    group.tick(1, 1);
    group.settle([1, 4]);
    expect(group.applied(1)).toEqual(["a"]);
    group.raft(1).proposeChange({ transition: "auto", changes: [] });
    group.settle();
    expect(membershipOf(group.raft(1))).toMatchObject({ voters: [1, 4], votersOutgoing: [] });
  });

  it("4.3: a joint membership that could not be left at once is left later, without another entry", () => {
    const group = led(3, {});
    const changes = [{ kind: "add-learner", id: 3 }] as const;
    group.raft(1).proposeChange({ transition: "joint-implicit", changes });
    // Nothing is proposed while leadership is given away, to someone who never takes it.
    group.raft(1).transferLeader(3);
    group.settle([1, 2]);
    expect(membershipOf(group.raft(1))).toMatchObject({ votersOutgoing: [1, 2, 3] });
    group.tick(1, ELECTION_TICKS);
    group.settle([1, 2]);
    expect(membershipOf(group.raft(1))).toMatchObject({ votersOutgoing: [], learners: [3] });
  });

  it("4.1: a change that was refused holds up no other", () => {
    const group = led(3, { uncommittedBytesMax: 8 });
    const change = { transition: "auto", changes: [{ kind: "add-learner", id: 4 }] } as const;
    group.propose(1, "8 bytes!");
    expect(group.raft(1).proposeChange(change)).toMatchObject({ kind: "refused" });
    group.settle();
    group.raft(1).proposeChange(change);
    group.settle();
    expect(membershipOf(group.raft(1))).toMatchObject({ learners: [4] });
  });
});

describe("6.2 a leader without a quorum", () => {
  it("steps down when it hears of none, and not while it does", () => {
    const group = led(3, { checkQuorum: true });
    for (let round = 0; round < 3; round += 1) {
      group.tick(1, ELECTION_TICKS);
      group.settle();
    }
    expect(roleOf(group, 1)).toBe("leader");
    for (let round = 0; round < 2; round += 1) {
      group.tick(1, ELECTION_TICKS);
      group.settle([1]);
    }
    expect(roleOf(group, 1)).toBe("follower");
  });
});

describe("6.4 linearizable reads", () => {
  it("are answered by a round of heartbeats, to whoever asked", () => {
    const group = led(3);
    group.raft(1).readIndex("one");
    group.raft(2).readIndex("two");
    expect(group.reads(1)).toEqual([]);
    group.settle();
    expect(group.reads(1)).toEqual([{ context: "one", index: 1 }]);
    expect(group.reads(2)).toEqual([{ context: "two", index: 1 }]);
  });

  it("are not answered by a leader that hears nobody", () => {
    const group = led(3);
    group.raft(1).readIndex("one");
    group.settle([1]);
    expect(group.reads(1)).toEqual([]);
    // The next heartbeat makes good what was lost.
    group.tick(1, 1);
    group.settle();
    expect(group.reads(1)).toEqual([{ context: "one", index: 1 }]);
  });

  it("are not answered with less than a majority", () => {
    const group = led(5);
    group.raft(1).readIndex("one");
    group.settle([1, 2]);
    expect(group.reads(1)).toEqual([]);
    group.tick(1, 1);
    group.settle([1, 3]);
    expect(group.reads(1)).toEqual([{ context: "one", index: 1 }]);
  });

  it("an answer to an older round proves nothing for a newer read, nor for one asked again", () => {
    const group = led(3);
    group.raft(1).readIndex("one");
    group.work();
    const old = group.network.filter(({ kind }) => kind === "heartbeat");
    group.network = [];
    for (const message of old) group.raft(message.to).step(message);
    group.work();
    const answers = group.network.filter(({ kind }) => kind === "heartbeat-response");
    group.network = [];
    group.raft(1).readIndex("again");
    for (const answer of answers) group.raft(1).step(answer);
    group.settle([1]);
    expect(group.reads(1)).toEqual([{ context: "one", index: 1 }]);
  });

  it("by lease need no round, until leadership is offered to another", () => {
    const group = led(3, { checkQuorum: true, reads: "lease" });
    group.raft(1).readIndex("one");
    group.settle([1]);
    expect(group.reads(1)).toEqual([{ context: "one", index: 1 }]);
    group.raft(1).transferLeader(2);
    group.raft(1).readIndex("two");
    group.settle([1]);
    expect(group.reads(1)).toHaveLength(1);
  });

  it("wait for the first commit of the term: only then the leader knows what is committed", () => {
    const group = new PaperGroup([[1, 1], [1, 1], [1]]);
    group.raft(1).campaign();
    group.work();
    const deliver = (kind: Message["kind"]): void => {
      const taken = group.network.filter((message) => message.kind === kind);
      group.network = group.network.filter((message) => message.kind !== kind);
      for (const message of taken) group.raft(message.to).step(message);
      group.work();
    };
    deliver("request-vote");
    deliver("request-vote-response");
    expect(roleOf(group, 1)).toBe("leader");
    group.raft(1).readIndex("early");
    group.work();
    deliver("heartbeat");
    deliver("heartbeat-response");
    expect(group.reads(1)).toEqual([]);
    group.settle();
    expect(group.reads(1)).toEqual([{ context: "early", index: 3 }]);
  });
});

describe("9.6 pre-vote", () => {
  it("a member that was cut off does not raise the term, and disturbs nobody when it is back", () => {
    const group = led(3, { preVote: true, checkQuorum: true });
    group.tick(3, 5 * ELECTION_TICKS);
    group.settle([3]);
    expect(group.raft(3).status).toMatchObject({ role: "pre-candidate", term: 1 });
    group.tick(3, 2 * ELECTION_TICKS);
    group.settle();
    expect(group.raft(1).status).toMatchObject({ role: "leader", term: 1 });
  });
});

describe("limits", () => {
  it("uncommitted proposals are bounded in bytes, and taken again when they are applied", () => {
    const group = led(3, { uncommittedBytesMax: 10 });
    expect(group.propose(1, "x".repeat(100))).toEqual({ kind: "accepted" });
    expect(group.propose(1, "y")).toEqual(DROPPED);
    group.settle();
    expect(group.propose(1, "y")).toEqual({ kind: "accepted" });
  });

  it.each([
    { name: "messages", inflight: { messagesMax: 2, bytesMax: 1000 } },
    { name: "bytes", inflight: { messagesMax: 1000, bytesMax: 20 } },
  ])("appends on the way to a silent peer are bounded in $name", ({ inflight }) => {
    const group = led(3, { inflight });
    for (let count = 0; count < 10; count += 1) group.propose(1, "0123456789");
    group.work();
    const appends = group.network.filter(({ kind, to }) => kind === "append-entries" && to === 2);
    expect(appends).toHaveLength(2);
    group.settle();
    expect(group.applied(2)).toHaveLength(10);
  });

  it("without a leader proposals are refused, with one they are forwarded", () => {
    const group = new PaperGroup([[], [], []]);
    expect(group.propose(2, "a")).toEqual(DROPPED);
    group.campaign(1);
    expect(group.propose(2, "a")).toEqual({ kind: "accepted" });
    group.settle();
    expect(group.applied(3)).toEqual(["a"]);
  });
});
