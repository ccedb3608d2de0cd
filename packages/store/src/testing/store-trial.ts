// A store under test beside the history of what was asked of it: after a crash it must be what some
// beginning of that history says, with all that was acknowledged in it (P1, P10, P13, P17, P20).
import {
  type ChunkId,
  chunkId,
  compareLsn,
  EXTENT_SIZE,
  familyId,
  hasCode,
  type Lsn,
  MIB,
  sameLsn,
  scatterJoin,
  unitChecksums,
} from "@ashlar/core";
import { contentDigest, type LogEntry } from "@ashlar/replica";
import { patternedBytes, unmapEntry, writeEntry } from "@ashlar/replica/testing";
import { type Disk, silentLog } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { expect } from "vitest";
import type { DiskChunkStore } from "../disk-chunk-store.ts";
import type { MirrorStatus, MirrorWitness } from "../mirror-file.ts";
import { createStore, openStore } from "../open.ts";
import { OPTIONS, UUID } from "./small-store.ts";
import { emptyChunk, type ModelChunk, type StoreEvent, stateAfter, tailOf } from "./store-model.ts";
import { CHUNK_SIZE, CHUNKS, type Step } from "./store-steps.ts";

export interface TrialPorts {
  readonly disk: Disk;
  /** Ends the process and the power. */
  readonly crash: () => void;
  /** Before it is opened again, once nothing of the earlier process is under way. */
  readonly beforeOpening?: () => Promise<void>;
  /** Called when an event was answered, which is when it must be durable. */
  readonly acknowledged?: (event: StoreEvent) => void;
  /** Of a pair; its copying goes on as the clock is moved. */
  readonly pair?: TrialPair;
}

export interface TrialPair {
  readonly mirrorPath: string;
  readonly witness: MirrorWitness;
  readonly clock: ManualClock;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class StoreTrial {
  private readonly ports: TrialPorts;
  private store: DiskChunkStore | undefined;
  /** What was asked of it, without what was refused. */
  events: StoreEvent[] = [];
  /** Events up to here are acknowledged. */
  private acknowledged = 0;
  private pending: { event: StoreEvent; done: Promise<"done" | "refused" | "lost"> }[] = [];
  private stamp = 0;

  constructor(ports: TrialPorts) {
    this.ports = ports;
  }

  async start(): Promise<void> {
    const sizes = { sizeBytes: 7 * MIB, journalBytes: 2 * MIB };
    const options = { ...OPTIONS, ...sizes, storeUuid: UUID };
    await createStore(this.ports.disk, options, { log: silentLog });
    await this.open();
  }

  /** Opens what a power cut left of another trial's disk, of whose events the first so many were acknowledged. */
  async inherit(events: readonly StoreEvent[], acknowledged: number): Promise<void> {
    this.events = [...events];
    this.acknowledged = acknowledged;
    await this.open();
    await this.recovered();
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

  async close(): Promise<void> {
    await this.live.close();
  }

  async finish(): Promise<void> {
    await this.settle();
    await this.check();
    await this.reopen();
    await this.check();
    await this.live.close();
  }

  get mirrorState(): MirrorStatus["state"] | undefined {
    return this.store?.mirrorStatus?.state;
  }

  private get live(): DiskChunkStore {
    if (!this.store) throw new Error("the store is open");
    return this.store;
  }

  private async open(): Promise<void> {
    const { disk, pair } = this.ports;
    const options = { ...OPTIONS, pageCacheBytes: 0, mirrorPath: pair?.mirrorPath };
    const { clock = new ManualClock() } = pair ?? {};
    const ports = { log: silentLog, clock, ...(pair && { witness: pair.witness }) };
    this.store = await openStore(disk, options, ports);
  }

  private model(chunk: ChunkId, count = this.events.length): ModelChunk {
    return stateAfter(this.events, count, CHUNK_SIZE).get(chunk) ?? emptyChunk(CHUNK_SIZE);
  }

  private issue(event: StoreEvent, call: Promise<void>): void {
    this.events.push(event);
    const done = call.then(
      () => {
        this.ports.acknowledged?.(event);
        return "done" as const;
      },
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
        ? writeEntry(chunk, lsn, range.offset, patternedBytes(range.length, this.stamp))
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
    const checksums = data ? unitChecksums(chunk, extent * EXTENT_SIZE, data) : new Uint32Array(0);
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

  /** Waits for all that was asked. */
  async settle(): Promise<void> {
    for (const { event, done } of this.pending.splice(0)) {
      const outcome = await done;
      expect(outcome).not.toBe("lost");
      if (outcome === "refused") this.events = this.events.filter((other) => other !== event);
    }
    this.acknowledged = this.events.length;
  }

  async reopen(): Promise<void> {
    await this.settle();
    await this.live.close();
    await this.ports.beforeOpening?.();
    await this.open();
    await this.recovered();
  }

  private async crash(turns: number): Promise<void> {
    for (let left = turns; left > 0; left -= 1) await turn();
    this.ports.crash();
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
    await this.ports.beforeOpening?.();
    await this.open();
    await this.recovered();
  }

  /**
   * Finds the prefix that the store recovered to, and takes over which commits it lost. Several may look
   * alike until their bytes are compared.
   */
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
    const all = this.events;
    let failure: unknown = new Error("no beginning of the history has all that was acknowledged");
    for (let count = all.length; count >= this.acknowledged; count -= 1) {
      if (!matches(count)) continue;
      this.events = this.withLostCommits(all.slice(0, count));
      try {
        await this.check();
        this.acknowledged = count;
        return;
      } catch (thrown) {
        failure = thrown;
        this.events = all;
      }
    }
    throw failure;
  }

  /** Commits may be lost, and then stand where the store has them. */
  private withLostCommits(events: readonly StoreEvent[]): StoreEvent[] {
    return events.map((event, at) => {
      const { chunk } = event;
      const gone = events
        .slice(at)
        .some((later) => later.kind === "remove" && later.chunk === chunk);
      if (event.kind !== "commit" || gone) return event;
      const { commit } = this.live.status(chunk);
      return compareLsn(event.lsn, commit) > 0 ? { ...event, lsn: commit } : event;
    });
  }

  /** The store is what the model says, byte for byte, and no extent is lost or leaked. */
  private async check(): Promise<void> {
    const store = this.live;
    const state = stateAfter(this.events, this.events.length, CHUNK_SIZE);
    for (let index = 0; index < CHUNKS; index += 1) {
      const chunk = chunkId(familyId(1), index);
      const model = state.get(chunk) ?? emptyChunk(CHUNK_SIZE);
      expect(store.status(chunk)).toMatchObject({
        tail: tailOf(model),
        commit: model.commit,
        promisedEpoch: model.promisedEpoch,
      });
      const { data } = await store.read(chunk, 0, CHUNK_SIZE);
      expect(firstDifference(scatterJoin(data), model.content)).toBe(-1);
      expect(await store.digest(chunk)).toBe(
        contentDigest(unitChecksums(chunk, 0, [model.content])),
      );
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

const ANYWHERE = chunkId(familyId(1), 0);
const comparable = (entry: LogEntry): object => ({
  ...entry,
  data: entry.kind === "write" ? contentDigest(unitChecksums(ANYWHERE, 0, entry.data)) : "",
  checksums: entry.kind === "write" ? [...entry.checksums] : [],
});
