// P14, rule by rule: a damaged unit is had from another member at the same LSN, or told to be damaged.
import { CHECKSUM_UNIT, EXTENT_SIZE, LSN_ZERO } from "@ashlar/core";
import { describe, expect, it } from "vitest";
import type { CheckOutcome } from "./events.ts";
import {
  A,
  B,
  C,
  CHUNK,
  configOf,
  entryOf,
  lsn,
  ScriptedReplica,
  storeOf,
} from "./testing/scripted-chunk.ts";

const GOOD = [Buffer.alloc(CHECKSUM_UNIT, 7)];
const UNIT = 3;

/** Leads with the others, one write committed. */
function leading(others: readonly (typeof A)[]): ScriptedReplica {
  const primary = new ScriptedReplica(A);
  primary.lead(configOf([A, ...others]), others);
  primary.operate({ offset: 0 });
  primary.sync();
  for (const [at, other] of others.entries()) primary.ack(other, lsn(1, 1), at + 1);
  expect(primary.statuses).toEqual(["good"]);
  return primary;
}

/** Answers the newest question of the last event. */
function answerWith(primary: ScriptedReplica, answer: object): void {
  const { token } = primary.all("ask").at(-1)!;
  primary.give({ kind: "answered", token, answer: answer as never });
}
function fail(primary: ScriptedReplica, damaged: readonly number[] = [UNIT]): void {
  const { token } = primary.all("ask").at(-1)!;
  primary.give({ kind: "failed", token, failure: "badChecksum", damaged });
}
/** Reads, fails once, and once more under the range's lock. */
function readDamaged(primary: ScriptedReplica): void {
  primary.operate({ kind: "read", offset: UNIT * CHECKSUM_UNIT });
  fail(primary);
  fail(primary);
}
const asked = (primary: ScriptedReplica) =>
  primary.all("send").filter(({ message }) => message.kind === "unitRequest");
const notices = (primary: ScriptedReplica) => primary.all("notice").map(({ notice }) => notice);
const good = { data: GOOD, checksums: new Uint32Array(1) };

describe("a read of a damaged unit", () => {
  it("asks a member for it as of the commit LSN, stores it, and is answered when confirmed (P2)", () => {
    const primary = leading([B]);
    readDamaged(primary);
    expect(asked(primary)).toMatchObject([
      { to: B, message: { kind: "unitRequest", unit: UNIT, commit: lsn(1, 1) } },
    ]);
    primary.hear(B, { kind: "unit", unit: UNIT, data: GOOD });
    const [repair] = primary.all("repairUnit");
    expect(repair).toMatchObject({ repair: { unit: UNIT, data: GOOD } });
    expect(primary.all("ask")).toEqual([]);
    primary.sync();
    answerWith(primary, good);
    expect(notices(primary)).toEqual([{ what: "repaired", units: [UNIT] }]);
    expect(primary.statuses).toEqual(["good"]);
    primary.hear(B, { kind: "confirmed", round: 1 });
    expect(primary.statuses).toEqual(["good", "good"]);
    expect(primary.replies.at(-1)?.data).toEqual(GOOD);
  });

  it("keeps writes of the unit waiting meanwhile, and no others", () => {
    const primary = leading([B]);
    readDamaged(primary);
    primary.operate({ offset: UNIT * CHECKSUM_UNIT });
    expect(primary.all("append")).toEqual([]);
    primary.operate({ offset: (UNIT + 1) * CHECKSUM_UNIT });
    expect(primary.all("append")).toHaveLength(1);
    primary.ack(B, lsn(1, 2));
    primary.sync();
    primary.hear(B, { kind: "unit", unit: UNIT, data: GOOD });
    primary.sync();
    answerWith(primary, good);
    expect(primary.all("append")).toHaveLength(1);
  });

  it("asks the next member when one has none, and when its session ends", () => {
    for (const lose of [
      (primary: ScriptedReplica) => primary.hear(B, { kind: "unit", unit: UNIT, data: [] }),
      (primary: ScriptedReplica) => primary.give({ kind: "linkDown", node: B }),
      (primary: ScriptedReplica) =>
        primary.give({ kind: "config", config: configOf([A, C], { version: 2 }) }),
    ]) {
      const primary = leading([B, C]);
      readDamaged(primary);
      expect(asked(primary).map(({ to }) => to)).toEqual([B]);
      lose(primary);
      // The own store is asked again first: it is the one that knows.
      fail(primary);
      expect(asked(primary).map(({ to }) => to)).toEqual([C]);
    }
  });

  it("is told that it is damaged when nobody has it, and the range is free again", () => {
    const primary = leading([B]);
    readDamaged(primary);
    primary.hear(B, { kind: "unit", unit: UNIT, data: [] });
    fail(primary);
    expect(primary.statuses).toEqual(["good", "badChecksum"]);
    expect(notices(primary)).toEqual([{ what: "notRepaired", units: [UNIT] }]);
    primary.operate({ offset: UNIT * CHECKSUM_UNIT });
    expect(primary.all("append")).toHaveLength(1);
    const sole = leading([]);
    readDamaged(sole);
    expect(sole.statuses).toEqual(["good", "badChecksum"]);
  });

  it("takes nothing that was not asked for, and nothing that is no unit", () => {
    const primary = leading([B]);
    primary.hear(B, { kind: "unit", unit: UNIT, data: GOOD });
    expect(primary.all("repairUnit")).toEqual([]);
    readDamaged(primary);
    primary.hear(B, { kind: "unit", unit: UNIT + 1, data: GOOD });
    primary.hear(C, { kind: "unit", unit: UNIT, data: GOOD });
    expect(primary.all("repairUnit")).toEqual([]);
    primary.hear(B, { kind: "unit", unit: UNIT, data: [Buffer.alloc(512)] });
    expect(primary.all("repairUnit")).toEqual([]);
  });

  it("is sent away when its primary is deposed meanwhile (P3)", () => {
    const primary = leading([B]);
    readDamaged(primary);
    const newer = { epoch: 2, version: 2, primary: { node: B, incarnation: 1 } };
    primary.give({ kind: "config", config: configOf([A, B], newer) });
    expect(primary.statuses).toEqual(["good", "staleEpoch"]);
    primary.hear(B, { kind: "unit", unit: UNIT, data: GOOD }, { epoch: 1 });
    primary.sync();
    expect(primary.statuses).toEqual(["good", "staleEpoch"]);
  });
});

describe("other reads of the own store", () => {
  it("a write of part of a damaged unit is merged with its repaired bytes", () => {
    const primary = leading([B]);
    primary.operate({ offset: UNIT * CHECKSUM_UNIT, length: 512 });
    fail(primary);
    primary.hear(B, { kind: "unit", unit: UNIT, data: GOOD });
    primary.sync();
    answerWith(primary, good);
    const [append] = primary.all("append");
    const data = append?.entry.kind === "write" ? Buffer.concat(append.entry.data) : undefined;
    expect(data?.subarray(512)).toEqual(Buffer.alloc(CHECKSUM_UNIT - 512, 7));
  });

  it("an extent that is copied to a learner is repaired first, from the learner itself if need be", () => {
    const primary = new ScriptedReplica(A, { commit: lsn(1, 1), promised: 1 });
    const part = { epoch: 2, version: 2, learnerNodes: [C] };
    primary.lead(configOf([A], part), []);
    primary.give({ kind: "linkUp", node: C });
    const { session } = primary.all("send")[0]!.message;
    const hear = (message: Parameters<ScriptedReplica["hear"]>[1]) =>
      primary.hear(C, message, { session });
    const log = { tail: LSN_ZERO, commit: LSN_ZERO, uncommitted: [], resyncFrom: undefined };
    hear({ kind: "promise", store: storeOf(C), ...log });
    // Before the learner's log continues the primary's it is not told of a commit LSN (P4).
    readDamaged(primary);
    expect(asked(primary)).toEqual([]);
    expect(primary.statuses).toEqual(["badChecksum"]);
    primary.give({ kind: "resyncGranted", node: C });
    answerWith(primary, [{ extent: 0, lastLsn: lsn(1, 1), mapped: true }]);
    hear({ kind: "resyncReady", extents: [] });
    fail(primary);
    expect(asked(primary)).toMatchObject([{ to: C, message: { unit: UNIT } }]);
    hear({ kind: "unit", unit: UNIT, data: GOOD });
    primary.sync();
    const data = [Buffer.alloc(EXTENT_SIZE)];
    answerWith(primary, { extent: 0, lastLsn: lsn(1, 1), data, checksums: new Uint32Array(16) });
    expect(primary.messages.map(({ kind }) => kind)).toEqual(["copyExtent"]);
  });
});

describe("a check", () => {
  it("repairs what is damaged on either side, and tells what it found", () => {
    const primary = leading([B]);
    const outcomes: CheckOutcome[] = [];
    primary.give({ kind: "check", deep: true, outcome: (told) => outcomes.push(told) });
    const deliver = (): void => {
      for (const { report, outcome } of primary.all("checked")) report(outcome);
    };
    answerWith(primary, "00" as never);
    primary.hear(B, { kind: "digest", lsn: lsn(1, 1), digest: "00" });
    const verify = primary.all("ask").at(-1)!;
    primary.hear(B, { kind: "verified", damagedUnits: 2, damaged: [5, 1 << 30] });
    primary.give({ kind: "answered", token: verify.token, answer: [UNIT] });
    fail(primary);
    expect(asked(primary)).toMatchObject([{ to: B, message: { unit: UNIT } }]);
    primary.hear(B, { kind: "unit", unit: UNIT, data: GOOD });
    primary.sync();
    answerWith(primary, good);
    answerWith(primary, good);
    const sent = primary.all("send").map(({ message }) => message);
    expect(sent).toMatchObject([{ kind: "unitRepair", unit: 5, data: GOOD, commit: lsn(1, 1) }]);
    deliver();
    expect(outcomes).toEqual([{ kind: "checked", replicas: 2, different: 0, damagedUnits: 3 }]);
  });
});

describe("a member", () => {
  function following(): ScriptedReplica {
    const backup = new ScriptedReplica(B);
    backup.promise(A, 1);
    backup.follow(A, {
      kind: "append",
      prev: LSN_ZERO,
      commit: LSN_ZERO,
      entry: entryOf(lsn(1, 1)),
    });
    backup.sync();
    return backup;
  }

  it("tells a unit as of the commit LSN it is asked for, none if its own is damaged", () => {
    const backup = following();
    backup.follow(A, { kind: "unitRequest", commit: lsn(1, 1), unit: UNIT });
    expect(backup.effects.map(({ kind }) => kind)).toEqual(["commit", "ask"]);
    const [question] = backup.all("ask");
    expect(question?.question).toEqual({
      kind: "read",
      offset: UNIT * CHECKSUM_UNIT,
      length: CHECKSUM_UNIT,
    });
    answerWith(backup, good);
    expect(backup.messages).toMatchObject([{ kind: "unit", unit: UNIT, data: GOOD }]);
    backup.follow(A, { kind: "unitRequest", commit: lsn(1, 1), unit: UNIT });
    fail(backup);
    expect(backup.messages).toMatchObject([{ kind: "unit", unit: UNIT, data: [] }]);
  });

  it("stores what repairs it before it goes on", () => {
    const backup = following();
    backup.follow(A, { kind: "unitRepair", commit: lsn(1, 1), unit: UNIT, data: GOOD });
    expect(backup.all("repairUnit")).toMatchObject([{ repair: { unit: UNIT, data: GOOD } }]);
    backup.follow(A, { kind: "verifyRequest" });
    expect(backup.all("ask")).toEqual([]);
    backup.sync();
    expect(backup.all("ask").map(({ question }) => question.kind)).toEqual(["verify"]);
    answerWith(backup, [UNIT, 9]);
    expect(backup.messages).toMatchObject([
      { kind: "verified", damagedUnits: 2, damaged: [UNIT, 9] },
    ]);
  });

  it("refuses units that its chunk has not, and bytes that are no unit", () => {
    const backup = following();
    const commit = lsn(1, 1);
    for (const message of [
      { kind: "unitRequest", commit, unit: (16 << 20) / CHECKSUM_UNIT },
      { kind: "unitRepair", commit, unit: 0xffff_ffff, data: GOOD },
      { kind: "unitRepair", commit, unit: 0, data: [Buffer.alloc(100)] },
    ] as const) {
      backup.follow(A, message);
      expect(backup.effects).toMatchObject([
        { kind: "respond", message: { kind: "nak", reason: "gap", chunk: CHUNK } },
      ]);
    }
  });
});
