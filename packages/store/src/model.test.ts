// Random histories against the model, with checkpoints and crashes anywhere, also in the middle of
// a burst: P1 (what was acknowledged is there), P10 (its opIds too), P13, P17, P20.
import {
  CHECKSUM_UNIT,
  type ChunkId,
  chunkId,
  clusterId,
  compareLsn,
  diskId,
  EXTENT_SIZE,
  familyId,
  hasCode,
  type Lsn,
  MIB,
  nodeId,
  sameLsn,
  scatterJoin,
  storeUuid,
  unitChecksums,
} from "@ashlar/core";
import { contentDigest, type LogEntry } from "@ashlar/replica";
import { patternedBytes, unmapEntry, writeEntry } from "@ashlar/replica/testing";
import { seededRandom, silentLog } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { DiskChunkStore } from "./disk-chunk-store.ts";
import { createStore, openStore } from "./open.ts";
import { CrashDisk } from "./testing/crash-disk.ts";
import {
  emptyChunk,
  type ModelChunk,
  type StoreEvent,
  stateAfter,
  tailOf,
} from "./testing/store-model.ts";

/** More by hand, before a change of the format or of the order of a checkpoint's steps. */
const RUNS = Number(new Map(Object.entries(process.env)).get("STORE_MODEL_RUNS") ?? 30);
const CHUNK_SIZE = MIB;
const UNITS = CHUNK_SIZE / CHECKSUM_UNIT;
const OPTIONS = {
  path: "/disk-1",
  clusterId: clusterId("6b1f7f0e-58a5-4b43-a3bd-2d6b7cf1d2aa"),
  node: nodeId("storage-1"),
  diskId: diskId("disk-1"),
  chunkSize: CHUNK_SIZE,
};

const chunkArbitrary = fc.nat(2).map((index) => chunkId(familyId(1), index));
const rangeArbitrary = fc
  .record({
    // Half of it in two extents, so that writes meet.
    first: fc.oneof(fc.nat(31), fc.nat(UNITS - 1)),
    units: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: UNITS })),
  })
  .map(({ first, units }) => ({
    offset: first * CHECKSUM_UNIT,
    length: Math.min(units, UNITS - first) * CHECKSUM_UNIT,
  }));

const stepArbitrary = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      chunk: chunkArbitrary,
      range: rangeArbitrary,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("unmap" as const),
      chunk: chunkArbitrary,
      range: rangeArbitrary,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("commit" as const),
      chunk: chunkArbitrary,
      back: fc.nat(2),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("truncate" as const),
      chunk: chunkArbitrary,
      back: fc.nat(3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("promise" as const), chunk: chunkArbitrary }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("resync" as const),
      chunk: chunkArbitrary,
      extent: fc.nat(CHUNK_SIZE / EXTENT_SIZE - 1),
      mapped: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("remove" as const), chunk: chunkArbitrary }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("settle" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("checkpoint" as const), wait: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("crash" as const), turns: fc.nat(30) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("storm" as const),
      chunk: chunkArbitrary,
      before: fc.array(rangeArbitrary, { minLength: 1, maxLength: 5 }),
      back: fc.nat(2),
      after: fc.array(rangeArbitrary, { maxLength: 3 }),
      truncated: fc.boolean(),
      turns: fc.nat(40),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reopen" as const) }) },
);
type Step = typeof stepArbitrary extends fc.Arbitrary<infer T> ? T : never;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A store under test beside the history of what was asked of it. */
class Trial {
  private readonly disk: CrashDisk;
  private store: DiskChunkStore | undefined;
  private events: StoreEvent[] = [];
  /** Events up to here are acknowledged. */
  private acknowledged = 0;
  private pending: { event: StoreEvent; done: Promise<"done" | "refused" | "lost"> }[] = [];
  private stamp = 0;

  constructor(seed: number) {
    this.disk = new CrashDisk(seededRandom(seed));
  }

  async start(): Promise<void> {
    const sizes = { sizeBytes: 7 * MIB, journalBytes: 2 * MIB };
    const uuid = storeUuid("00000000-0000-4000-8000-00000000000a");
    await createStore(this.disk, { ...OPTIONS, ...sizes, storeUuid: uuid }, { log: silentLog });
    await this.open();
  }

  async step(step: Step): Promise<void> {
    if (step.kind === "settle") await this.settle();
    else if (step.kind === "crash") await this.crash(step.turns);
    else if (step.kind === "reopen") await this.reopen();
    else if (step.kind === "checkpoint") {
      const run = this.live.checkpoint().catch(() => {});
      if (step.wait) await run;
    } else if (step.kind === "write" || step.kind === "unmap") this.append(step);
    else if (step.kind === "resync") await this.resync(step);
    else if (step.kind === "storm") await this.storm(step);
    else await this.control(step);
  }

  async finish(): Promise<void> {
    await this.settle();
    await this.check();
    await this.reopen();
    await this.check();
    await this.live.close();
  }

  private get live(): DiskChunkStore {
    if (!this.store) throw new Error("the store is open");
    return this.store;
  }

  private async open(): Promise<void> {
    const clock = new ManualClock();
    this.store = await openStore(this.disk, OPTIONS, { log: silentLog, clock });
  }

  private model(chunk: ChunkId, count = this.events.length): ModelChunk {
    return stateAfter(this.events, count, CHUNK_SIZE).get(chunk) ?? emptyChunk(CHUNK_SIZE);
  }

  private issue(event: StoreEvent, call: Promise<void>): void {
    this.events.push(event);
    const done = call.then(
      () => "done" as const,
      (error) => {
        if (hasCode(error, "disk/no-space")) return "refused" as const;
        if (hasCode(error, "disk/failed")) return "lost" as const;
        throw error;
      },
    );
    this.pending.push({ event, done });
  }

  private append({ kind, chunk, range }: Extract<Step, { kind: "write" | "unmap" }>): void {
    const { promisedEpoch, ...rest } = this.model(chunk);
    const tail = tailOf({ promisedEpoch, ...rest });
    const lsn: Lsn = { epoch: Math.max(1, promisedEpoch, tail.epoch), seq: tail.seq + 1 };
    this.stamp += 1;
    const entry: LogEntry =
      kind === "write"
        ? writeEntry(lsn, range.offset, patternedBytes(range.length, this.stamp))
        : unmapEntry(lsn, range.offset, range.length);
    this.issue({ kind: "append", chunk, entry }, this.live.append(chunk, entry));
  }

  private async control(
    step: Extract<Step, { kind: "commit" | "truncate" | "promise" | "remove" }>,
  ): Promise<void> {
    const { chunk, kind } = step;
    if (kind === "promise") {
      const epoch = this.model(chunk).promisedEpoch + 1;
      this.issue({ kind, chunk, epoch }, this.live.promise(chunk, epoch));
      return;
    }
    if (kind === "remove") {
      this.issue({ kind, chunk }, this.live.remove(chunk));
      return;
    }
    await this.settle();
    const { entries } = this.model(chunk);
    const lsn = entries[entries.length - 1 - step.back]?.lsn;
    if (!lsn) return;
    if (kind === "commit") {
      this.live.commit(chunk, lsn);
      this.events.push({ kind, chunk, lsn });
    } else this.issue({ kind, chunk, lsn }, this.live.truncate(chunk, lsn));
  }

  /** As a learner does it: the log from a base on, then a copy, each behind the other. */
  private async resync({
    chunk,
    extent,
    mapped,
  }: Extract<Step, { kind: "resync" }>): Promise<void> {
    await this.settle();
    const { commit } = this.model(chunk);
    this.issue({ kind: "beginResync", chunk, lsn: commit }, this.live.beginResync(chunk, commit));
    const base = { epoch: commit.epoch + 1, seq: commit.seq + 3 };
    const window = { lowestUnresolvedSeq: commit.seq + 1, seqs: [base.seq - 1, base.seq] };
    const windows = [1, 9].map((incarnation) => ({ incarnation, ...window }));
    const event = { kind: "setBase" as const, chunk, lsn: base, windows };
    this.issue(event, this.live.setBase(chunk, base, windows));
    this.stamp += 1;
    const data = mapped ? [patternedBytes(EXTENT_SIZE, this.stamp)] : undefined;
    const checksums = data ? unitChecksums(0, data) : new Uint32Array(0);
    const copy = { extent, lastLsn: base, data, checksums };
    this.issue({ kind: "copy", chunk, copy }, this.live.applyCopy(chunk, copy));
    await this.settle();
    if (mapped) this.issue({ kind: "endResync", chunk }, this.live.endResync(chunk));
  }

  /** Work before and during a checkpoint, and a crash in the middle of it. */
  private async storm(step: Extract<Step, { kind: "storm" }>): Promise<void> {
    const { chunk, before, after, back } = step;
    for (const range of before) this.append({ kind: "write", chunk, range });
    await this.control({ kind: "commit", chunk, back });
    const checkpoint = this.live.checkpoint().catch(() => {});
    if (step.truncated) {
      // As a new primary does it, so that the log goes on with other entries.
      await this.control({ kind: "promise", chunk });
      const { commit } = this.model(chunk);
      this.issue({ kind: "truncate", chunk, lsn: commit }, this.live.truncate(chunk, commit));
    }
    for (const range of after) this.append({ kind: "write", chunk, range });
    if (after.length > 0) await this.control({ kind: "commit", chunk, back: 0 });
    await this.crash(step.turns);
    await checkpoint;
  }

  private async settle(): Promise<void> {
    for (const { event, done } of this.pending.splice(0)) {
      const outcome = await done;
      expect(outcome).not.toBe("lost");
      if (outcome === "refused") this.events = this.events.filter((other) => other !== event);
    }
    this.acknowledged = this.events.length;
  }

  private async reopen(): Promise<void> {
    await this.settle();
    await this.live.close();
    await this.open();
    await this.recovered();
  }

  private async crash(turns: number): Promise<void> {
    for (let left = turns; left > 0; left -= 1) await turn();
    this.disk.crash();
    // Calls of the dead process: what had been answered before the cut was durable.
    const outcomes = await Promise.all(this.pending.map(({ done }) => done));
    this.pending.forEach(({ event }, index) => {
      if (outcomes[index] === "refused")
        this.events = this.events.filter((other) => other !== event);
    });
    this.pending.forEach(({ event }, index) => {
      if (outcomes[index] !== "done") return;
      this.acknowledged = Math.max(this.acknowledged, this.events.indexOf(event) + 1);
    });
    this.pending = [];
    await this.live.close().catch(() => {});
    await this.open();
    await this.recovered();
  }

  /** Finds the prefix that the store recovered to, and takes over which commits it lost. */
  private async recovered(): Promise<void> {
    const matches = (count: number): boolean => {
      const state = stateAfter(this.events, count, CHUNK_SIZE);
      const all = new Set([...state.keys(), ...this.live.chunks().map(({ chunk }) => chunk)]);
      return [...all].every((chunk) => {
        const model = state.get(chunk) ?? emptyChunk(CHUNK_SIZE);
        const status = this.live.status(chunk);
        return (
          sameLsn(status.tail, tailOf(model)) &&
          status.promisedEpoch === model.promisedEpoch &&
          compareLsn(status.commit, model.commit) <= 0 &&
          (status.resyncFrom?.seq ?? -1) === (model.resyncFrom?.seq ?? -1)
        );
      });
    };
    let count = this.events.length;
    while (count >= this.acknowledged && !matches(count)) count -= 1;
    expect(count, "a prefix with all that was acknowledged").toBeGreaterThanOrEqual(
      this.acknowledged,
    );
    this.events = this.events.slice(0, count);
    for (const event of this.events) {
      const { chunk } = event;
      const after = this.events.slice(this.events.indexOf(event));
      const gone = after.some((later) => later.kind === "remove" && later.chunk === chunk);
      if (event.kind !== "commit" || gone) continue;
      const { commit } = this.live.status(chunk);
      if (compareLsn(event.lsn, commit) > 0) event.lsn = commit;
    }
    this.acknowledged = this.events.length;
    await this.check();
  }

  /** The store is what the model says, byte for byte, and no extent is lost or leaked. */
  private async check(): Promise<void> {
    const store = this.live;
    const state = stateAfter(this.events, this.events.length, CHUNK_SIZE);
    for (let index = 0; index < 3; index += 1) {
      const chunk = chunkId(familyId(1), index);
      const model = state.get(chunk) ?? emptyChunk(CHUNK_SIZE);
      expect(store.status(chunk)).toMatchObject({
        tail: tailOf(model),
        commit: model.commit,
        promisedEpoch: model.promisedEpoch,
      });
      const { data } = await store.read(chunk, 0, CHUNK_SIZE);
      expect(firstDifference(scatterJoin(data), model.content)).toBe(-1);
      expect(store.digest(chunk)).toBe(contentDigest(unitChecksums(0, [model.content])));
      expect(await store.verify(chunk)).toEqual([]);
      expect(store.windows(chunk)).toEqual(model.windows.list());
      expect(store.uncommitted(chunk).map(comparable)).toEqual(model.entries.map(comparable));
    }
    // A checkpoint on its way holds extents that nothing names yet.
    for (let turns = 0; turns < 500 && store.audit().leaked.length > 0; turns += 1) await turn();
    expect(store.audit()).toEqual({ leaked: [], lost: [] });
  }
}

const firstDifference = (a: Buffer, b: Buffer): number =>
  a.equals(b) ? -1 : a.findIndex((byte, index) => byte !== b[index]);

const comparable = (entry: LogEntry): object => ({
  ...entry,
  data: entry.kind === "write" ? contentDigest(unitChecksums(0, entry.data)) : "",
  checksums: entry.kind === "write" ? [...entry.checksums] : [],
});

test("P1, P10, P13, P17, P20: a store is what its acknowledged history says, crashes or not", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.array(stepArbitrary, { minLength: 5, maxLength: 60, size: "max" }),
      async (seed, steps) => {
        const trial = new Trial(seed);
        await trial.start();
        for (const step of steps) await trial.step(step);
        await trial.finish();
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
}, 120_000);
