// The interleavings that the rules of the protocol were made for, one test for each, named by what
// happens. In a scripted group P1, P3..P7 and P15 are asked after every step besides what the test says.
// A recovered record that was never synced is the store's: packages/store/src/faults.test.ts.
import { CHECKSUM_UNIT, chunkId, familyId } from "@ashlar/core";
import { describe, expect, it } from "vitest";
import type { NodeView } from "./testing/exhaustive/node-view.ts";
import { ScriptedGroup } from "./testing/exhaustive/scripted-group.ts";
import { A, B, C, configOf, lsn, ScriptedReplica } from "./testing/scripted-chunk.ts";

const lsnsOf = ({ log }: NodeView): string[] => log.map((at) => `${at.lsn.epoch}.${at.lsn.seq}`);

describe("a restarted primary", () => {
  it("leads again in an epoch of its new incarnation only: no LSN is given twice (K1, P5)", () => {
    const group = new ScriptedGroup({ replicas: 2, inSync: 2, mutations: ["write", "write"] });
    const before = group.config;
    group.operate(0, 0);
    group.deliver(0, 1, "toMember");
    group.sync(1);
    // Its own write was not durable: the entry 1.1 lives on the backup alone.
    group.crash(0, 0);
    group.hear(0, before);
    group.settle();
    expect(group.view(0)).toMatchObject({ role: "idle", log: [] });
    group.catalog("up", 0);
    group.hear(0);
    group.settle();
    expect(group.view(0)).toMatchObject({ role: "primaryActive", epoch: 2 });
    expect(lsnsOf(group.view(1))).toEqual([]);
    group.operate(0, 1);
    expect(lsnsOf(group.view(0))).toEqual(["2.1"]);
    group.settle();
    expect(group.outcome(1).phase).toBe("good");
    expect(group.outcome(0).phase).toBe("absent");
  });
});

describe("an interrupted resync", () => {
  it("leaves a copy that is never taken for whole, and begins again from where it counted (P15)", () => {
    const group = new ScriptedGroup({ replicas: 2, inSync: 2 });
    group.catalog("down", 1);
    group.hear(0);
    group.operate(0, 0);
    group.settle();
    expect(group.outcome(0).phase).toBe("good");
    group.catalog("up", 1);
    group.hear(0);
    group.hear(1);
    group.settle(() => group.view(1).durable.resyncing);
    group.crash(1, group.view(1).pending);
    expect(group.view(1)).toMatchObject({ resyncing: true });
    group.catalog("up", 1);
    group.hear(0);
    group.hear(1);
    expect(group.config.isr).toHaveLength(1);
    group.settle();
    expect(group.view(1)).toMatchObject({ content: 1, durable: { resyncing: false } });
    group.admit();
    expect(group.config.isr).toHaveLength(2);
  });
});

describe("a learner whose CAS answer is lost", () => {
  const admitted = (): ScriptedGroup => {
    const group = new ScriptedGroup({ replicas: 2, inSync: 1, reads: true });
    group.admit();
    group.unanswered(0);
    expect(group.config.isr).toHaveLength(2);
    return group;
  };

  it("counts for writes though the primary never heard that it was admitted (P1)", () => {
    const group = admitted();
    group.stop(1);
    group.operate(0, 0);
    group.settle();
    expect(group.outcome(0).phase).toBe("open");
    group.goOn(1);
    group.settle();
    expect(group.outcome(0).phase).toBe("good");
  });

  it("leads, and the old primary tells nothing that came afterwards (P2, P3)", () => {
    const group = admitted();
    group.hold(0, 1);
    group.catalog("down", 0);
    group.hear(1);
    group.settle();
    expect(group.view(1)).toMatchObject({ role: "primaryActive", epoch: 2 });
    group.operate(1, 0);
    group.settle();
    expect(group.outcome(0).phase).toBe("good");
    expect(group.view(0)).toMatchObject({ role: "primaryActive", epoch: 1 });
    group.operate(0, 1);
    group.settle();
    expect(group.outcome(1).phase).toBe("open");
    group.release(0, 1);
    group.settle();
    expect(group.outcome(1).phase).toBe("refused");
  });
});

describe("a deposed primary that still hears from its peers about other chunks", () => {
  it("takes their word for those chunks and for no other (P2, P3)", () => {
    const chunks = [chunkId(familyId(1), 0), chunkId(familyId(1), 1)];
    const primaries = chunks.map((chunk) => new ScriptedReplica(A, { chunk }));
    const members = chunks.map((chunk) => new ScriptedReplica(B, { chunk }));
    for (const [at, primary] of primaries.entries()) {
      members[at]!.promise(A, 1);
      primary.lead({ ...configOf([A, B]), chunk: chunks[at]! }, [B]);
      expect(primary.view.role).toBe("primaryActive");
    }
    // The first chunk has a new primary; of the second all is as it was.
    members[0]!.promise(C, 2);
    for (const [at, primary] of primaries.entries()) {
      primary.operate({ kind: "read" });
      const [asked] = primary.all("send");
      const token = primary.all("ask")[0]!.token;
      const checksums = new Uint32Array(1);
      const answer = { data: [Buffer.alloc(CHECKSUM_UNIT)], checksums };
      primary.give({ kind: "answered", token, answer });
      members[at]!.give({ kind: "fromPrimary", from: A, message: asked!.message });
      for (const { message } of members[at]!.all("respond")) {
        expect(message.chunk).toBe(chunks[at]);
        primary.give({ kind: "fromMember", from: B, message });
      }
    }
    expect(primaries.map(({ statuses }) => statuses)).toEqual([["notPrimary"], ["good"]]);
  });
});

describe("a read-modify-write over an uncommitted entry", () => {
  it("reads when that is committed, and loses nothing of it (P6)", () => {
    const primary = new ScriptedReplica(A);
    primary.lead(configOf([A, B]), [B]);
    primary.operate({});
    primary.sync();
    primary.operate({ length: 512, offset: 512 });
    expect(primary.all("ask")).toEqual([]);
    primary.ack(B, lsn(1, 1));
    const [{ token } = { token: 0 }] = primary.all("ask");
    const data = [Buffer.alloc(CHECKSUM_UNIT, 1)];
    primary.give({ kind: "answered", token, answer: { data, checksums: new Uint32Array(1) } });
    const [appended] = primary.all("append");
    const entry = appended!.entry;
    const merged = Buffer.concat(entry.kind === "write" ? [...entry.data] : []);
    expect(entry.lsn).toEqual(lsn(1, 2));
    expect([merged[0], merged[512], merged[1023], merged[1024]]).toEqual([1, 2, 2, 1]);
  });
});

describe("an unmap missed while away", () => {
  it("reaches the copy that returns: an extent that is no longer mapped was changed, too (P15, P17)", () => {
    const group = new ScriptedGroup({ replicas: 2, inSync: 2, mutations: ["write", "unmap"] });
    group.operate(0, 0);
    group.settle();
    expect(group.view(1).content).toBe(1);
    group.catalog("down", 1);
    group.hear(0);
    group.operate(0, 1);
    group.settle();
    expect(group.outcome(1).phase).toBe("good");
    expect([group.view(0).content, group.view(1).content]).toEqual([0, 1]);
    group.catalog("up", 1);
    group.hear(0);
    group.hear(1);
    group.settle();
    group.admit();
    expect(group.config.isr).toHaveLength(2);
    expect(group.view(1).content).toBe(0);
  });
});

describe("an append overtaken by a promise", () => {
  const failedOver = (): ScriptedGroup => {
    const group = new ScriptedGroup({});
    group.operate(0, 0);
    return group;
  };

  it("that was queued before it is part of the tail that is told, and is truncated (P4, P7)", () => {
    const group = failedOver();
    group.deliver(0, 2, "toMember");
    group.stop(0);
    group.catalog("down", 0);
    group.hear(1);
    group.settle();
    expect(group.truncations).toBe(1);
    expect(group.view(1)).toMatchObject({ role: "primaryActive", epoch: 2, log: [] });
    expect(group.view(2).durable).toMatchObject({ promised: 2, log: [] });
  });

  it("that comes after it is refused, and is on no member of the new epoch (P7)", () => {
    const group = failedOver();
    group.stop(0);
    group.hold(0, 2);
    group.catalog("down", 0);
    group.hear(1);
    group.settle();
    expect(group.view(1)).toMatchObject({ role: "primaryActive", epoch: 2 });
    group.release(0, 2);
    group.goOn(0);
    group.settle();
    expect(lsnsOf(group.view(2))).toEqual([]);
    expect(group.view(0).role).toBe("idle");
    expect(group.outcome(0).phase).toBe("absent");
  });
});

describe("a delayed ack taken for a confirmation", () => {
  it("commits what it acks and proves nothing about a read that came later (P2, P3)", () => {
    const group = new ScriptedGroup({ reads: true });
    group.operate(0, 0);
    group.sync(0);
    for (const member of [1, 2]) {
      group.deliver(0, member, "toMember");
      group.sync(member);
      group.hold(0, member);
    }
    group.catalog("down", 0);
    group.hear(1);
    group.settle();
    expect(group.view(1)).toMatchObject({ role: "primaryActive", epoch: 2 });
    group.operate(0, 1);
    for (const member of [1, 2]) group.deliver(0, member, "toPrimary");
    expect(group.outcome(0).phase).toBe("good");
    expect(group.outcome(1).phase).toBe("open");
    for (const member of [1, 2]) group.release(0, member);
    group.settle();
    expect(group.outcome(1).phase).toBe("refused");
  });
});
