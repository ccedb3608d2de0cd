// The invariants themselves: what they must let pass, and what they must not.
import { describe, expect, it } from "vitest";
import type { Entry, Message } from "../../index.ts";
import {
  checkLeader,
  checkMatching,
  LEDGER_EMPTY,
  type Ledger,
  withGrants,
  withMember,
} from "./ledger.ts";
import type { MemberView } from "./member.ts";
import { checkPromise } from "./promises.ts";

const entry = (index: number, term: number, byte = 0): Entry => ({
  version: 1,
  kind: "normal",
  index,
  term,
  data: Uint8Array.of(byte),
});

const view = (changes: Partial<MemberView>): MemberView => ({
  id: 1,
  term: 1,
  role: "follower",
  commit: 0,
  log: [],
  durable: { hardState: { term: 1, vote: 1, commit: 0 }, lastIndex: 0 },
  writesWaiting: 0,
  ...changes,
});

describe("R1", () => {
  it("lets a member repeat its vote, and refuses another one in the term", () => {
    const grant = { voter: 3, term: 1, candidate: 1 };
    const ledger = withGrants(LEDGER_EMPTY, [grant, grant, { ...grant, term: 2, candidate: 2 }]);
    expect(() => withGrants(ledger, [{ ...grant, candidate: 2 }])).toThrow(/^R1: member 3/);
  });

  it("refuses a second leader of a term", () => {
    const leader = view({ role: "leader" });
    const ledger = withMember(withMember(LEDGER_EMPTY, leader), { ...leader, id: 2, term: 2 });
    expect(() => withMember(ledger, { ...leader, id: 3 })).toThrow(/^R1: members 1 and 3/);
  });
});

describe("R2", () => {
  const log = [entry(1, 1), entry(2, 2)];

  it("lets logs differ where no common entry follows", () => {
    checkMatching(view({ log }), view({ id: 2, log: [entry(1, 1), entry(2, 3)] }));
    checkMatching(view({ log }), view({ id: 2, log: [entry(1, 1)] }));
  });

  it("refuses a difference in or before a common entry", () => {
    for (const other of [
      [entry(1, 1, 7), entry(2, 2)],
      [entry(1, 0), entry(2, 2)],
      [entry(1, 1), entry(2, 2, 7), entry(3, 3)],
    ]) {
      expect(() => checkMatching(view({ log }), view({ id: 2, log: other }))).toThrow(/^R2/);
    }
  });
});

describe("R3", () => {
  const committed = (term: number): Ledger =>
    withMember(LEDGER_EMPTY, view({ term, commit: 1, log: [entry(1, 1)] }));
  const leader = view({ id: 2, term: 2, role: "leader" });

  it("refuses a leader without what an earlier term committed, or with something else", () => {
    expect(() => checkLeader(committed(1), leader)).toThrow(/^R3: leader 2 of term 2/);
    const other = { ...leader, log: [entry(1, 1, 7)] };
    expect(() => checkLeader(committed(1), other)).toThrow(/^R3/);
    checkLeader(committed(1), { ...leader, log: [entry(1, 1)] });
  });

  it("asks nothing of a leader that was overtaken, nor of others", () => {
    checkLeader(committed(3), leader);
    checkLeader(committed(1), { ...leader, role: "candidate" });
  });
});

it("R4: refuses another entry at a committed index", () => {
  const ledger = withMember(LEDGER_EMPTY, view({ commit: 1, log: [entry(1, 1), entry(2, 1)] }));
  withMember(ledger, view({ id: 2, commit: 2, log: [entry(1, 1), entry(2, 2)] }));
  const other = view({ id: 2, commit: 1, log: [entry(1, 2)] });
  expect(() => withMember(ledger, other)).toThrow(/^R4: member 2/);
});

describe("R5", () => {
  const envelope = { version: 1, from: 2, to: 1, term: 2 } as const;
  const vote: Message = {
    ...envelope,
    kind: "request-vote-response",
    preVote: false,
    reject: false,
  };
  const accepted: Message = {
    ...envelope,
    kind: "append-entries-response",
    index: 3,
    rejected: undefined,
  };
  const durable = (term: number, vote: number, lastIndex: number) => ({
    hardState: { term, vote, commit: 0 },
    lastIndex,
  });

  it("lets pass what is durable, and what promises nothing", () => {
    checkPromise(vote, durable(2, 1, 0));
    checkPromise(vote, durable(3, 0, 0));
    checkPromise({ ...vote, reject: true }, durable(0, 0, 0));
    checkPromise({ ...vote, preVote: true }, durable(0, 0, 0));
    checkPromise(accepted, durable(2, 1, 3));
  });

  it.each([
    ["a vote of a term that is not durable", vote, durable(1, 1, 0)],
    ["a vote for someone else", vote, durable(2, 3, 0)],
    ["entries that are not durable", accepted, durable(2, 1, 2)],
    ["entries of a term that is not durable", accepted, durable(1, 1, 3)],
    [
      "leadership without a durable vote",
      { ...envelope, kind: "heartbeat", commit: 0, round: 0 },
      durable(1, 2, 0),
    ],
  ] as const)("refuses %s", (_name, message, state) => {
    expect(() => checkPromise(message, state)).toThrow(/^R5: 2 promises/);
  });
});
