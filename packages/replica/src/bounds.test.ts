import { CHECKSUM_UNIT, EXTENT_SIZE, LSN_ZERO, MIB, OP_LENGTH_MAX } from "@ashlar/core";
import { describe, expect, it } from "vitest";
import type { PrimaryMessage } from "./messages.ts";
import type { Operation } from "./operations.ts";
import { A, B, configOf, entryOf, lsn, ScriptedReplica } from "./testing/scripted-chunk.ts";

const primary = (): ScriptedReplica => {
  const alone = new ScriptedReplica(A);
  alone.lead(configOf([A]), []);
  return alone;
};

describe("an operation a store would not take is refused before anything else", () => {
  it.each<[string, Partial<Operation>, string]>([
    ["widens beyond one entry", { offset: 512, length: OP_LENGTH_MAX }, "outOfRange"],
    ["is longer than one entry", { length: OP_LENGTH_MAX + CHECKSUM_UNIT }, "outOfRange"],
    ["does not begin at a sector", { offset: 100 }, "outOfRange"],
    ["is not whole sectors", { length: 1000 }, "outOfRange"],
    ["begins before the chunk", { offset: -CHECKSUM_UNIT }, "outOfRange"],
    ["ends behind the chunk", { offset: 16 * MIB - 512, length: 1024 }, "outOfRange"],
    ["has another payload than its range", { data: [Buffer.alloc(512)] }, "outOfRange"],
    ["sets bits of another range", { kind: "orWrite", data: [Buffer.alloc(512)] }, "outOfRange"],
    ["compares without the data to write", { kind: "compareAndWrite" }, "outOfRange"],
    ["reads more than one answer holds", { kind: "read", length: 2 * MIB }, "outOfRange"],
    ["unmaps parts of units", { kind: "unmap", length: 512 }, "outOfRange"],
    ["has an id the journal cannot hold", { opId: { incarnation: 2 ** 48, seq: 1 } }, "outOfRange"],
    ["lacks checksums", { checksums: new Uint32Array(0) }, "badChecksum"],
  ])("%s", (_, part, status) => {
    const replica = primary();
    replica.operate(part);
    expect(replica.statuses).toEqual([status]);
    expect(replica.all("append")).toEqual([]);
    replica.operate();
    replica.sync();
    expect(replica.statuses).toEqual([status, "good"]);
  });
});

describe("a message of a primary that makes no sense is refused, whatever it says", () => {
  const good = entryOf(lsn(1, 2));
  const append = { kind: "append", prev: lsn(1, 1), commit: LSN_ZERO, entry: good };
  const base = { kind: "resyncStart", from: LSN_ZERO, base: lsn(1, 3) } as const;
  const none = { lastLsn: lsn(1, 1), data: undefined, checksums: new Uint32Array(0) };
  it.each<[string, { kind: PrimaryMessage["kind"] } & Record<string, unknown>]>([
    [
      "an entry of a later epoch",
      { ...append, kind: "append", entry: { ...good, lsn: lsn(2, 2) } },
    ],
    ["an entry that skips one", { ...append, kind: "append", entry: { ...good, lsn: lsn(1, 3) } }],
    ["an entry of part of a unit", { ...append, kind: "append", entry: { ...good, offset: 512 } }],
    ["an empty write", { ...append, kind: "append", entry: { ...good, length: 0 } }],
    [
      "an entry behind the chunk",
      { ...append, kind: "append", entry: { ...good, offset: 16 * MIB } },
    ],
    [
      "an entry whose gateway has not resolved more than it sent",
      { ...append, kind: "append", entry: { ...good, lowestUnresolvedSeq: 3 } },
    ],
    [
      "windows whose seqs do not rise",
      { ...base, windows: [{ incarnation: 1, lowestUnresolvedSeq: 1, seqs: [3, 3] }] },
    ],
    [
      "windows with what is resolved",
      { ...base, windows: [{ incarnation: 1, lowestUnresolvedSeq: 3, seqs: [2] }] },
    ],
    [
      "windows further apart than a store can say",
      { ...base, windows: [{ incarnation: 1, lowestUnresolvedSeq: 1, seqs: [2 ** 33] }] },
    ],
    ["a truncation of what is committed", { kind: "truncate", after: LSN_ZERO }],
    [
      "a base before what is committed",
      { kind: "resyncStart", from: LSN_ZERO, base: LSN_ZERO, windows: [] },
    ],
    [
      "a base no journal holds",
      { kind: "resyncStart", from: LSN_ZERO, base: lsn(1, 2 ** 48), windows: [] },
    ],
    [
      "a copy outside of a resync",
      { kind: "copyExtent", commit: LSN_ZERO, copy: { extent: 0, ...none } },
    ],
    ["an end without a resync", { kind: "resyncEnd", commit: LSN_ZERO }],
  ])("%s", (_, message) => {
    const backup = new ScriptedReplica(B);
    backup.promise(A, 1);
    backup.follow(A, {
      kind: "append",
      prev: LSN_ZERO,
      commit: lsn(1, 1),
      entry: entryOf(lsn(1, 1)),
    });
    backup.sync();
    expect(backup.view.commit).toEqual(lsn(1, 1));
    backup.follow(A, message);
    expect(backup.messages).toMatchObject([{ kind: "nak", reason: "gap" }]);
    expect(backup.view.tail).toEqual(lsn(1, 1));
  });

  it("a copy of an extent behind the chunk", () => {
    const learner = new ScriptedReplica(B);
    learner.promise(A, 1);
    learner.follow(A, { kind: "resyncStart", from: LSN_ZERO, base: lsn(1, 3), windows: [] });
    learner.sync();
    const copy = { extent: (16 * MIB) / EXTENT_SIZE, ...none };
    learner.follow(A, { kind: "copyExtent", commit: LSN_ZERO, copy });
    expect(learner.messages).toMatchObject([{ kind: "nak", reason: "gap" }]);
  });
});

describe("a member that acks what it was never sent", () => {
  it("is not believed: its session begins anew", () => {
    const leading = new ScriptedReplica(A);
    leading.lead(configOf([A, B]), [B]);
    leading.ack(B, lsn(1, 5));
    leading.operate();
    leading.sync();
    expect(leading.statuses).toEqual([]);
  });
});
