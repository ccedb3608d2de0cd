// The chunk store of one disk: the ChunkStore port over journal, pages and data area. A journaled call
// changes what the chunk will look like at once (`queued…`) and the chunk itself when its record is
// durable, in the order of the ring; commits change memory at once and reach the journal with the
// next batch. After a failed write or sync the store is dead and the process lives (P19).
import {
  assert,
  CHECKSUM_UNIT,
  type ChunkId,
  compareLsn,
  type DiskId,
  EXTENT_SIZE,
  isAligned,
  LSN_ZERO,
  type Lsn,
  maxLsn,
  type NodeId,
  OP_LENGTH_MAX,
  type ScatterList,
  type StoreUuid,
  SystemError,
  scatterSlice,
  toSystemError,
} from "@ashlar/core";
import {
  type ChunkStatus,
  type ChunkStore,
  contentDigest,
  type ExtentCopy,
  type ExtentStamp,
  type LogEntry,
  type ReadResult,
  type StoreSpace,
} from "@ashlar/replica";
import type { Disk, DiskFile, Log, Timer } from "@ashlar/runtime";
import { Admission, noRoom } from "./admission.ts";
import type { Allocator } from "./allocator.ts";
import { Checkpointer, checkpointExtentsOf, MARKS_PER_RECORD_MAX } from "./checkpoint.ts";
import { ChunkState } from "./chunk-state.ts";
import { extentPosition, type Layout, reserveBytesOf } from "./format.ts";
import { Growth } from "./growth.ts";
import { type DataWrite, Journal } from "./journal.ts";
import {
  type CommitMark,
  firstWholeOf,
  holdEntry,
  type LogRecord,
  toLogEntry,
  wholeCountOf,
} from "./log-record.ts";
import { readUnits, trimmed, unitsOfExtent } from "./reader.ts";
import type { Recovered } from "./recovery.ts";
import type { SlotPool } from "./slot-pool.ts";
import type { StoreMetrics } from "./store-metrics.ts";
import type { Superblock } from "./superblock.ts";

export interface StoreParts {
  readonly disk: Disk;
  readonly file: DiskFile;
  readonly layout: Layout;
  readonly seed: number;
  readonly superblock: Superblock;
  readonly allocator: Allocator;
  readonly slots: SlotPool;
  readonly recovered: Recovered;
  readonly log: Log;
  readonly metrics: StoreMetrics;
}

const NO_MARKS: readonly CommitMark[] = [];

export class DiskChunkStore implements ChunkStore {
  readonly storeUuid: StoreUuid;
  readonly node: NodeId;
  readonly disk: DiskId;
  private readonly parts: StoreParts;
  private readonly held: Map<ChunkId, ChunkState>;
  /** Chunks whose commit LSN is newer than the journal says. */
  private readonly unmarked = new Set<ChunkState>();
  private readonly journal: Journal;
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
    const { file, layout, seed, superblock, allocator, slots, recovered, metrics } = parts;
    this.parts = parts;
    this.storeUuid = superblock.storeUuid;
    this.node = superblock.node;
    this.disk = superblock.diskId;
    this.held = recovered.chunks;
    this.changed = recovered.batches > 0;
    const failed = (error: unknown): void => this.fail(error);
    this.growth = new Growth(
      { disk: parts.disk, file, host: { grown: () => this.admission.pump(), failed } },
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
        slots,
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

  chunks(): readonly ChunkStatus[] {
    return [...this.held.values()].map((state) => state.status());
  }

  status(chunk: ChunkId): ChunkStatus {
    const state = this.held.get(chunk);
    if (state) return state.status();
    const none = { promisedEpoch: 0, tail: LSN_ZERO, commit: LSN_ZERO, resyncFrom: undefined };
    return { chunk, ...none };
  }

  async promise(chunk: ChunkId, epoch: number): Promise<void> {
    this.alive();
    const state = this.state(chunk);
    assert(epoch > state.queuedEpoch, "a promise rises");
    state.queuedEpoch = epoch;
    await this.journaled({ kind: "promise", chunk, epoch }, (now) => {
      now.promisedEpoch = epoch;
    });
  }

  async append(chunk: ChunkId, entry: LogEntry): Promise<void> {
    this.alive();
    this.assertEntry(entry);
    const state = this.state(chunk);
    const previous = state.queuedTail;
    assert(entry.lsn.seq === previous.seq + 1, "the log has no holes");
    state.queuedTail = entry.lsn;
    const wholes = entry.kind === "write" ? wholeCountOf(entry.offset, entry.length) : 0;
    const edges = edgeRanges(entry, wholes);
    // An unmap counts from its call: what comes behind it may find its room gone.
    const isUnmap = entry.kind === "unmap";
    if (isUnmap) state.pendingUnmaps += 1;
    await this.admission.submit({
      chunk,
      room: () => ({ whole: wholes, promised: this.state(chunk).roomNeeded(edges) }),
      go: (physical, promised) => {
        const held = holdEntry(entry, physical, promised);
        return this.journal.append({
          record: { kind: "entry", chunk, entry: held },
          dataWrites: this.dataWrites(physical, held.whole),
          effect: () => {
            this.changed = true;
            this.state(chunk).entries.push(held);
          },
        });
      },
      refused: () => {
        const now = this.state(chunk);
        if (now.queuedTail.seq >= entry.lsn.seq) now.queuedTail = previous;
        if (isUnmap) now.pendingUnmaps -= 1;
      },
    });
  }

  commit(chunk: ChunkId, lsn: Lsn): void {
    this.alive();
    const state = this.held.get(chunk);
    assert(lsn.seq <= (state?.tail ?? LSN_ZERO).seq, "only what is durable is committed");
    if (!state?.commitUpTo(lsn)) return;
    this.unmarked.add(state);
    this.changed = true;
  }

  uncommitted(chunk: ChunkId): readonly LogEntry[] {
    return this.held.get(chunk)?.entries.map(toLogEntry) ?? [];
  }

  async truncate(chunk: ChunkId, lsn: Lsn): Promise<void> {
    this.alive();
    const state = this.state(chunk);
    assert(compareLsn(lsn, state.commit) >= 0, "what is committed is never truncated");
    if (state.queuedTail.seq > lsn.seq) state.queuedTail = lsn;
    await this.journaled({ kind: "truncate", chunk, lsn }, (now) => now.truncate(lsn));
  }

  async read(chunk: ChunkId, offset: number, length: number): Promise<ReadResult> {
    this.alive();
    const { chunkSize } = this.parts.superblock;
    assert(offset >= 0 && length > 0 && offset + length <= chunkSize, "read within a chunk");
    const firstUnit = Math.floor(offset / CHECKSUM_UNIT);
    const unitCount = Math.ceil((offset + length) / CHECKSUM_UNIT) - firstUnit;
    const units = await this.goodUnits(chunk, { firstUnit, unitCount });
    return trimmed(units, { offset, length });
  }

  async remove(chunk: ChunkId): Promise<void> {
    this.alive();
    const state = this.state(chunk);
    state.queuedTail = LSN_ZERO;
    state.queuedEpoch = 0;
    await this.journaled({ kind: "remove", chunk }, (now) => this.forget(now));
  }

  async beginResync(chunk: ChunkId, from: Lsn): Promise<void> {
    this.alive();
    const state = this.state(chunk);
    state.queuedTail = state.commit;
    await this.journaled({ kind: "beginResync", chunk, lsn: from }, (now) => {
      now.truncate(now.commit);
      now.resyncFrom = from;
    });
  }

  extentsNewerThan(chunk: ChunkId, lsn: Lsn): readonly ExtentStamp[] {
    return this.held.get(chunk)?.stampsAfter(lsn) ?? [];
  }

  async readExtent(chunk: ChunkId, extent: number): Promise<ExtentCopy> {
    this.alive();
    const state = this.held.get(chunk);
    const place = state?.find(extent);
    const lastLsn = place?.page.lastLsn(place.index) ?? LSN_ZERO;
    if (!state?.isMapped(extent)) {
      return { extent, lastLsn, data: undefined, checksums: new Uint32Array(0) };
    }
    const { data, checksums } = await this.goodUnits(chunk, unitsOfExtent(extent));
    return { extent, lastLsn, data: [data], checksums };
  }

  async applyCopy(chunk: ChunkId, copy: ExtentCopy): Promise<void> {
    this.alive();
    const { extent, lastLsn: lsn, data, checksums } = copy;
    if (!data) this.state(chunk).pendingUnmaps += 1;
    await this.admission.submit({
      chunk,
      room: () => ({ whole: data ? 1 : 0, promised: 0 }),
      go: (extents) => {
        const physical = extents[0] ?? 0;
        return this.journal.append({
          record: { kind: "copy", chunk, extent, lsn, physical, checksums },
          dataWrites: this.dataWrites(extents, data ?? []),
          effect: () => {
            this.changed = true;
            const now = this.state(chunk);
            if (!data) now.pendingUnmaps -= 1;
            now.applyCopy(extent, lsn, physical, checksums);
          },
        });
      },
      refused: undefined,
    });
  }

  async setBase(chunk: ChunkId, base: Lsn): Promise<void> {
    this.alive();
    const state = this.state(chunk);
    state.queuedTail = maxLsn(state.queuedTail, base);
    await this.journaled({ kind: "setBase", chunk, lsn: base }, (now) => {
      now.setBase(base);
      this.unmarked.add(now);
    });
  }

  async endResync(chunk: ChunkId): Promise<void> {
    this.alive();
    await this.journaled({ kind: "endResync", chunk }, (now) => {
      now.resyncFrom = undefined;
    });
  }

  digest(chunk: ChunkId): string {
    const { chunkSize } = this.parts.superblock;
    const state = this.held.get(chunk) ?? new ChunkState(chunk, this.parts.allocator);
    return contentDigest(state.contentChecksums(chunkSize));
  }

  async verify(chunk: ChunkId): Promise<number> {
    this.alive();
    const state = this.held.get(chunk);
    let bad = 0;
    for (const { extent } of state ? [...state.mapped()] : []) {
      const read = await readUnits(() => this.held.get(chunk), unitsOfExtent(extent), this.parts);
      bad += read.bad.length;
    }
    if (bad > 0) this.parts.metrics.badChecksums.inc(bad);
    return bad;
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

  /** Bytes of committed small writes that no checkpoint has applied yet. */
  get overlayBytes(): number {
    let blocks = 0;
    for (const { overlay } of this.held.values()) {
      for (const { count } of overlay.values()) blocks += count;
    }
    return blocks * CHECKSUM_UNIT;
  }

  get journalLiveBytes(): number {
    return this.journal.liveBytes;
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

  private alive(): void {
    if (this.failure) throw this.failure;
  }

  private fail(error: unknown): void {
    if (this.failure) return;
    const cause = toSystemError(error, "disk/failed");
    this.failure = new SystemError("disk/failed", "the store is given up", {}, cause);
    this.parts.log.error({ disk: this.disk, error: cause }, "store failed");
    this.timer?.cancel();
    this.journal.fail(this.failure);
    this.admission.fail(this.failure);
    void this.growth.stop();
  }

  private state(chunk: ChunkId): ChunkState {
    let state = this.held.get(chunk);
    if (!state) {
      state = new ChunkState(chunk, this.parts.allocator);
      this.held.set(chunk, state);
    }
    return state;
  }

  private assertEntry(entry: LogEntry): void {
    const { offset, length, kind } = entry;
    const { chunkSize } = this.parts.superblock;
    assert(isAligned(offset, CHECKSUM_UNIT), "entries are whole units");
    assert(isAligned(length, CHECKSUM_UNIT), "entries are whole units");
    assert(offset + length <= chunkSize, "an entry lies within its chunk");
    assert(kind !== "write" || (length > 0 && length <= OP_LENGTH_MAX), "a write has its payload");
  }

  private journaled(
    record: Exclude<LogRecord, { kind: "marks" }>,
    effect: (state: ChunkState) => void,
  ): Promise<void> {
    const settle = (): void => {
      this.changed = true;
      effect(this.state(record.chunk));
    };
    return this.admission.submit({
      chunk: record.chunk,
      room: noRoom,
      go: () => this.journal.append({ record, dataWrites: [], effect: settle }),
      refused: undefined,
    });
  }

  private dataWrites(physical: readonly number[], data: ScatterList): DataWrite[] {
    const writes: DataWrite[] = [];
    for (let first = 0; first < physical.length; ) {
      const start = physical[first] ?? 0;
      let count = 1;
      while (physical[first + count] === start + count) count += 1;
      const part = scatterSlice(data, first * EXTENT_SIZE, count * EXTENT_SIZE);
      writes.push({ position: extentPosition(this.parts.layout, start), data: part });
      first += count;
    }
    return writes;
  }

  private forget(state: ChunkState): void {
    this.checkpointer.retire(state);
    state.clear();
    this.unmarked.delete(state);
    this.held.delete(state.chunk);
    const { queuedTail, queuedEpoch, pendingUnmaps } = state;
    if (queuedTail.seq + queuedEpoch + pendingUnmaps === 0) return;
    // Calls made after the removal wait in the queue already.
    Object.assign(this.state(state.chunk), { queuedTail, queuedEpoch, pendingUnmaps });
  }

  private async goodUnits(
    chunk: ChunkId,
    range: { readonly firstUnit: number; readonly unitCount: number },
  ): Promise<{ data: Buffer; checksums: Uint32Array; bad: readonly number[] }> {
    try {
      const read = await readUnits(() => this.held.get(chunk), range, this.parts);
      if (read.bad.length === 0) return read;
      this.parts.metrics.badChecksums.inc(read.bad.length);
      const meta = { chunk, units: read.bad };
      throw new SystemError("chunk/bad-checksum", "a unit differs from its checksum", meta);
    } catch (thrown) {
      const error = toSystemError(thrown, "disk/failed");
      if (error.code !== "chunk/bad-checksum") this.fail(error);
      throw this.failure ?? error;
    }
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

/** The parts of a write that do not fill an extent. */
function edgeRanges(
  { kind, offset, length }: LogEntry,
  wholes: number,
): { offset: number; length: number }[] {
  if (kind !== "write") return [];
  if (wholes === 0) return [{ offset, length }];
  const start = firstWholeOf(offset) * EXTENT_SIZE;
  const end = start + wholes * EXTENT_SIZE;
  return [
    { offset, length: start - offset },
    { offset: end, length: offset + length - end },
  ].filter((part) => part.length > 0);
}
