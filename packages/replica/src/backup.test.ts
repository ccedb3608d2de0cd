import { EXTENT_SIZE, LSN_ZERO } from "@ashlar/core";
import { describe, expect, it } from "vitest";
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

const member = (...held: ConstructorParameters<typeof ScriptedReplica>): ScriptedReplica =>
  new ScriptedReplica(...held);

const append = (seq: number, part: object = {}) => ({
  kind: "append" as const,
  prev: seq === 1 ? LSN_ZERO : lsn(1, seq - 1),
  commit: LSN_ZERO,
  entry: entryOf(lsn(1, seq)),
  ...part,
});

describe("a promise", () => {
  it("passes through the append queue: it is told when it and all before it is durable", () => {
    const backup = member(B);
    backup.promise(A, 1);
    backup.follow(A, append(1));
    const log = { version: 2, tail: LSN_ZERO, commit: LSN_ZERO };
    backup.follow(C, { kind: "newEpoch", store: storeOf(B), ...log }, { epoch: 2 });
    expect(backup.effects.map(({ kind }) => kind)).toEqual(["promise"]);
    backup.give({ kind: "journaled", upTo: 2 });
    expect(backup.messages, "the append is durable, the promise is not").toEqual([]);
    backup.sync();
    expect(backup.messages).toMatchObject([
      { kind: "promise", epoch: 2, tail: lsn(1, 1), uncommitted: [lsn(1, 1)] },
    ]);
  });

  it("refuses older epochs from then on, even before it is durable", () => {
    const backup = member(B);
    backup.promise(A, 1);
    const log = { version: 2, tail: LSN_ZERO, commit: LSN_ZERO };
    backup.follow(C, { kind: "newEpoch", store: storeOf(B), ...log }, { epoch: 2 });
    backup.follow(A, append(1));
    expect(backup.all("append")).toEqual([]);
    expect(backup.messages).toMatchObject([
      { kind: "nak", reason: "staleEpoch", promisedEpoch: 2 },
    ]);
  });

  it("is not given for another store", () => {
    const backup = member(B);
    const log = { version: 1, tail: LSN_ZERO, commit: LSN_ZERO };
    backup.follow(A, { kind: "newEpoch", store: storeOf(C), ...log });
    expect(backup.all("promise")).toEqual([]);
    expect(backup.messages).toMatchObject([{ kind: "nak", reason: "wrongStore" }]);
  });

  it("is told anew to a session that resumes, once all that was queued is durable", () => {
    const backup = member(B);
    backup.promise(A, 1);
    backup.follow(A, append(1));
    const log = { version: 1, tail: LSN_ZERO, commit: LSN_ZERO };
    backup.follow(A, { kind: "newEpoch", store: storeOf(B), ...log }, { session: 2 });
    expect(backup.effects).toEqual([]);
    backup.sync();
    expect(backup.messages).toMatchObject([{ kind: "promise", session: 2, tail: lsn(1, 1) }]);
    backup.follow(A, append(2));
    expect(backup.effects, "left over from the session that broke").toEqual([]);
  });

  it("reports where a resync that did not end began", () => {
    const backup = member(B, { promised: 1, commit: lsn(1, 9), resyncFrom: lsn(1, 2) });
    backup.promise(A, 2);
    expect(backup.messages).toMatchObject([{ kind: "promise", resyncFrom: lsn(1, 2) }]);
  });
});

describe("an append", () => {
  it("is acked when durable, a batch by one ack", () => {
    const backup = member(B);
    backup.promise(A, 1);
    backup.follow(A, append(1));
    backup.follow(A, append(2));
    expect(backup.messages).toEqual([]);
    backup.sync();
    expect(backup.messages).toMatchObject([{ kind: "appendAck", lsn: lsn(1, 2) }]);
  });

  it("is refused unless it names the LSN of the last entry", () => {
    const backup = member(B);
    backup.promise(A, 1);
    backup.follow(A, append(2));
    expect(backup.all("append")).toEqual([]);
    expect(backup.messages).toMatchObject([{ kind: "nak", reason: "gap", tail: LSN_ZERO }]);
  });

  it("commits nothing that is not durable here", () => {
    const backup = member(B);
    backup.promise(A, 1);
    backup.follow(A, append(1));
    backup.follow(A, append(2, { commit: lsn(1, 1) }));
    expect(backup.all("commit")).toEqual([]);
    backup.sync();
    expect(backup.all("commit")).toEqual([{ kind: "commit", lsn: lsn(1, 1) }]);
  });
});

describe("a truncation", () => {
  const diverged = (): ScriptedReplica => {
    const uncommitted = [entryOf(lsn(1, 1)), entryOf(lsn(1, 2))];
    const backup = member(B, { promised: 1, uncommitted });
    backup.promise(A, 2);
    return backup;
  };

  it("is acked when durable; what follows waits behind it", () => {
    const backup = diverged();
    backup.follow(A, { kind: "truncate", after: lsn(1, 1) }, { epoch: 2 });
    backup.follow(A, { ...append(2), entry: entryOf(lsn(2, 2)) }, { epoch: 2 });
    expect(backup.effects).toEqual([]);
    backup.sync();
    expect(backup.messages).toMatchObject([{ kind: "appendAck", lsn: lsn(1, 1) }]);
    expect(backup.all("append")).toMatchObject([{ entry: { lsn: lsn(2, 2) } }]);
  });

  it("never removes an entry of the epoch that sends it", () => {
    const backup = diverged();
    backup.follow(
      A,
      { kind: "append", prev: lsn(1, 2), commit: LSN_ZERO, entry: entryOf(lsn(2, 3)) },
      { epoch: 2 },
    );
    backup.sync();
    backup.follow(A, { kind: "truncate", after: lsn(1, 1) }, { epoch: 2 });
    expect(backup.all("truncate")).toEqual([]);
    expect(backup.messages).toMatchObject([{ kind: "appendAck", lsn: lsn(2, 3) }]);
  });
});

describe("a learner", () => {
  it("records durably from where the resync counts before it takes anything else", () => {
    const learner = member(B, {
      promised: 1,
      commit: lsn(1, 2),
      uncommitted: [entryOf(lsn(1, 3))],
    });
    learner.promise(A, 2);
    learner.follow(
      A,
      { kind: "resyncStart", from: lsn(1, 2), base: lsn(2, 9), windows: [] },
      { epoch: 2 },
    );
    expect(learner.effects.map(({ kind }) => kind)).toEqual(["beginResync", "setBase"]);
    const copy = { extent: 4, lastLsn: lsn(2, 8), data: undefined, checksums: new Uint32Array(0) };
    learner.follow(A, { kind: "copyExtent", commit: lsn(2, 9), copy }, { epoch: 2 });
    expect(learner.effects).toEqual([]);
    learner.sync();
    expect(learner.effects.map(({ kind }) => kind)).toEqual(["respond", "ask", "applyCopy"]);
    expect(learner.messages).toMatchObject([{ kind: "appendAck", lsn: lsn(2, 9) }]);
    learner.sync();
    expect(learner.messages).toMatchObject([{ kind: "copyAck", extent: 4 }]);
  });

  it("reports the resync as unfinished until its end is durable", () => {
    const learner = member(B, { promised: 1, commit: lsn(1, 2) });
    learner.promise(A, 2);
    learner.follow(
      A,
      { kind: "resyncStart", from: lsn(1, 2), base: lsn(2, 9), windows: [] },
      { epoch: 2 },
    );
    learner.sync();
    learner.follow(A, { kind: "resyncEnd", commit: lsn(2, 9) }, { epoch: 2 });
    expect(learner.messages).toEqual([]);
    learner.promise(C, 3);
    const [told] = learner.messages.filter(({ kind }) => kind === "promise");
    expect(told, "its session ended before").toMatchObject({ resyncFrom: lsn(1, 2) });
  });
});

describe("comparing replicas", () => {
  it("takes all digests at one LSN, with writes held, and verifies outside of the lock (P15)", () => {
    const primary = member(A);
    primary.lead(configOf([A, B]), [B]);
    const outcomes: unknown[] = [];
    primary.give({ kind: "check", deep: true, outcome: (outcome) => outcomes.push(outcome) });
    expect(primary.messages).toMatchObject([{ kind: "digestRequest", lsn: LSN_ZERO }]);
    const [own] = primary.all("ask");
    primary.operate();
    expect(primary.all("append"), "held").toEqual([]);
    primary.give({ kind: "answered", token: own!.token, answer: "00" });
    primary.hear(B, { kind: "digest", lsn: LSN_ZERO, digest: "01" });
    expect(primary.all("append"), "let in").toHaveLength(1);
    const verify = primary.all("ask").find(({ question }) => question.kind === "verify");
    primary.give({ kind: "answered", token: verify!.token, answer: [] });
    primary.hear(B, { kind: "verified", damagedUnits: 2, damaged: [] });
    for (const { report, outcome } of primary.all("checked")) report(outcome);
    expect(outcomes).toEqual([{ kind: "checked", replicas: 2, different: 1, damagedUnits: 2 }]);
  });

  it("asks nobody to read back what lies on its disk unless it is to be deep", () => {
    const primary = member(A);
    primary.lead(configOf([A, B]), [B]);
    const outcomes: unknown[] = [];
    primary.give({ kind: "check", deep: false, outcome: (outcome) => outcomes.push(outcome) });
    const [own] = primary.all("ask");
    primary.operate();
    primary.give({ kind: "answered", token: own!.token, answer: "00" });
    expect(primary.all("append"), "held").toEqual([]);
    primary.hear(B, { kind: "digest", lsn: LSN_ZERO, digest: "01" });
    expect(primary.all("append"), "let in").toHaveLength(1);
    expect(primary.all("ask")).toEqual([]);
    expect(primary.messages.map(({ kind }) => kind)).not.toContain("verifyRequest");
    for (const { report, outcome } of primary.all("checked")) report(outcome);
    expect(outcomes).toEqual([{ kind: "checked", replicas: 2, different: 1, damagedUnits: 0 }]);
  });

  it("can be asked again after one that was over at once", () => {
    const primary = member(A);
    primary.lead(configOf([A, B]), [B]);
    primary.give({ kind: "linkDown", node: B });
    primary.give({ kind: "check", deep: true, outcome: () => {} });
    expect(primary.all("checked")).toMatchObject([{ outcome: { kind: "unavailable" } }]);
    primary.lead(configOf([A, B]), [B]);
    primary.give({ kind: "check", deep: true, outcome: () => {} });
    expect(primary.messages.map(({ kind }) => kind)).toContain("digestRequest");
  });

  it("tells that it cannot when a member is lost meanwhile, and lets writers in", () => {
    const primary = member(A);
    primary.lead(configOf([A, B]), [B]);
    primary.give({ kind: "check", deep: true, outcome: () => {} });
    primary.operate({ offset: EXTENT_SIZE });
    primary.give({ kind: "linkDown", node: B });
    expect(primary.all("checked")).toMatchObject([{ outcome: { kind: "unavailable" } }]);
    expect(primary.all("append")).toHaveLength(1);
  });
});
