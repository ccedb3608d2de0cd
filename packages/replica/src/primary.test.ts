import { CHECKSUM_UNIT, EXTENT_SIZE, LSN_ZERO, sameLsn, unitChecksums } from "@ashlar/core";
import { describe, expect, it } from "vitest";
import type { Operation } from "./operations.ts";
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

const active = (config = configOf([A, B, C]), others = [B, C]): ScriptedReplica => {
  const primary = new ScriptedReplica(A);
  primary.lead(config, others);
  expect(primary.view.role).toBe("primaryActive");
  return primary;
};

describe("a new primary", () => {
  it("makes its own promise durable before it asks anybody", () => {
    const primary = new ScriptedReplica(A);
    primary.give({ kind: "config", config: configOf([A, B]) });
    expect(primary.effects.map(({ kind }) => kind)).toEqual(["promise"]);
    primary.sync();
    expect(primary.all("link")).toEqual([{ kind: "link", node: B }]);
    expect(primary.view.role).toBe("primary");
  });

  it("leads only epochs that name its own incarnation (K1)", () => {
    const primary = new ScriptedReplica(A);
    primary.give({
      kind: "config",
      config: configOf([A], { primary: { node: A, incarnation: 7 } }),
    });
    expect(primary.view.role).toBe("idle");
    primary.give({ kind: "identity", incarnation: 7 });
    expect(primary.all("promise")).toHaveLength(1);
  });

  it("never leads an epoch again that it has promised before: no LSN is given twice", () => {
    const restarted = new ScriptedReplica(A, { promised: 1, commit: lsn(1, 4) });
    restarted.give({ kind: "config", config: configOf([A]) });
    expect(restarted.view.role).toBe("idle");
    restarted.give({ kind: "config", config: configOf([A], { epoch: 2, version: 2 }) });
    restarted.sync();
    expect(restarted.view.role).toBe("primaryActive");
  });

  it("is ACTIVE only when every member has promised with a durable tail equal to its own (P7)", () => {
    const primary = new ScriptedReplica(A, { promised: 1, uncommitted: [entryOf(lsn(1, 1))] });
    primary.lead(configOf([A, B, C], { epoch: 2, version: 2 }), [B]);
    expect(primary.view.role).toBe("primary");
    primary.give({ kind: "linkUp", node: C });
    const promise = { tail: LSN_ZERO, commit: LSN_ZERO, uncommitted: [], resyncFrom: undefined };
    primary.hear(C, { kind: "promise", store: storeOf(C), ...promise }, { session: 2 });
    expect(primary.messages.map(({ kind }) => kind)).toEqual(["append"]);
    expect(primary.view.role).toBe("primary");
    primary.ack(C, lsn(1, 1), 2);
    expect(primary.view.role).toBe("primaryActive");
    expect(primary.all("commit")).toEqual([{ kind: "commit", lsn: lsn(1, 1) }]);
  });

  it("lets its own log win: what a member has beyond the common point is truncated (P4)", () => {
    const primary = new ScriptedReplica(A, { promised: 1, commit: lsn(1, 1) });
    primary.give({ kind: "config", config: configOf([A, B], { epoch: 2, version: 2 }) });
    primary.sync();
    primary.give({ kind: "linkUp", node: B });
    const uncommitted = [lsn(1, 1), lsn(1, 2)];
    const promise = { tail: lsn(1, 2), commit: LSN_ZERO, uncommitted, resyncFrom: undefined };
    primary.hear(B, { kind: "promise", store: storeOf(B), ...promise });
    expect(primary.messages).toMatchObject([{ kind: "truncate", after: lsn(1, 1) }]);
    expect(primary.view.role, "not before the truncation is durable").toBe("primary");
    primary.ack(B, lsn(1, 1));
    expect(primary.view.role).toBe("primaryActive");
  });

  it("does not believe a store that is not the one the configuration names", () => {
    const primary = new ScriptedReplica(A);
    primary.give({ kind: "config", config: configOf([A, B]) });
    primary.sync();
    primary.give({ kind: "linkUp", node: B });
    const promise = { tail: LSN_ZERO, commit: LSN_ZERO, uncommitted: [], resyncFrom: undefined };
    primary.hear(B, { kind: "promise", store: storeOf(C), ...promise });
    expect(primary.view.role).toBe("primary");
  });
});

describe("a write", () => {
  it("is answered when it is durable here and on every member (P1)", () => {
    const primary = active();
    primary.operate();
    expect(primary.messages.map(({ kind }) => kind)).toEqual(["append", "append"]);
    primary.ack(B, lsn(1, 1));
    primary.ack(C, lsn(1, 1), 2);
    expect(primary.statuses, "not without the own fsync").toEqual([]);
    primary.sync();
    expect(primary.statuses).toEqual(["good"]);
  });

  it("waits for a lost member until a configuration without it is heard (P8)", () => {
    const primary = active();
    primary.operate();
    primary.sync();
    primary.ack(B, lsn(1, 1));
    primary.give({ kind: "linkDown", node: C });
    expect(primary.statuses).toEqual([]);
    primary.give({ kind: "config", config: configOf([A, B], { version: 2 }) });
    expect(primary.statuses).toEqual(["good"]);
  });

  it("goes by the greatest version heard: an older one changes nothing", () => {
    const primary = active(configOf([A, B, C], { version: 5 }));
    primary.operate();
    primary.sync();
    primary.give({ kind: "config", config: configOf([A], { version: 4 }) });
    expect(primary.statuses).toEqual([]);
  });

  it("is logged once though it is sent twice, and both are answered at its commit (P10)", () => {
    const primary = active(configOf([A, B]), [B]);
    primary.operate({ opId: { incarnation: 9, seq: 77 } });
    primary.operate({ opId: { incarnation: 9, seq: 77 } });
    expect(primary.all("append")).toEqual([]);
    primary.sync();
    primary.ack(B, lsn(1, 1));
    expect(primary.statuses).toEqual(["good", "good"]);
    primary.operate({ opId: { incarnation: 9, seq: 77 }, epoch: 0 });
    expect(primary.statuses.at(-1), "the opId counts before the epoch").toBe("good");
  });

  it("sent again to the next primary, is found in its log", () => {
    const logged = entryOf(lsn(1, 1), { seq: 5 });
    const primary = new ScriptedReplica(A, { promised: 1, uncommitted: [logged] });
    primary.lead(configOf([A], { epoch: 2, version: 2 }), []);
    primary.operate({ opId: logged.opId });
    expect(primary.all("append")).toEqual([]);
    expect(primary.statuses).toEqual(["good"]);
  });

  it("of an operation long resolved is refused", () => {
    const primary = active(configOf([A]), []);
    primary.operate({ opId: { incarnation: 9, seq: 50 }, lowestUnresolvedSeq: 40 });
    primary.operate({ opId: { incarnation: 9, seq: 39 }, lowestUnresolvedSeq: 30 });
    expect(primary.statuses).toEqual(["busy"]);
    expect(primary.all("append")).toEqual([]);
  });

  it.each([
    ["staleEpoch", { epoch: 0 }],
    ["notActive", { epoch: 2 }],
    ["outOfRange", { offset: 16 * 1024 * 1024 }],
    ["badChecksum", { checksums: Uint32Array.of(1) }],
  ] as const)("is refused with %s", (status, part) => {
    const primary = active(configOf([A]), []);
    primary.operate(part);
    expect(primary.statuses).toEqual([status]);
    expect(primary.all("append")).toEqual([]);
  });

  it("gets no LSN when a store has no room beyond its reserve (P18)", () => {
    const primary = active(configOf([A, B]), [B]);
    primary.freeBytes = EXTENT_SIZE - 1;
    primary.operate();
    primary.freeBytes = 1 << 30;
    primary.ack(B, LSN_ZERO, 1, 0);
    primary.operate();
    expect(primary.statuses).toEqual(["noSpace", "noSpace"]);
    expect(primary.messages, "its word may be old").toMatchObject([
      { kind: "commit", report: true },
    ]);
    primary.ack(B, LSN_ZERO);
    primary.operate();
    expect(primary.all("append")).toHaveLength(1);
  });

  const whole = { data: [Buffer.alloc(CHECKSUM_UNIT, 0xee)], offset: 0, length: CHECKSUM_UNIT };
  const checksums = unitChecksums(CHUNK, 0, whole.data);
  it.each<[string, Partial<Operation>, readonly number[]]>([
    ["of part of a unit", { offset: 512, length: 512, ...partOf(512) }, [0x01, 0xee, 0xee, 0x01]],
    [
      "that sets bits of part of a unit",
      { kind: "orWrite", offset: 512, length: 512, ...partOf(512) },
      [0x01, 0xef, 0xef, 0x01],
    ],
    [
      "that sets bits of a whole unit",
      { kind: "orWrite", ...whole, checksums },
      [0xef, 0xef, 0xef, 0xef],
    ],
  ])("%s waits for what is uncommitted there and locks others out until logged", (...row) => {
    const [, operation, expected] = row;
    const primary = active(configOf([A, B]), [B]);
    primary.operate();
    primary.operate(operation);
    expect(primary.all("ask"), "an entry is uncommitted there").toEqual([]);
    primary.sync();
    primary.ack(B, lsn(1, 1));
    const [asked] = primary.all("ask");
    expect(asked?.question).toEqual({ kind: "read", offset: 0, length: CHECKSUM_UNIT });
    primary.operate();
    expect(primary.all("append"), "locked out").toEqual([]);
    const data = [Buffer.alloc(CHECKSUM_UNIT, 1)];
    primary.give({
      kind: "answered",
      token: asked!.token,
      answer: { data, checksums: Uint32Array.of(0) },
    });
    const logged = primary.all("append").map(({ entry }) => entry);
    expect(logged.map(({ lsn: at }) => at.seq)).toEqual([2, 3]);
    const [merged] = logged;
    const bytes = merged?.kind === "write" ? Buffer.concat(merged.data) : Buffer.alloc(0);
    expect([bytes[0], bytes[512], bytes[1023], bytes[1024]]).toEqual(expected);
  });

  it("that waits for its range shares the fate of its copies", () => {
    const primary = active(configOf([A]), []);
    const twice = { offset: 0, length: 512, ...partOf(0), opId: { incarnation: 9, seq: 60 } };
    primary.operate(twice);
    const [asked] = primary.all("ask");
    primary.operate(twice);
    expect(primary.all("ask")).toEqual([]);
    const data = [Buffer.alloc(CHECKSUM_UNIT)];
    primary.give({
      kind: "answered",
      token: asked!.token,
      answer: { data, checksums: Uint32Array.of(0) },
    });
    expect(primary.all("append")).toHaveLength(1);
    primary.sync();
    expect(primary.statuses).toEqual(["good", "good"]);
  });
});

describe("a read", () => {
  it("waits for logged entries that overlap, and for no others", () => {
    const primary = active(configOf([A, B]), [B]);
    primary.operate();
    primary.operate({ kind: "read" });
    expect(primary.all("ask")).toEqual([]);
    primary.operate({ kind: "read", offset: EXTENT_SIZE });
    expect(primary.all("ask")).toHaveLength(1);
    primary.sync();
    primary.ack(B, lsn(1, 1));
    expect(primary.effects.map(({ kind }) => kind).slice(0, 3)).toEqual(["commit", "reply", "ask"]);
  });

  it("is not answered with data by a primary that was deposed meanwhile (P3)", () => {
    const primary = active(configOf([A]), []);
    primary.operate({ kind: "read" });
    const [asked] = primary.all("ask");
    primary.promise(B, 2);
    const data = [Buffer.alloc(CHECKSUM_UNIT)];
    primary.give({
      kind: "answered",
      token: asked!.token,
      answer: { data, checksums: Uint32Array.of(0) },
    });
    expect(primary.statuses).toEqual(["staleEpoch"]);
  });
});

describe("a deposed primary", () => {
  it("answers nothing good after it promised a newer epoch, nor after a refusal names one", () => {
    for (const depose of [
      (primary: ScriptedReplica) => primary.promise(B, 2),
      (primary: ScriptedReplica) =>
        primary.hear(B, { kind: "nak", reason: "staleEpoch", promisedEpoch: 2, tail: LSN_ZERO }),
    ]) {
      const primary = active(configOf([A, B]), [B]);
      primary.operate();
      depose(primary);
      primary.sync();
      primary.ack(B, lsn(1, 1));
      primary.operate();
      expect(primary.statuses).not.toContain("good");
      expect(primary.statuses).toHaveLength(2);
    }
  });

  it("lets nobody in who waited for a range", () => {
    const primary = active(configOf([A]), []);
    primary.operate({ offset: 512, length: 512, ...partOf(512) });
    primary.operate();
    primary.give({ kind: "identity", incarnation: 0 });
    expect(primary.all("append")).toEqual([]);
    expect(primary.statuses).toEqual(["notPrimary", "notPrimary"]);
  });
});

describe("admission of a learner", () => {
  const learning = (): ScriptedReplica => {
    const primary = active(configOf([A], { learnerNodes: [B] }), []);
    primary.give({ kind: "linkUp", node: B });
    const promise = { tail: LSN_ZERO, commit: LSN_ZERO, uncommitted: [], resyncFrom: undefined };
    primary.hear(B, { kind: "promise", store: storeOf(B), ...promise });
    return primary;
  };

  it("counts from the moment it is asked for (K3, P1)", () => {
    const primary = learning();
    expect(primary.all("admit")).toMatchObject([
      { request: { epoch: 1, version: 1, store: storeOf(B) } },
    ]);
    primary.operate();
    primary.sync();
    expect(primary.statuses).toEqual([]);
    primary.ack(B, lsn(1, 1));
    expect(primary.statuses).toEqual(["good"]);
  });

  it("that gets no answer has no outcome: it still counts, until a newer version is heard", () => {
    const primary = learning();
    primary.give({ kind: "admissionUnanswered", store: storeOf(B) });
    primary.operate();
    primary.sync();
    expect(primary.statuses).toEqual([]);
    primary.give({ kind: "config", config: configOf([A], { version: 2 }) });
    expect(primary.statuses).toEqual(["good"]);
  });

  it("is asked for only when the extents are copied and the commit LSN is durable there", () => {
    const primary = new ScriptedReplica(A, { promised: 1, commit: lsn(1, 8) });
    primary.lead(configOf([A], { epoch: 2, version: 2, learnerNodes: [B] }), []);
    primary.give({ kind: "linkUp", node: B });
    const promise = { tail: lsn(1, 3), commit: lsn(1, 3), uncommitted: [], resyncFrom: lsn(1, 2) };
    primary.hear(B, { kind: "promise", store: storeOf(B), ...promise });
    expect(primary.all("requestResync")).toHaveLength(1);
    primary.give({ kind: "resyncGranted", node: B });
    expect(primary.messages).toMatchObject([
      { kind: "resyncStart", from: lsn(1, 2), base: lsn(1, 8), windows: [] },
    ]);
    const [listed] = primary.all("ask");
    const stamp = { extent: 3, lastLsn: lsn(1, 5), mapped: true };
    primary.give({ kind: "answered", token: listed!.token, answer: [stamp] });
    primary.ack(B, lsn(1, 8));
    primary.hear(B, { kind: "resyncReady", extents: [7] });
    const asked = primary.all("ask");
    expect(
      asked.map(({ question }) => question),
      "newer on either side",
    ).toEqual([
      { kind: "readExtent", extent: 3 },
      { kind: "readExtent", extent: 7 },
    ]);
    primary.operate({ offset: 3 * EXTENT_SIZE });
    expect(primary.all("append"), "held until the copy is on its way").toEqual([]);
    for (const { token, question } of asked) {
      if (question.kind !== "readExtent") continue;
      const answer = {
        extent: question.extent,
        lastLsn: lsn(1, 5),
        data: undefined,
        checksums: new Uint32Array(0),
      };
      primary.give({ kind: "answered", token, answer });
      expect(primary.messages[0]).toMatchObject({
        kind: "copyExtent",
        copy: { extent: question.extent },
      });
    }
    expect(primary.all("admit")).toEqual([]);
    primary.hear(B, { kind: "copyAck", extent: 3 });
    primary.hear(B, { kind: "copyAck", extent: 7 });
    expect(primary.messages).toMatchObject([{ kind: "resyncEnd" }]);
    primary.sync();
    primary.hear(B, { kind: "resyncEnded" });
    expect(primary.all("admit"), "an entry is committed that it has not acked").toEqual([]);
    primary.ack(B, primary.view.commit);
    expect(sameLsn(primary.view.commit, lsn(2, 9))).toBe(true);
    expect(primary.all("admit")).toHaveLength(1);
  });
});

/** 512 bytes of 0xee with their checksum. */
function partOf(offset: number) {
  const data = [Buffer.alloc(512, 0xee)];
  return { data, checksums: unitChecksums(CHUNK, offset, data) };
}
