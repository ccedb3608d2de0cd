// The invariants themselves: what they must let pass, and what they must not.
import { LSN_ZERO } from "@ashlar/core";
import { describe, expect, it } from "vitest";
import { lsn } from "../scripted-chunk.ts";
import {
  checkContent,
  checkHolds,
  checkLevel,
  checkMatching,
  emptyLedger,
  type Ledger,
  withActive,
  withArrival,
  withCommits,
  withReply,
} from "./ledger.ts";
import type { LogPlace, NodeView, Reply } from "./node-view.ts";
import { PLAIN } from "./scopes.ts";

const scope = { ...PLAIN, mutations: ["write", "write"], reads: true } as const;
const place = (epoch: number, seq: number, operation = seq - 1): LogPlace => ({
  lsn: lsn(epoch, seq),
  operation,
});

function viewOf(log: readonly LogPlace[], part: Partial<NodeView> = {}): NodeView {
  return {
    at: 0,
    role: "primaryActive",
    epoch: 1,
    heard: 1,
    incarnation: 1,
    durable: { promised: 1, commit: LSN_ZERO, log, resyncing: false },
    commit: LSN_ZERO,
    log,
    content: 0,
    resyncing: false,
    required: [],
    sessions: 0,
    isAwake: false,
    pending: 0,
    owesTicket: false,
    admissionsAsked: [],
    ...part,
  };
}

const first = viewOf([place(1, 1)]);
const came = withArrival(withActive(emptyLedger(scope), first, 1), 0);
const committed = withCommits(came, first, [place(1, 1)]);
const reply = (operation: number, part: Partial<Reply> = {}): Reply => ({
  operation,
  status: "good",
  epoch: 1,
  found: 0,
  ...part,
});

describe("P1", () => {
  it("asks of a member what is committed, on its disk", () => {
    checkHolds(committed, viewOf([place(1, 1)]), "P1");
    checkHolds(came, viewOf([]), "P1");
    expect(() => checkHolds(committed, viewOf([]), "P1")).toThrow(/^P1: node 1 lacks 1\.1/);
    expect(() => checkHolds(committed, viewOf([place(2, 1)]), "P1")).toThrow(/^P1/);
    const behind = { promised: 1, commit: lsn(1, 1), log: [], resyncing: true };
    expect(() => checkHolds(committed, viewOf([], { durable: behind }), "P1")).toThrow(/^P15/);
  });

  it("refuses an answer before the commit, and a commit that no primary made", () => {
    withReply(committed, reply(0), scope);
    expect(() => withReply(came, reply(0), scope)).toThrow(/^P1/);
    const backup = viewOf([place(1, 1)], { role: "idle" });
    expect(() => withCommits(came, backup, [place(1, 1)])).toThrow(/^P1/);
  });
});

describe("P3", () => {
  it("refuses a second ACTIVE node in an epoch", () => {
    withActive(committed, first, 1);
    expect(() => withActive(committed, { ...first, at: 1 }, 1)).toThrow(/^P3/);
  });

  it("refuses an answer of an epoch that was over when the read came", () => {
    const later = withArrival(withActive(committed, { ...first, at: 1 }, 2), 2);
    withReply(later, reply(2, { epoch: 2, found: 1 }), scope);
    expect(() => withReply(later, reply(2, { found: 1 }), scope)).toThrow(/^P3/);
  });
});

it("P4: refuses another entry at a committed place", () => {
  withCommits(committed, first, [place(1, 1)]);
  expect(() => withCommits(committed, first, [place(2, 1)])).toThrow(/^P4/);
});

it("P5: refuses logs that differ at a common LSN, or below one", () => {
  const log = [place(1, 1), place(2, 2)];
  checkMatching(viewOf(log), viewOf([place(1, 1), place(3, 2)]));
  for (const other of [
    [place(1, 1, 1), place(2, 2)],
    [place(0, 1), place(2, 2)],
  ]) {
    expect(() => checkMatching(viewOf(log), viewOf(other))).toThrow(/^P5/);
  }
});

it("P6: refuses what no order explains", () => {
  const read = (ledger: Ledger, found: number): Ledger =>
    withReply(withArrival(ledger, 2), reply(2, { found }), scope);
  const answered = withReply(committed, reply(0), scope);
  read(committed, 0);
  read(committed, 1);
  read(answered, 1);
  expect(() => read(answered, 0)).toThrow(/^P6/);
});

describe("P7", () => {
  it("refuses ACTIVE where a member that follows has another tail", () => {
    checkLevel(first, viewOf([place(1, 1)]));
    const later = { promised: 2, commit: LSN_ZERO, log: [], resyncing: false };
    checkLevel(first, viewOf([], { durable: later }));
    expect(() => checkLevel(first, viewOf([]))).toThrow(/^P7/);
    expect(() => checkLevel(first, viewOf([place(1, 1), place(1, 2)]))).toThrow(/^P7/);
  });

  it("refuses the commit of what was on no member when a later epoch became ACTIVE", () => {
    const later = withActive(came, viewOf([], { at: 1 }), 2);
    expect(() => withCommits(later, first, [place(1, 1)])).toThrow(/^P7/);
  });
});

it("P15: refuses content that is not what the committed log says", () => {
  checkContent(committed, viewOf([], { commit: lsn(1, 1), content: 1 }), scope);
  checkContent(committed, viewOf([place(1, 1)]), scope);
  const wrong = viewOf([], { commit: lsn(1, 1), content: 0 });
  expect(() => checkContent(committed, wrong, scope)).toThrow(/^P15/);
});
