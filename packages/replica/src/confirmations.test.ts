import { CHECKSUM_UNIT, EXTENT_SIZE, LSN_ZERO, MIB, unitChecksums } from "@ashlar/core";
import { describe, expect, it } from "vitest";
import { RETRY_TICKS, UNCONFIRMED_BYTES_MAX } from "./limits.ts";
import {
  A,
  B,
  C,
  CHUNK,
  configOf,
  lsn,
  ScriptedReplica,
  storeOf,
} from "./testing/scripted-chunk.ts";

const active = (config = configOf([A, B]), others = [B]): ScriptedReplica => {
  const primary = new ScriptedReplica(A);
  primary.lead(config, others);
  expect(primary.view.role).toBe("primaryActive");
  return primary;
};

/** Answers the disk's questions of the last event with a unit of `fill`. */
function answerDisk(primary: ScriptedReplica, fill = 7): void {
  const data = [Buffer.alloc(CHECKSUM_UNIT, fill)];
  const checksums = unitChecksums(CHUNK, 0, data);
  for (const { token } of primary.all("ask")) {
    primary.give({ kind: "answered", token, answer: { data, checksums } });
  }
}

/** The rounds begun by the last event, by member. */
const rounds = (primary: ScriptedReplica): (readonly [to: string, round: number])[] =>
  primary
    .all("send")
    .flatMap(({ to, message }) => (message.kind === "confirm" ? [[to, message.round]] : []));

const confirm = (primary: ScriptedReplica, from: typeof B, round: number, session = 1): void =>
  primary.hear(from, { kind: "confirmed", round }, { session });

const promiseOf = (node: typeof B) => ({
  kind: "promise" as const,
  store: storeOf(node),
  tail: LSN_ZERO,
  commit: LSN_ZERO,
  uncommitted: [],
  resyncFrom: undefined,
});

const swap = (expected: number) => {
  const data = [Buffer.alloc(512, expected), Buffer.alloc(512, 9)];
  return {
    kind: "compareAndWrite",
    length: 512,
    data,
    checksums: unitChecksums(CHUNK, 0, data),
  } as const;
};

describe("a read", () => {
  it("is answered when it was read and every other member has confirmed (P2)", () => {
    const primary = active(configOf([A, B, C]), [B, C]);
    primary.operate({ kind: "read" });
    expect(rounds(primary), "while the disk reads").toEqual([
      [B, 1],
      [C, 1],
    ]);
    answerDisk(primary);
    confirm(primary, B, 1);
    expect(primary.statuses, "one is missing").toEqual([]);
    confirm(primary, C, 1, 2);
    expect(primary.statuses).toEqual(["good"]);
    expect(primary.replies[0]?.data).toEqual([Buffer.alloc(CHECKSUM_UNIT, 7)]);
  });

  it("that is confirmed before the disk has answered is answered with the disk's answer (P2)", () => {
    const primary = active();
    primary.operate({ kind: "read" });
    const [asked] = primary.all("ask");
    confirm(primary, B, 1);
    expect(primary.statuses).toEqual([]);
    const data = [Buffer.alloc(CHECKSUM_UNIT)];
    const answer = { data, checksums: unitChecksums(CHUNK, 0, data) };
    primary.give({ kind: "answered", token: asked!.token, answer });
    expect(primary.statuses).toEqual(["good"]);
  });

  it("that arrives while a round is in flight waits for the next one (P2)", () => {
    const primary = active();
    primary.operate({ kind: "read" });
    answerDisk(primary);
    primary.operate({ kind: "read" });
    expect(rounds(primary), "one round in flight").toEqual([]);
    answerDisk(primary);
    primary.operate({ kind: "read" });
    answerDisk(primary);
    confirm(primary, B, 1);
    expect(primary.statuses, "only the one before the round").toEqual(["good"]);
    confirm(primary, B, 3);
    expect(primary.statuses, "the next round confirms all that gathered").toHaveLength(3);
  });

  it("is not confirmed by the ack of an append (P2)", () => {
    const primary = active();
    primary.operate({ kind: "read", offset: EXTENT_SIZE });
    answerDisk(primary);
    primary.operate();
    primary.sync();
    primary.ack(B, lsn(1, 1));
    expect(primary.statuses, "the write").toEqual(["good"]);
    confirm(primary, B, 1);
    expect(primary.statuses).toEqual(["good", "good"]);
  });

  it("needs nobody's word when there is no other member", () => {
    const primary = active(configOf([A]), []);
    primary.operate({ kind: "read" });
    expect(primary.all("send")).toEqual([]);
    answerDisk(primary);
    expect(primary.statuses).toEqual(["good"]);
  });

  it("no longer waits for a member that a newer configuration of the epoch has left out", () => {
    const primary = active(configOf([A, B, C]), [B, C]);
    primary.operate({ kind: "read" });
    answerDisk(primary);
    confirm(primary, B, 1);
    primary.give({ kind: "linkDown", node: C });
    expect(primary.statuses, "a broken connection alone excuses nobody").toEqual([]);
    primary.give({ kind: "config", config: configOf([A, B], { version: 2 }) });
    expect(primary.statuses).toEqual(["good"]);
  });

  it("waits for a learner, too, from the moment its admission is asked for (P2)", () => {
    const primary = active(configOf([A], { learnerNodes: [B] }), []);
    primary.operate({ kind: "read" });
    const [asked] = primary.all("ask");
    primary.give({ kind: "linkUp", node: B });
    primary.hear(B, promiseOf(B));
    expect(primary.all("admit")).toHaveLength(1);
    expect(rounds(primary)).toEqual([[B, 1]]);
    const answer = { data: [Buffer.alloc(CHECKSUM_UNIT)], checksums: Uint32Array.of(0) };
    primary.give({ kind: "answered", token: asked!.token, answer });
    expect(primary.statuses).toEqual([]);
    confirm(primary, B, 1);
    expect(primary.statuses).toEqual(["good"]);
  });

  it("is asked for again in the session that follows one that broke", () => {
    const primary = active();
    primary.operate({ kind: "read" });
    answerDisk(primary);
    primary.give({ kind: "linkDown", node: B });
    primary.give({ kind: "linkUp", node: B });
    expect(rounds(primary), "not before it has promised").toEqual([]);
    primary.hear(B, promiseOf(B), { session: 2 });
    expect(rounds(primary)).toEqual([[B, 1]]);
    confirm(primary, B, 1);
    expect(primary.statuses, "left over from the session that broke").toEqual([]);
    confirm(primary, B, 1, 2);
    expect(primary.statuses).toEqual(["good"]);
  });

  it("counts no confirmation that was not asked for, and begins the session anew", () => {
    const primary = active();
    primary.operate({ kind: "read" });
    answerDisk(primary);
    confirm(primary, B, 2);
    for (let tick = 0; tick < RETRY_TICKS; tick++) primary.give({ kind: "tick" });
    expect(primary.statuses).toEqual([]);
    expect(primary.messages).toMatchObject([{ kind: "newEpoch", session: 2 }]);
  });

  it("that fails on the disk is told so without anybody's word: it reveals nothing", () => {
    const primary = active();
    primary.operate({ kind: "read" });
    const [asked] = primary.all("ask");
    primary.give({ kind: "failed", token: asked!.token, failure: "diskFailed", damaged: [] });
    expect(primary.statuses).toEqual(["diskFailed"]);
  });

  it("beyond what may wait is sent away until others are answered", () => {
    const primary = active();
    const length = MIB;
    for (let bytes = 0; bytes < UNCONFIRMED_BYTES_MAX; bytes += length) {
      primary.operate({ kind: "read", length });
      answerDisk(primary);
    }
    primary.operate({ kind: "read" });
    expect(primary.statuses).toEqual(["busy"]);
    confirm(primary, B, 1);
    primary.operate({ kind: "read" });
    expect(primary.statuses).toEqual(["busy", "good"]);
  });

  it("that the disk had in hand when it failed is refused, too, and so is one of a chunk that is gone", () => {
    for (const end of ["storeFailed", "removed"] as const) {
      const primary = active();
      const tokens = [1, 2, 3].flatMap(() => {
        primary.operate({ kind: "read" });
        return primary.all("ask").map(({ token }) => token);
      });
      const [failed = 0, late = 0, lost = 0] = tokens;
      const disk = { failure: "diskFailed", damaged: [] } as const;
      primary.give({ kind: "failed", token: failed, ...disk });
      primary.give({ kind: end });
      const answer = { data: [Buffer.alloc(CHECKSUM_UNIT)], checksums: new Uint32Array(1) };
      primary.give({ kind: "answered", token: late, answer });
      primary.give({ kind: "failed", token: lost, ...disk });
      expect(primary.replies).toHaveLength(3);
      expect(primary.statuses).not.toContain("good");
    }
  });
});

describe("compare-and-write", () => {
  it("tells of a miscompare when the members have confirmed, and keeps nobody out meanwhile (P2)", () => {
    const primary = active();
    primary.operate({ ...swap(1), opId: { incarnation: 9, seq: 70 } });
    answerDisk(primary);
    expect(rounds(primary)).toEqual([[B, 1]]);
    primary.operate({ ...swap(1), opId: { incarnation: 9, seq: 70 } });
    expect(primary.all("ask"), "a copy shares its fate").toEqual([]);
    primary.operate();
    expect(primary.all("append"), "the range is free").toHaveLength(1);
    expect(primary.statuses).toEqual([]);
    confirm(primary, B, 1);
    expect(primary.replies).toMatchObject([
      { status: "miscompare", value: 0 },
      { status: "miscompare", value: 0 },
    ]);
  });

  it("that compares equal is confirmed by its own commit", () => {
    const primary = active();
    primary.operate(swap(7));
    answerDisk(primary);
    expect(rounds(primary)).toEqual([]);
    primary.sync();
    primary.ack(B, lsn(1, 1));
    expect(primary.statuses).toEqual(["good"]);
  });
});

describe("a primary that was stopped, replaced and goes on", () => {
  it("does not answer with data what arrived after the later epoch became ACTIVE (P3)", () => {
    const old = active();
    // Confirmed just before it was stopped; the answer is heard when it goes on.
    old.operate({ kind: "read" });
    answerDisk(old);
    const next = new ScriptedReplica(B);
    next.promise(A, 1);
    next.follow(A, { kind: "confirm", round: 1 });
    const [early] = next.all("respond");
    const config = configOf([B], { epoch: 2, version: 2, primary: { node: B, incarnation: 1 } });
    next.lead(config, []);
    expect(next.view.role).toBe("primaryActive");
    next.operate();
    next.sync();
    expect(next.statuses).toEqual(["good"]);

    old.operate({ kind: "read" });
    answerDisk(old);
    old.operate({ ...swap(1) });
    answerDisk(old);
    old.give({ kind: "fromMember", from: B, message: early!.message });
    expect(old.statuses, "the one that arrived before").toEqual(["good"]);
    const [asked] = old.all("send");
    next.give({ kind: "fromPrimary", from: A, message: asked!.message });
    const [refusal] = next.all("respond");
    expect(refusal?.message).toMatchObject({ kind: "nak", reason: "staleEpoch" });
    old.give({ kind: "fromMember", from: B, message: refusal!.message });
    expect(old.statuses.slice(1)).toEqual(["notPrimary", "notPrimary"]);
    expect(old.view.role).toBe("idle");
  });

  it("refuses all that wait when it hears of its end, also those the disk has not answered", () => {
    const primary = active();
    primary.operate({ kind: "read" });
    answerDisk(primary);
    primary.operate({ kind: "read" });
    const [asked] = primary.all("ask");
    const next = configOf([A, B], { epoch: 2, version: 2, primary: { node: B, incarnation: 1 } });
    primary.give({ kind: "config", config: next });
    expect(primary.statuses).toEqual(["staleEpoch"]);
    const answer = { data: [Buffer.alloc(CHECKSUM_UNIT)], checksums: Uint32Array.of(0) };
    primary.give({ kind: "answered", token: asked!.token, answer });
    expect(primary.statuses).toEqual(["staleEpoch", "staleEpoch"]);
  });
});

describe("a member", () => {
  const member = (): ScriptedReplica => {
    const backup = new ScriptedReplica(B);
    backup.promise(A, 1);
    return backup;
  };
  const opening = { kind: "newEpoch", store: storeOf(B), version: 2 } as const;
  const log = { tail: LSN_ZERO, commit: LSN_ZERO };

  it("confirms in its session, and in no other", () => {
    const backup = member();
    backup.follow(A, { kind: "confirm", round: 5 });
    expect(backup.messages).toMatchObject([{ kind: "confirmed", round: 5, session: 1 }]);
    backup.promise(A, 1, 2);
    backup.follow(A, { kind: "confirm", round: 6 });
    expect(backup.messages, "left over from the session that broke").toEqual([]);
    backup.follow(C, { kind: "confirm", round: 6 }, { session: 2 });
    expect(backup.messages).toMatchObject([{ kind: "nak", reason: "gap" }]);
  });

  it("confirms nothing from the moment a newer promise is queued (P2)", () => {
    const backup = member();
    backup.follow(C, { ...opening, ...log }, { epoch: 2 });
    backup.follow(A, { kind: "confirm", round: 1 });
    expect(backup.messages, "the promise is not durable yet").toMatchObject([
      { kind: "nak", reason: "staleEpoch", promisedEpoch: 2 },
    ]);
  });

  it("confirms nothing before its own promise is durable, and nothing that a newer one overtakes", () => {
    const backup = new ScriptedReplica(B);
    backup.follow(A, { ...opening, ...log });
    backup.follow(A, { kind: "confirm", round: 1 });
    expect(backup.messages).toEqual([]);
    backup.follow(C, { ...opening, ...log }, { epoch: 2 });
    expect(backup.messages, "refused, not forgotten").toMatchObject([{ kind: "nak", epoch: 1 }]);
    backup.sync();
    expect(backup.messages).toMatchObject([{ kind: "promise", epoch: 2 }]);
  });

  it("whose store failed confirms nothing", () => {
    const backup = member();
    backup.give({ kind: "storeFailed" });
    backup.follow(A, { kind: "confirm", round: 1 });
    expect(backup.messages).toMatchObject([{ kind: "nak", reason: "storeFailed" }]);
  });
});
