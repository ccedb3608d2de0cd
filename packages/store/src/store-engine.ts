// What stands behind the face of a store: the chunks in memory, the door (admission), the journal, the
// checkpoints and the growth of the file, wired together; and the one place where a store dies (P19).
import { type ChunkId, EXTENT_SIZE, SystemError, toSystemError } from "@ashlar/core";
import type { StoreSpace } from "@ashlar/replica";
import type { Clock, DiskFile, Log, Timer } from "@ashlar/runtime";
import { Admission, type Call, noRoom } from "./admission.ts";
import type { Allocator } from "./allocator.ts";
import { Checkpointer, checkpointExtentsOf, MARKS_PER_RECORD_MAX } from "./checkpoint.ts";
import { ChunkState } from "./chunk-state.ts";
import { type Layout, reserveBytesOf } from "./format.ts";
import { Growth } from "./growth.ts";
import { Journal } from "./journal.ts";
import type { CommitMark, LogRecord } from "./log-record.ts";
import type { PageCache } from "./page-cache.ts";
import type { Recovered } from "./recovery.ts";
import type { SlotPool } from "./slot-pool.ts";
import type { StoreMetrics } from "./store-metrics.ts";
import type { Superblock } from "./superblock.ts";

export interface StoreParts {
  /** What the file may still grow by. */
  readonly freeBytes: () => Promise<number>;
  readonly file: DiskFile;
  readonly layout: Layout;
  readonly seed: number;
  readonly superblock: Superblock;
  readonly allocator: Allocator;
  readonly slots: SlotPool;
  readonly cache: PageCache;
  readonly recovered: Recovered;
  readonly log: Log;
  readonly clock: Clock;
  readonly metrics: StoreMetrics;
}

const NO_MARKS: readonly CommitMark[] = [];

export class StoreEngine {
  readonly held: Map<ChunkId, ChunkState>;
  readonly parts: StoreParts;
  /** Chunks whose commit LSN is newer than the journal says. */
  private readonly unmarked = new Set<ChunkState>();
  readonly journal: Journal;
  private readonly growth: Growth;
  private readonly admission: Admission;
  private readonly checkpointer: Checkpointer;
  private checkpointing: Promise<void> | undefined;
  /** Something happened since the last checkpoint began. */
  private changed: boolean;
  private idleSince = -1;
  private failure: SystemError | undefined;
  private timer: Timer | undefined;

  constructor(parts: StoreParts) {
    const { file, layout, seed, superblock, allocator, slots, cache, recovered, metrics } = parts;
    this.parts = parts;
    this.held = recovered.chunks;
    this.changed = recovered.batches > 0;
    const failed = (error: unknown): void => this.fail(error);
    this.growth = new Growth(
      { freeBytes: parts.freeBytes, file, host: { grown: () => this.admission.pump(), failed } },
      { layout, allocator },
    );
    this.admission = new Admission(
      { allocator, growth: this.growth },
      {
        checkpointExtents: () => checkpointExtentsOf(allocator, this.held.size),
        flushDiscarded: () => this.flushDiscarded(),
      },
    );
    const host = {
      marks: () => this.marks(),
      marksTaken: (marks: readonly CommitMark[]) => this.marksTaken(marks),
      released: (extents: readonly number[]) => this.released(extents),
      wantCheckpoint: () => this.wantCheckpoint(),
      isCrowded: () => cache.isCrowded,
      checkpointProgress: () =>
        this.checkpointing === undefined ? undefined : this.checkpointer.progress,
      failed,
    };
    this.journal = new Journal(
      { file, host, metrics },
      { layout, seed, replayFrom: superblock.replayFrom, end: recovered.journalEnd },
    );
    this.checkpointer = new Checkpointer(
      {
        file,
        layout,
        seed,
        allocator,
        clock: parts.clock,
        slots,
        cache,
        alive: () => this.alive(),
        journal: this.journal,
        chunks: this.held,
        unmarked: this.unmarked,
      },
      superblock,
      recovered.directoryExtents,
    );
  }

  /** Begins the work in the background; `tick` is called every second or so. */
  async start(every: (tick: () => void) => Timer): Promise<void> {
    await this.growth.refresh();
    this.growth.want({ now: false });
    this.timer = every(() => this.tick());
  }

  space(): StoreSpace {
    const { allocator, layout } = this.parts;
    const reserveBytes = reserveBytesOf(layout);
    const there = allocator.readyCount - allocator.reserved + this.growth.possibleExtents;
    const free = Math.min(allocator.freeCount, there) - this.checkpointExtents();
    const freeBytes = Math.max(0, free * EXTENT_SIZE - reserveBytes);
    return { sizeBytes: layout.sizeBytes, freeBytes, reserveBytes };
  }

  /** Applies what is committed and releases the journal; waits for one that runs already. */
  async checkpoint(): Promise<void> {
    this.alive();
    await this.checkpointing;
    this.wantCheckpoint();
    await this.checkpointing;
    this.alive();
  }

  async close(): Promise<void> {
    this.timer?.cancel();
    await this.growth.stop();
    await this.journal.settled();
    await this.checkpointing;
    if (!this.failure && this.changed) await this.checkpoint().catch(() => {});
    this.failure ??= new SystemError("disk/failed", "the store is closed");
    this.admission.fail(this.failure);
    this.journal.fail(this.failure);
    await this.parts.file.close();
  }

  /**
   * Extents in use that nothing names, or named and not in use (P20): empty lists when all is well.
   * For tests and drills; only meaningful while no call is in flight.
   */
  audit(): { readonly leaked: number[]; readonly lost: number[] } {
    const { allocator } = this.parts;
    const named = new Set([...this.checkpointer.extents(), ...allocator.discardedExtents]);
    for (const state of this.held.values()) {
      for (const { page, index } of state.mapped()) named.add(page.physical(index));
      for (const { physical } of state.entries) for (const extent of physical) named.add(extent);
    }
    const leaked: number[] = [];
    for (let extent = 1; extent <= allocator.extentCount; extent += 1) {
      if (allocator.isUsed(extent) && !named.has(extent)) leaked.push(extent);
    }
    return { leaked, lost: [...named].filter((extent) => !allocator.isUsed(extent)) };
  }

  /** Something happened that a checkpoint would keep. */
  touch(): void {
    this.changed = true;
  }

  /** The chunk's commit LSN is newer than its last mark in the journal. */
  committed(state: ChunkState): void {
    this.unmarked.add(state);
    this.changed = true;
  }

  /** Journals a call once its room is there. */
  submit(call: Call): Promise<void> {
    return this.admission.submit(call);
  }

  /** @throws SystemError disk/failed once the store is given up or closed. */
  alive(): void {
    if (this.failure) throw this.failure;
  }

  /** Gives the store up: every call is refused from now on. */
  fail(error: unknown): void {
    if (this.failure) return;
    const cause = toSystemError(error, "disk/failed");
    this.failure = new SystemError("disk/failed", "the store is given up", {}, cause);
    this.parts.log.error({ disk: this.parts.superblock.diskId, error: cause }, "store failed");
    this.timer?.cancel();
    this.journal.fail(this.failure);
    this.admission.fail(this.failure);
    void this.growth.stop();
  }

  /** The chunk, made if it is not there. */
  state(chunk: ChunkId): ChunkState {
    let state = this.held.get(chunk);
    if (!state) {
      state = new ChunkState(chunk, this.parts);
      this.held.set(chunk, state);
    }
    return state;
  }

  /** Journals a call that needs no room. */
  journaled(
    record: Exclude<LogRecord, { kind: "marks" }>,
    effect: (state: ChunkState) => void,
  ): Promise<void> {
    const settle = (): void => {
      this.touch();
      effect(this.state(record.chunk));
    };
    return this.submit({
      chunk: record.chunk,
      room: noRoom,
      go: () => this.journal.append({ record, dataWrites: [], effect: settle }),
      refused: undefined,
    });
  }

  /** Takes a removed chunk out; its removal is durable. */
  forget(state: ChunkState): void {
    this.checkpointer.retire(state);
    state.clear();
    this.unmarked.delete(state);
    this.held.delete(state.chunk);
    const { queuedTail, queuedEpoch, pendingUnmaps } = state;
    if (queuedTail.seq + queuedEpoch + pendingUnmaps === 0) return;
    // Calls made after the removal wait in the queue already.
    Object.assign(this.state(state.chunk), { queuedTail, queuedEpoch, pendingUnmaps });
  }

  private marks(): readonly CommitMark[] {
    if (this.unmarked.size === 0) return NO_MARKS;
    const marks: CommitMark[] = [];
    for (const { chunk, commit } of this.unmarked) {
      marks.push({ chunk, lsn: commit });
      if (marks.length === MARKS_PER_RECORD_MAX) break;
    }
    return marks;
  }

  private marksTaken(marks: readonly CommitMark[]): readonly number[] {
    for (const { chunk } of marks) {
      const state = this.held.get(chunk);
      if (state) this.unmarked.delete(state);
    }
    // Discarded by a commit that is not marked yet: not safe to reuse before that is durable.
    return this.unmarked.size === 0 ? this.parts.allocator.takeDiscarded() : [];
  }

  private released(extents: readonly number[]): void {
    if (extents.length === 0) return;
    this.parts.allocator.releaseAll(extents);
    this.admission.pump();
  }

  private flushDiscarded(): void {
    const record = { kind: "marks", marks: NO_MARKS } as const;
    const written = this.journal.append(
      { record, dataWrites: [], effect: () => this.admission.pump() },
      { urgent: true },
    );
    // A failure is told by the journal to the store.
    void written.catch(() => {});
  }

  private checkpointExtents(): number {
    return checkpointExtentsOf(this.parts.allocator, this.held.size);
  }

  private wantCheckpoint(): void {
    if (this.checkpointing || this.failure) return;
    this.changed = false;
    const timed = this.parts.metrics.checkpointSeconds.startTimer();
    this.checkpointing = this.checkpointer
      .run()
      .catch((thrown: unknown) => this.fail(thrown))
      .finally(() => {
        timed();
        this.checkpointing = undefined;
        this.journal.checkpointProgressed();
        if (!this.failure) this.admission.pump();
      });
  }

  private tick(): void {
    this.growth.want({ now: false });
    if (!this.growth.complete) void this.growth.refresh().catch(() => {});
    this.admission.pump();
    const end = this.journal.durableEnd;
    if (this.changed && end === this.idleSince) this.wantCheckpoint();
    this.idleSince = end;
  }
}
