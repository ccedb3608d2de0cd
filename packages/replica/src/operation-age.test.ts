// How long an operation may be on its way, and how it is called back (P9).
import { CHECKSUM_UNIT, unitChecksums } from "@ashlar/core";
import { describe, expect, it } from "vitest";
import { A, B, CHUNK, configOf, entryOf, lsn, ScriptedReplica } from "./testing/scripted-chunk.ts";

const DEADLINE_MS = 1000;

/** ACTIVE with one member that acks when the test says so. */
function active(): ScriptedReplica {
  const primary = new ScriptedReplica(A);
  primary.lead(configOf([A, B]), [B]);
  expect(primary.view.role).toBe("primaryActive");
  return primary;
}

const commit = (primary: ScriptedReplica): void => {
  primary.sync();
  primary.ack(B, primary.view.tail);
};

/** Half a unit, so that it is merged with what is there. */
const HALF = [Buffer.alloc(2048, 7)];
const PART = { length: 2048, data: HALF, checksums: unitChecksums(CHUNK, 0, HALF) };
const UNIT = { data: [Buffer.alloc(CHECKSUM_UNIT)], checksums: new Uint32Array(1) };

function answerRead(primary: ScriptedReplica): void {
  const [{ token } = { token: 0 }] = primary.all("ask");
  primary.give({ kind: "answered", token, answer: UNIT });
}

describe("the age of an operation (P9)", () => {
  it("is judged when the LSN is assigned: in time until the deadline, refused after it", () => {
    const primary = active();
    primary.nowMs = DEADLINE_MS;
    primary.operate({}, DEADLINE_MS);
    expect(primary.view.tail).toEqual(lsn(1, 1));
    primary.nowMs = DEADLINE_MS + 1;
    primary.operate({}, DEADLINE_MS);
    primary.operate({}, Number.NEGATIVE_INFINITY);
    primary.operate({ kind: "unmap" }, Number.NaN);
    expect(primary.statuses).toEqual(["staleToken", "staleToken", "staleToken"]);
    expect(primary.view.tail).toEqual(lsn(1, 1));
  });

  it("is judged after the wait for a range", () => {
    const primary = active();
    primary.operate({}, DEADLINE_MS);
    primary.operate({ ...PART }, DEADLINE_MS);
    primary.operate({}, DEADLINE_MS);
    expect(primary.view.tail).toEqual(lsn(1, 1));
    commit(primary);
    primary.nowMs = DEADLINE_MS + 1;
    answerRead(primary);
    expect(primary.statuses).toEqual(["good", "staleToken", "staleToken"]);
    expect(primary.view.tail).toEqual(lsn(1, 1));
  });

  it("is judged after the wait for activation", () => {
    const primary = new ScriptedReplica(A);
    primary.give({ kind: "config", config: configOf([A]) });
    primary.operate({ epoch: 1 }, DEADLINE_MS);
    primary.operate({ epoch: 1 }, 2 * DEADLINE_MS);
    primary.nowMs = DEADLINE_MS + 1;
    primary.sync();
    expect(primary.view.role).toBe("primaryActive");
    expect(primary.statuses).toEqual(["staleToken"]);
    expect(primary.view.tail).toEqual(lsn(1, 1));
  });

  it("is not asked of a copy whose first one is logged or waits; a newer copy proves more", () => {
    const primary = active();
    primary.operate({}, DEADLINE_MS);
    primary.nowMs = DEADLINE_MS + 1;
    primary.operate({ opId: { incarnation: 9, seq: 1 } }, DEADLINE_MS);
    primary.operate({ ...PART, opId: { incarnation: 9, seq: 50 } }, DEADLINE_MS);
    primary.operate({ ...PART, opId: { incarnation: 9, seq: 50 } }, 2 * DEADLINE_MS);
    expect(primary.statuses).toEqual([]);
    commit(primary);
    answerRead(primary);
    expect(primary.view.tail).toEqual(lsn(1, 2));
    commit(primary);
    expect(primary.statuses).toEqual(["good", "good", "good", "good"]);
  });

  it("is nothing to reads", () => {
    const primary = active();
    primary.nowMs = DEADLINE_MS + 1;
    primary.operate({ kind: "read" }, Number.NEGATIVE_INFINITY);
    expect(primary.all("ask")).toHaveLength(1);
  });
});

describe("a cancellation (P9)", () => {
  it("finds an operation logged, or unknown, which it stays", () => {
    const primary = active();
    primary.operate();
    primary.cancel(1);
    primary.cancel(7);
    commit(primary);
    primary.cancel(1);
    expect(primary.statuses).toEqual(["logged", "cancelled", "good", "logged"]);
  });

  it("takes out what waits for a range, and lets the next one pass", () => {
    const primary = active();
    primary.operate();
    primary.operate({ ...PART });
    primary.operate({ offset: 0 });
    primary.cancel(2);
    expect(primary.statuses).toEqual(["cancelled", "cancelled"]);
    expect(primary.view.tail).toEqual(lsn(1, 2));
    commit(primary);
    expect(primary.all("ask")).toHaveLength(0);
    expect(primary.statuses).toEqual(["cancelled", "cancelled", "good", "good"]);
  });

  it("takes out what is being merged: the disk's answer comes too late", () => {
    const primary = active();
    primary.operate({ ...PART });
    const read = primary.effects;
    primary.cancel(1);
    primary.operate();
    expect(primary.view.tail).toEqual(lsn(1, 1));
    const token = read.flatMap((effect) => (effect.kind === "ask" ? [effect.token] : []))[0]!;
    primary.give({ kind: "answered", token, answer: UNIT });
    expect(primary.view.tail).toEqual(lsn(1, 1));
    expect(primary.statuses).toEqual(["cancelled", "cancelled"]);
  });

  it("drops what is held for activation at once, and is itself answered when ACTIVE", () => {
    const primary = new ScriptedReplica(A, { promised: 1, uncommitted: [entryOf(lsn(1, 1))] });
    primary.give({ kind: "config", config: configOf([A], { epoch: 2, version: 2 }) });
    primary.operate({ epoch: 2, opId: { incarnation: 9, seq: 5 } });
    primary.cancel(5, 2);
    primary.cancel(1, 2);
    expect(primary.statuses).toEqual(["cancelled"]);
    primary.sync();
    expect(primary.view.role).toBe("primaryActive");
    expect(primary.statuses).toEqual(["cancelled", "cancelled", "logged"]);
    expect(primary.view.tail).toEqual(lsn(1, 1));
  });

  it("is answered by nobody but a primary of the epoch that is asked for, or a later one", () => {
    const primary = active();
    primary.cancel(1, 2);
    primary.give({ kind: "storeFailed" });
    primary.cancel(1, 1);
    const follower = new ScriptedReplica(B);
    follower.promise(A, 1);
    follower.cancel(1, 1);
    expect([...primary.statuses, ...follower.statuses]).toEqual([
      "notActive",
      "notPrimary",
      "notPrimary",
    ]);
  });

  it("of a stream that is over tells nobody, and drops all the same", () => {
    const primary = active();
    primary.operate();
    primary.operate({ ...PART });
    const opId = { incarnation: 9, seq: 2 };
    const cancellation = { chunk: configOf([A]).chunk, epoch: 1, opId };
    primary.give({ kind: "cancel", cancellation, replyTo: undefined });
    commit(primary);
    expect(primary.statuses).toEqual(["cancelled", "good"]);
    expect(primary.view.tail).toEqual(lsn(1, 1));
  });
});
