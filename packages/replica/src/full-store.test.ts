import { EXTENT_SIZE, LSN_ZERO } from "@ashlar/core";
import { describe, expect, it } from "vitest";
import { RETRY_TICKS } from "./limits.ts";
import {
  A,
  B,
  configOf,
  entryOf,
  lsn,
  ScriptedReplica,
  storeOf,
} from "./testing/scripted-chunk.ts";

const ticks = (replica: ScriptedReplica, count: number): void => {
  for (let tick = 0; tick < count; tick++) replica.give({ kind: "tick" });
};

describe("a store without room for an entry that has its LSN (P18)", () => {
  it("gets the entry again after a pause, in order, with what came behind it", () => {
    const primary = new ScriptedReplica(A);
    primary.lead(configOf([A, B]), [B]);
    primary.operate();
    const [first] = primary.all("append");
    primary.operate({ offset: EXTENT_SIZE });
    primary.give({ kind: "refused", ticket: first!.ticket });
    primary.give({ kind: "refused", ticket: first!.ticket + 1 });
    primary.sync();
    primary.ack(B, lsn(1, 2));
    expect(primary.statuses, "durable on the other member only").toEqual([]);
    primary.operate({ offset: 2 * EXTENT_SIZE });
    expect(primary.all("append"), "waits behind the refused ones").toEqual([]);
    primary.ack(B, lsn(1, 3));
    ticks(primary, RETRY_TICKS);
    expect(primary.all("append").map(({ entry }) => entry.lsn)).toEqual(
      [1, 2, 3].map((seq) => lsn(1, seq)),
    );
    primary.sync();
    expect(primary.statuses).toEqual(["good", "good", "good"]);
  });

  it("is asked again as often as it refuses", () => {
    const primary = new ScriptedReplica(A);
    primary.lead(configOf([A]), []);
    primary.operate();
    for (let round = 0; round < 3; round++) {
      const [append] = primary.all("append");
      primary.give({ kind: "refused", ticket: append!.ticket });
      primary.sync();
      ticks(primary, RETRY_TICKS);
    }
    primary.sync();
    expect(primary.statuses).toEqual(["good"]);
  });

  it("holds nothing of it when the leadership ends: the log is what was journaled", () => {
    const primary = new ScriptedReplica(A);
    primary.lead(configOf([A, B]), [B]);
    primary.operate();
    const [append] = primary.all("append");
    primary.give({ kind: "refused", ticket: append!.ticket });
    primary.sync();
    const log = { version: 2, tail: LSN_ZERO, commit: LSN_ZERO };
    primary.follow(B, { kind: "newEpoch", store: storeOf(A), ...log }, { epoch: 2 });
    primary.sync();
    expect(primary.messages).toMatchObject([{ kind: "promise", tail: LSN_ZERO, uncommitted: [] }]);
  });

  it("of a follower ends its session, and the next one goes on from what is journaled", () => {
    const backup = new ScriptedReplica(B);
    backup.promise(A, 1);
    const append = { kind: "append", commit: LSN_ZERO } as const;
    backup.follow(A, { ...append, prev: LSN_ZERO, entry: entryOf(lsn(1, 1)) });
    backup.sync();
    backup.follow(A, { ...append, prev: lsn(1, 1), entry: entryOf(lsn(1, 2)) });
    const [refused] = backup.all("append");
    backup.follow(A, { ...append, prev: lsn(1, 2), entry: entryOf(lsn(1, 3)) });
    backup.give({ kind: "refused", ticket: refused!.ticket });
    expect(backup.messages).toMatchObject([{ kind: "nak", reason: "gap", tail: lsn(1, 1) }]);
    backup.give({ kind: "refused", ticket: refused!.ticket + 1 });
    backup.sync();
    expect(backup.messages, "no ack of what is not there").toEqual([]);
    const log = { version: 1, tail: LSN_ZERO, commit: LSN_ZERO };
    backup.follow(A, { kind: "newEpoch", store: storeOf(B), ...log }, { session: 2 });
    expect(backup.messages).toMatchObject([{ kind: "promise", tail: lsn(1, 1) }]);
  });

  it("of a follower that promised a newer epoch meanwhile is told of with its true tail", () => {
    const backup = new ScriptedReplica(B);
    backup.promise(A, 1);
    backup.follow(A, {
      kind: "append",
      prev: LSN_ZERO,
      commit: LSN_ZERO,
      entry: entryOf(lsn(1, 1)),
    });
    const [refused] = backup.all("append");
    const log = { version: 2, tail: LSN_ZERO, commit: LSN_ZERO };
    backup.follow(A, { kind: "newEpoch", store: storeOf(B), ...log }, { epoch: 2, session: 2 });
    backup.give({ kind: "refused", ticket: refused!.ticket });
    backup.sync();
    expect(backup.messages).toMatchObject([{ kind: "promise", epoch: 2, tail: LSN_ZERO }]);
  });

  it("of a learner ends the session of the resync, not the replica", () => {
    const learner = new ScriptedReplica(B);
    learner.promise(A, 1);
    learner.follow(A, { kind: "resyncStart", from: LSN_ZERO, base: lsn(1, 3), windows: [] });
    learner.sync();
    const copy = { extent: 0, lastLsn: lsn(1, 1), data: undefined, checksums: new Uint32Array(0) };
    learner.follow(A, { kind: "copyExtent", commit: lsn(1, 3), copy });
    const [refused] = learner.all("applyCopy");
    learner.give({ kind: "refused", ticket: refused!.ticket });
    expect(learner.messages).toMatchObject([{ kind: "nak", reason: "gap" }]);
    learner.promise(A, 1, 2);
    expect(learner.messages).toMatchObject([{ kind: "promise", resyncFrom: LSN_ZERO }]);
  });
});
