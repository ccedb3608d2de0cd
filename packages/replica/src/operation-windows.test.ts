// The windows of opIds as chunk state, rule by rule (P10).
import { CHECKSUM_UNIT, LSN_ZERO } from "@ashlar/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OPERATION_WINDOWS_MAX, WINDOW_OPERATIONS_MAX } from "./limits.ts";
import { OperationWindows } from "./operation-windows.ts";
import {
  A,
  B,
  C,
  configOf,
  entryOf,
  lsn,
  ScriptedReplica,
  storeOf,
} from "./testing/scripted-chunk.ts";

const window = (seqs: readonly number[], lowestUnresolvedSeq = 1) => ({
  incarnation: 9,
  lowestUnresolvedSeq,
  seqs,
});
const opId = (seq: number, incarnation = 9) => ({ incarnation, seq });

describe("windows", () => {
  it("hold what was committed and is not resolved, in whatever order it came, and know it again", () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(60), fc.nat(1)));
    fc.assert(
      fc.property(steps, (committed) => {
        const windows = new OperationWindows();
        const seqs = [new Set<number>(), new Set<number>()] as const;
        const lowest = [0, 0];
        for (const [seq, back, gateway] of committed) {
          const lowestUnresolvedSeq = Math.max(1, seq - back);
          windows.commit({ opId: opId(seq, gateway + 1), lowestUnresolvedSeq });
          lowest[gateway] = Math.max(lowest[gateway]!, lowestUnresolvedSeq);
          seqs[gateway as 0 | 1].add(seq);
        }
        const expected = ([0, 1] as const)
          .filter((gateway) => seqs[gateway].size > 0)
          .map((gateway) => ({
            incarnation: gateway + 1,
            lowestUnresolvedSeq: lowest[gateway]!,
            seqs: [...seqs[gateway]].filter((seq) => seq >= lowest[gateway]!).sort((a, b) => a - b),
          }));
        expect(windows.list()).toEqual(expected);
        expect(windows.operations).toBe(expected.reduce((sum, each) => sum + each.seqs.length, 0));
        expect(new OperationWindows(expected).list()).toEqual(expected);
        for (const { incarnation, seqs: held } of expected) {
          for (let seq = 1; seq <= 60; seq++) {
            expect(windows.has(opId(seq, incarnation))).toBe(held.includes(seq));
          }
        }
      }),
    );
  });
});

describe("P10: a primary", () => {
  it("answers good what its store knew to be committed when it started", () => {
    const primary = new ScriptedReplica(A, {
      promised: 1,
      commit: lsn(1, 8),
      windows: [window([5, 7], 4)],
    });
    primary.lead(configOf([A], { epoch: 2, version: 2 }), []);
    for (const seq of [5, 7]) primary.operate({ opId: opId(seq), epoch: 1 });
    expect(primary.statuses).toEqual(["good", "good"]);
    primary.operate({ opId: opId(3) });
    expect(primary.statuses.at(-1), "long resolved").toBe("busy");
    expect(primary.view.tail).toEqual(lsn(1, 8));
    primary.operate({ opId: opId(6), lowestUnresolvedSeq: 5 });
    expect(primary.view.tail, "never logged: it is decided afresh").toEqual(lsn(2, 9));
  });

  it("answers good what its predecessor had committed before it joined as a learner", () => {
    const learner = new ScriptedReplica(B);
    learner.promise(A, 1);
    const windows = [window([2, 3], 2)];
    learner.follow(A, { kind: "resyncStart", from: LSN_ZERO, base: lsn(1, 3), windows });
    expect(learner.all("setBase")).toMatchObject([{ base: lsn(1, 3), windows }]);
    learner.sync();
    learner.follow(A, { kind: "resyncEnd", commit: lsn(1, 3) });
    learner.sync();
    const led = { epoch: 2, version: 2, primary: { node: B, incarnation: 1 } };
    learner.lead(configOf([B], led), []);
    learner.operate({ opId: opId(3) });
    expect(learner.statuses).toEqual(["good"]);
  });

  it("does not know what was truncated, nor tells a learner of what is not committed", () => {
    const member = new ScriptedReplica(B);
    member.promise(A, 1);
    const append = { kind: "append", commit: LSN_ZERO } as const;
    member.follow(A, { ...append, prev: LSN_ZERO, entry: entryOf(lsn(1, 1)) });
    member.follow(A, { ...append, prev: lsn(1, 1), entry: entryOf(lsn(1, 2)) });
    member.sync();
    member.promise(C, 2);
    member.follow(C, { kind: "truncate", after: lsn(1, 1) }, { epoch: 2 });
    member.sync();
    const led = { epoch: 3, version: 3, primary: { node: B, incarnation: 1 } };
    member.lead(configOf([B], { ...led, learnerNodes: [C] }), []);
    member.operate({ opId: opId(1) });
    expect(member.statuses, "committed by becoming ACTIVE").toEqual(["good"]);
    member.operate({ opId: opId(2) });
    expect(member.view.tail, "it never happened, and happens now").toEqual(lsn(3, 2));
    member.give({ kind: "linkUp", node: C });
    const empty = { tail: LSN_ZERO, commit: LSN_ZERO, uncommitted: [], resyncFrom: undefined };
    member.hear(C, { kind: "promise", store: storeOf(C), ...empty });
    member.give({ kind: "resyncGranted", node: C });
    expect(member.messages[0]).toMatchObject({ kind: "resyncStart", windows: [window([1])] });
    expect(member.messages[1]).toMatchObject({ kind: "append", entry: { opId: opId(2) } });
  });

  it("refuses a dead gateway before anything else, and gives its window to nobody", () => {
    const dead = new Set<number>();
    const primary = new ScriptedReplica(A, {
      promised: 1,
      commit: lsn(1, 8),
      windows: [window([5]), { ...window([6]), incarnation: 10 }],
      isDeadGateway: (incarnation) => dead.has(incarnation),
    });
    primary.lead(configOf([A], { epoch: 2, version: 2, learnerNodes: [B] }), []);
    primary.operate({ opId: opId(5) });
    dead.add(9);
    primary.operate({ opId: opId(5) });
    primary.operate({ opId: opId(77), kind: "read" });
    expect(primary.statuses).toEqual(["good", "staleIncarnation", "staleIncarnation"]);
    primary.give({ kind: "linkUp", node: B });
    const empty = { tail: LSN_ZERO, commit: LSN_ZERO, uncommitted: [], resyncFrom: undefined };
    primary.hear(B, { kind: "promise", store: storeOf(B), ...empty });
    primary.give({ kind: "resyncGranted", node: B });
    expect(primary.messages[0]).toMatchObject({ windows: [{ incarnation: 10, seqs: [6] }] });
  });
});

describe("P10: beyond a limit an operation is told to come back, and nothing is forgotten", () => {
  const leading = (windows: ReturnType<typeof window>[], isDead = (_: number) => false) => {
    const held = { promised: 1, commit: lsn(1, 8), windows, isDeadGateway: isDead };
    const primary = new ScriptedReplica(A, held);
    primary.lead(configOf([A], { epoch: 2, version: 2 }), []);
    return primary;
  };

  it("of operations of one gateway: the lowest unresolved one passes all the same", () => {
    const seqs = Array.from({ length: WINDOW_OPERATIONS_MAX }, (_, at) => at + 2);
    const primary = leading([window(seqs)]);
    primary.operate({ opId: opId(9_000) });
    expect(primary.statuses).toEqual(["busy"]);
    primary.operate({ opId: opId(seqs.at(-1)!) });
    expect(primary.statuses).toEqual(["busy", "good"]);
    primary.operate({ opId: opId(9_001, 10) });
    expect(primary.view.uncommitted, "another gateway has its own").toBe(1);
    primary.operate({ opId: opId(1) });
    expect(primary.view.uncommitted).toBe(2);
    primary.operate({ opId: opId(9_002), lowestUnresolvedSeq: 1_000, offset: CHECKSUM_UNIT });
    expect(primary.statuses, "it is told before the limit is asked").toHaveLength(3);
    primary.sync();
    primary.operate({ opId: opId(9_003), lowestUnresolvedSeq: 9_003 });
    primary.sync();
    primary.operate({ opId: opId(9_004), lowestUnresolvedSeq: 9_003 });
    primary.sync();
    expect(primary.statuses.slice(-2)).toEqual(["good", "good"]);
  });

  it("of gateways, among whom the dead do not count", () => {
    const windows = Array.from({ length: OPERATION_WINDOWS_MAX }, (_, at) => ({
      ...window([1]),
      incarnation: 100 + at,
    }));
    const dead = new Set<number>();
    const primary = leading(windows, (incarnation) => dead.has(incarnation));
    primary.operate({ opId: opId(1) });
    expect(primary.statuses).toEqual(["busy"]);
    dead.add(100);
    primary.operate({ opId: opId(2) });
    primary.sync();
    expect(primary.statuses).toEqual(["busy", "good"]);
  });

  it("of the distance between the seqs of one gateway", () => {
    const primary = leading([]);
    primary.operate({ opId: opId(2 ** 40), lowestUnresolvedSeq: 1 });
    expect(primary.statuses).toEqual(["busy"]);
  });
});
