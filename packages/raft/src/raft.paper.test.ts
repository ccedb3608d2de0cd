// Named after the sections of the Raft paper (Ongaro and Ousterhout, 2014) and of the thesis (Ongaro,
// 2014) that they show.
import { describe, expect, it } from "vitest";
import type { Message } from "./messages.ts";
import { ELECTION_TICKS, PaperGroup } from "./testing/index.ts";

const heartbeat = (from: number, to: number, term: number): Message => ({
  version: 1,
  kind: "heartbeat",
  from,
  to,
  term,
  commit: 0,
  round: 0,
});
const voteRequest = (from: number, to: number, term: number, last: [number, number]): Message => ({
  version: 1,
  kind: "request-vote",
  from,
  to,
  term,
  preVote: false,
  transfer: false,
  last: { term: last[0], index: last[1] },
});
const roleOf = (group: PaperGroup, id: number): string => group.raft(id).status.role;

describe("5.1 terms", () => {
  it.each(["candidate", "leader"])("a later term makes a %s a follower", (role) => {
    const group = new PaperGroup([[], [], []]);
    group.campaign(1, role === "leader" ? [1, 2] : [1]);
    expect(roleOf(group, 1)).toBe(role);
    group.raft(1).step(heartbeat(3, 1, 9));
    expect(group.raft(1).status).toMatchObject({ role: "follower", term: 9, leader: 3 });
  });

  it("a candidate of an earlier term is refused, and learns the later one", () => {
    const group = new PaperGroup([[1, 4], [1], [1]]);
    group.campaign(2, [1, 2]);
    expect(group.raft(2).status).toMatchObject({ role: "follower", term: 4 });
  });

  it("a leader of an earlier term is refused, and learns the later one", () => {
    const group = new PaperGroup([[1], [1], [1, 4]]);
    group.campaign(1, [1, 2]);
    expect(roleOf(group, 1)).toBe("leader");
    group.tick(1, 1);
    group.settle([1, 3]);
    expect(group.raft(1).status).toMatchObject({ role: "follower", term: 4 });
  });

  it("a message of an earlier term has no effect", () => {
    const group = new PaperGroup([[1, 2], [], []]);
    group.raft(1).step(heartbeat(2, 1, 1));
    expect(group.raft(1).status).toMatchObject({ term: 2, leader: 0 });
  });
});

describe("5.2 leader election", () => {
  it("a follower campaigns when its timeout passes, not before", () => {
    const group = new PaperGroup([[], [], []]);
    group.tick(1, ELECTION_TICKS - 1);
    expect(roleOf(group, 1)).toBe("follower");
    group.tick(1, 1);
    expect(group.raft(1).status).toMatchObject({ role: "candidate", term: 1, vote: 1 });
  });

  it("timeouts are drawn anew, from one to two election timeouts", () => {
    const group = new PaperGroup([[], []], { random: (bound) => bound - 1 });
    group.tick(1, 2 * ELECTION_TICKS - 2);
    expect(roleOf(group, 1)).toBe("follower");
    group.tick(1, 1);
    expect(roleOf(group, 1)).toBe("candidate");
  });

  it.each([
    { members: 1, heard: [1], role: "leader" },
    { members: 3, heard: [1], role: "candidate" },
    { members: 3, heard: [1, 2], role: "leader" },
    { members: 5, heard: [1, 2], role: "candidate" },
    { members: 5, heard: [1, 2, 5], role: "leader" },
  ])("with $heard of $members heard, it is $role", ({ members, heard, role }) => {
    const group = new PaperGroup(Array.from({ length: members }, () => []));
    group.campaign(1, heard);
    expect(roleOf(group, 1)).toBe(role);
  });

  it("one vote a term, first come first served, and kept over a restart", () => {
    const group = new PaperGroup([[], [], []]);
    group.raft(1).step(voteRequest(2, 1, 1, [0, 0]));
    group.raft(1).step(voteRequest(3, 1, 1, [0, 0]));
    group.work();
    expect(
      group.network.map((message) => [message.to, "reject" in message && message.reject]),
    ).toEqual([
      [2, false],
      [3, true],
    ]);
    expect(group.storage(1).initialState().hardState).toMatchObject({ term: 1, vote: 2 });
  });

  it("a vote is written before it is answered (R5)", () => {
    const group = new PaperGroup([[], [], []], { asyncStorage: true });
    group.raft(1).step(voteRequest(2, 1, 1, [0, 0]));
    const { messages } = group.raft(1).ready();
    expect(messages).toMatchObject([
      {
        kind: "storage-append",
        hardState: { term: 1, vote: 2 },
        responses: [{ kind: "request-vote-response", to: 2, reject: false }],
      },
    ]);
  });

  it("a candidate yields to the leader of its own term", () => {
    const group = new PaperGroup([[], [], []]);
    group.campaign(1, [1]);
    group.raft(1).step(heartbeat(2, 1, 1));
    expect(group.raft(1).status).toMatchObject({ role: "follower", term: 1, leader: 2 });
  });

  it("a lost vote splits the election, and the next one decides", () => {
    const group = new PaperGroup([[], [], [], []]);
    group.campaign(1, [1, 3]);
    group.campaign(2, [2, 4]);
    expect([roleOf(group, 1), roleOf(group, 2)]).toEqual(["candidate", "candidate"]);
    group.campaign(1);
    expect(roleOf(group, 1)).toBe("leader");
  });
});

describe("5.3 log replication", () => {
  it("an entry is committed when a majority holds it, and applied everywhere in order", () => {
    const group = new PaperGroup([[], [], []]);
    group.campaign(1);
    group.propose(1, "a");
    group.settle([1]);
    expect(group.applied(1)).toEqual([]);
    group.tick(1, 1);
    group.settle();
    group.propose(1, "b");
    group.settle();
    for (const id of [1, 2, 3]) expect(group.applied(id)).toEqual(["a", "b"]);
  });

  it.each([
    {
      name: "a missing previous entry",
      previous: { term: 2, index: 3 },
      hint: { term: 2, index: 2 },
    },
    { name: "a differing one", previous: { term: 1, index: 2 }, hint: { term: 1, index: 1 } },
  ])("a follower refuses $name and says where logs may meet", ({ previous, hint }) => {
    const group = new PaperGroup([[1, 2], [], []]);
    const append = { version: 1, kind: "append-entries", from: 2, to: 1, term: 3 } as const;
    group.raft(1).step({ ...append, previous, entries: [], commit: 2 });
    group.work();
    const { index } = previous;
    expect(group.network).toMatchObject([
      { kind: "append-entries-response", index, rejected: hint },
    ]);
    expect(group.raft(1).status.commit).toBe(0);
  });

  // Figure 7: what a follower may look like when the leader at the top comes to power.
  const LEADER_LOG = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
  it.each([
    { name: "a: misses one", log: [1, 1, 1, 4, 4, 5, 5, 6, 6] },
    { name: "b: misses many", log: [1, 1, 1, 4] },
    { name: "c: has one more", log: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6] },
    { name: "d: has more of a later term", log: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7] },
    { name: "e: differs and misses", log: [1, 1, 1, 4, 4, 4, 4] },
    { name: "f: differs far back", log: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3] },
  ])("figure 7, $name: the follower's log becomes the leader's", ({ log }) => {
    const group = new PaperGroup([LEADER_LOG, log, []]);
    group.raft(1).step(heartbeat(3, 1, 7));
    group.campaign(1);
    expect(roleOf(group, 1)).toBe("leader");
    expect(group.terms(2)).toEqual(group.terms(1));
    expect(group.applied(2)).toEqual(group.applied(1));
  });

  it("an append that arrives late or twice takes nothing back", () => {
    const group = new PaperGroup([[], [], []]);
    group.campaign(1);
    group.propose(1, "a");
    group.work();
    const late = group.network.filter(({ to }) => to === 2);
    group.propose(1, "b");
    group.settle();
    for (const message of late) group.raft(2).step(message);
    group.settle();
    expect(group.applied(2)).toEqual(["a", "b"]);
    expect(group.terms(2)).toEqual([1, 1, 1]);
  });
});

describe("5.4.1 election restriction", () => {
  it.each([
    { own: [1], last: [1, 1], granted: true },
    { own: [1], last: [1, 2], granted: true },
    { own: [1, 1], last: [1, 1], granted: false },
    { own: [1, 1], last: [2, 1], granted: true },
    { own: [2], last: [1, 2], granted: false },
    { own: [1, 2], last: [1, 9], granted: false },
  ] as const)(
    "a log that ends $own votes for one that ends $last: $granted",
    ({ own, last, granted }) => {
      const group = new PaperGroup([own, [], []]);
      group.raft(1).step(voteRequest(2, 1, 3, [...last]));
      group.work();
      expect(group.network).toMatchObject([{ reject: !granted }]);
    },
  );
});

describe("5.4.2 committing entries of earlier terms, figure 8", () => {
  it("does not count copies of them, and commits them with the first of its own", () => {
    // (c): S1 leads term 4 and its entry of term 2 reaches a majority.
    const group = new PaperGroup([[1, 2], [1, 2], [1], [1], [1, 3]]);
    for (const id of [1, 2, 3]) group.raft(id).step(heartbeat(4, id, 3));
    group.campaign(1, [1, 2, 3]);
    expect(roleOf(group, 1)).toBe("leader");
    expect(group.raft(1).status).toMatchObject({ term: 4, commit: 3 });
    expect(group.terms(3)).toEqual([1, 2, 4]);

    // The same without the entry of term 4: copies of term 2 alone commit nothing.
    const bare = new PaperGroup([[1, 2], [1, 2], [1], [1], [1, 3]]);
    for (const id of [1, 2, 3]) bare.raft(id).step(heartbeat(4, id, 3));
    bare.campaign(1, [1, 2, 3].slice(0, 0));
    const vote = { version: 1, kind: "request-vote-response", to: 1, term: 4 } as const;
    for (const from of [2, 3]) bare.raft(1).step({ ...vote, from, preVote: false, reject: false });
    bare.work();
    const copied = {
      version: 1,
      kind: "append-entries-response",
      to: 1,
      term: 4,
      index: 2,
    } as const;
    for (const from of [2, 3]) bare.raft(1).step({ ...copied, from, rejected: undefined });
    expect(bare.raft(1).status).toMatchObject({ role: "leader", commit: 0 });
  });
});

describe("7 log compaction", () => {
  it("a follower whose entries are compacted away gets a snapshot, then goes on", () => {
    const group = new PaperGroup([[], [], []]);
    group.campaign(1);
    for (const text of ["a", "b", "c"]) group.propose(1, text);
    group.settle([1, 2]);
    group.storage(1).compact(4);
    group.tick(1, 1);
    group.settle();
    group.propose(1, "d");
    group.settle();
    expect(group.storage(3).firstIndex()).toBe(5);
    expect(group.applied(3)).toEqual(["d"]);
    expect(group.raft(3).status).toMatchObject({ commit: 5, lastIndex: 5 });
  });

  it("an old snapshot is answered with what is committed and changes nothing", () => {
    const group = new PaperGroup([[], [], []]);
    group.campaign(1);
    const snapshot = { ...group.storage(1).snapshot()!, index: 1, term: 1 };
    group.propose(1, "a");
    group.settle();
    group.raft(2).step({ ...heartbeat(1, 2, 1), kind: "install-snapshot", snapshot } as Message);
    group.work();
    expect(group.network).toMatchObject([{ index: 2, rejected: undefined }]);
    expect(group.applied(2)).toEqual(["a"]);
  });
});
