// P11: once a node has closed a generation of a volume, nothing that was admitted under it takes effect.
import { CHECKSUM_UNIT, LSN_ZERO, unitChecksums } from "@ashlar/core";
import { describe, expect, it } from "vitest";
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

const active = (): ScriptedReplica => {
  const primary = new ScriptedReplica(A);
  primary.lead(configOf([A, B]), [B]);
  return primary;
};

/** Answers the disk's questions of the last event with a unit of `fill`. */
function answerDisk(primary: ScriptedReplica, fill = 0): void {
  const data = [Buffer.alloc(CHECKSUM_UNIT, fill)];
  const answer = { data, checksums: unitChecksums(CHUNK, 0, data) };
  for (const { token } of primary.all("ask")) primary.give({ kind: "answered", token, answer });
}

const partOf = (fill: number) => {
  const data = [Buffer.alloc(512, fill)];
  return { kind: "write", length: 512, data, checksums: unitChecksums(CHUNK, 0, data) } as const;
};

const swap = (expected: number) => {
  const data = [Buffer.alloc(512, expected), Buffer.alloc(512, 9)];
  return {
    kind: "compareAndWrite",
    length: 512,
    data,
    checksums: unitChecksums(CHUNK, 0, data),
  } as const;
};

describe("an operation of another generation", () => {
  it.each([
    ["older", 1],
    ["newer", 3],
  ])("that is %s gets no LSN and reads nothing (P11)", (_which, generation) => {
    const primary = active();
    primary.openGeneration = 2;
    for (const kind of ["read", "write", "unmap"] as const) primary.operate({ kind, generation });
    primary.operate({ ...swap(0), generation });
    expect(primary.statuses).toEqual(new Array(4).fill("staleGeneration"));
    expect(primary.view.tail).toEqual(LSN_ZERO);
    expect(primary.all("ask")).toEqual([]);
  });

  it("is every one while a change is prepared, whatever number it names (P11)", () => {
    const primary = active();
    primary.openGeneration = undefined;
    for (const generation of [0, 1, 2]) primary.operate({ generation });
    expect(primary.statuses).toEqual(new Array(3).fill("staleGeneration"));
  });

  it("is told so only after its epoch: the old leader knows nothing of the volume", () => {
    const primary = active();
    primary.openGeneration = 2;
    primary.operate({ generation: 1, epoch: 0 });
    expect(primary.statuses).toEqual(["staleEpoch"]);
  });

  it("that was logged before is answered good: the opId comes first (P10, P11)", () => {
    const primary = active();
    primary.operate({ opId: { incarnation: 9, seq: 5 } });
    primary.openGeneration = 2;
    primary.operate({ opId: { incarnation: 9, seq: 5 } });
    primary.sync();
    primary.ack(B, lsn(1, 1));
    expect(primary.statuses).toEqual(["good", "good"]);
  });
});

describe("a generation that is closed meanwhile", () => {
  it("lets what has its LSN be committed, and read under the next one (P11)", () => {
    const primary = active();
    primary.operate();
    primary.openGeneration = 2;
    primary.operate({ kind: "read", generation: 2 });
    expect(primary.all("ask"), "a read waits for what is logged").toEqual([]);
    primary.sync();
    primary.ack(B, lsn(1, 1));
    expect(primary.statuses).toEqual(["good"]);
    expect(primary.all("ask")).toHaveLength(1);
  });

  it("refuses what waited for its range (P11)", () => {
    const primary = active();
    primary.operate(partOf(1));
    const [asked] = primary.all("ask");
    primary.operate();
    primary.openGeneration = 2;
    const data = [Buffer.alloc(CHECKSUM_UNIT)];
    const answer = { data, checksums: unitChecksums(CHUNK, 0, data) };
    primary.give({ kind: "answered", token: asked!.token, answer });
    expect(primary.statuses).toEqual(["staleGeneration", "staleGeneration"]);
    expect(primary.view.tail).toEqual(LSN_ZERO);
    primary.operate({ ...partOf(2), generation: 2 });
    answerDisk(primary);
    expect(primary.view.tail, "the range is free again").toEqual(lsn(1, 1));
  });

  it("refuses what waited for uncommitted entries of its range (P11)", () => {
    const primary = active();
    primary.operate();
    primary.operate(partOf(1));
    primary.openGeneration = 2;
    primary.sync();
    primary.ack(B, lsn(1, 1));
    answerDisk(primary);
    expect(primary.statuses).toEqual(["good", "staleGeneration"]);
    expect(primary.view.tail).toEqual(lsn(1, 1));
  });

  it("refuses what waited for the activation (P11)", () => {
    const primary = new ScriptedReplica(A);
    primary.give({ kind: "config", config: configOf([A]) });
    primary.operate({ epoch: 1 });
    primary.operate({ epoch: 1, generation: 2 });
    primary.openGeneration = 2;
    primary.sync();
    expect(primary.statuses).toEqual(["staleGeneration"]);
    expect(primary.view.tail, "the one of the new generation").toEqual(lsn(1, 1));
  });

  it("tells nothing of a read that was under way (P11)", () => {
    const primary = active();
    primary.operate({ kind: "read" });
    answerDisk(primary, 7);
    primary.openGeneration = 2;
    primary.hear(B, { kind: "confirmed", round: 1 });
    expect(primary.statuses).toEqual(["staleGeneration"]);
    expect(primary.replies[0]?.data).toEqual([]);
  });

  it("tells no miscompare that was under way (P11)", () => {
    const primary = active();
    primary.operate(swap(1));
    answerDisk(primary);
    primary.openGeneration = 2;
    primary.hear(B, { kind: "confirmed", round: 1 });
    expect(primary.statuses).toEqual(["staleGeneration"]);
  });

  it("refuses copies of a waiting operation with it; the next attempt is decided anew", () => {
    const primary = active();
    const opId = { incarnation: 9, seq: 7 };
    primary.operate({ ...partOf(1), opId });
    const [asked] = primary.all("ask");
    primary.openGeneration = 2;
    primary.operate({ ...partOf(1), opId, generation: 2 });
    const data = [Buffer.alloc(CHECKSUM_UNIT)];
    const answer = { data, checksums: unitChecksums(CHUNK, 0, data) };
    primary.give({ kind: "answered", token: asked!.token, answer });
    expect(primary.statuses).toEqual(["staleGeneration", "staleGeneration"]);
    primary.operate({ ...partOf(1), opId, generation: 2 });
    answerDisk(primary);
    expect(primary.view.tail).toEqual(lsn(1, 1));
  });
});

describe("a primary that was replaced", () => {
  it("is refused by whoever knows of a newer epoch, promised or not (P11)", () => {
    const started = new ScriptedReplica(B, { promised: 1 });
    const primary = { node: B, incarnation: 7 };
    started.give({ kind: "config", config: configOf([B], { epoch: 3, version: 3, primary }) });
    expect(started.view.role, "it has not registered yet").toBe("idle");
    const log = { version: 2, tail: LSN_ZERO, commit: LSN_ZERO };
    started.follow(A, { kind: "newEpoch", store: storeOf(B), ...log }, { epoch: 2 });
    expect(started.messages).toMatchObject([{ kind: "nak", reason: "staleEpoch" }]);
    expect(started.view.promisedEpoch).toBe(1);
    started.follow(C, { kind: "newEpoch", store: storeOf(B), ...log }, { epoch: 4, session: 2 });
    expect(started.all("promise"), "a later one than it knows of").toHaveLength(1);
  });

  it("gets no entry to a member in sync that has heard of its end: it could lead next (P11)", () => {
    const member = new ScriptedReplica(C);
    member.promise(A, 1);
    const primary = { node: B, incarnation: 7 };
    member.give({ kind: "config", config: configOf([B, C], { epoch: 2, version: 2, primary }) });
    const append = { prev: LSN_ZERO, entry: entryOf(lsn(1, 1)), commit: LSN_ZERO };
    member.follow(A, { kind: "append", ...append });
    expect(member.messages).toMatchObject([{ kind: "nak" }]);
    expect(member.view.tail).toEqual(LSN_ZERO);
  });
});
