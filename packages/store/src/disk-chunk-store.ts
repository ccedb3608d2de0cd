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
  UNITS_PER_EXTENT,
} from "@ashlar/core";
import {
  type ChunkStatus,
  type ChunkStore,
  contentDigest,
  type ExtentCopy,
  type ExtentStamp,
  type LogEntry,
  type OperationWindow,
  type Pace,
  type ReadResult,
  type StoreSpace,
  type UnitRepair,
} from "@ashlar/replica";
import { noRoomFor } from "./admission.ts";
import { ChunkState } from "./chunk-state.ts";
import { extentPosition } from "./format.ts";
import type { DataWrite } from "./journal.ts";
import { edgeRanges, holdEntry, toLogEntry, wholeCountOf } from "./log-record.ts";
import type { MirrorFile, MirrorStatus } from "./mirror-file.ts";
import { type Mended, mend } from "./mirrored-units.ts";
import { type ReaderPorts, readUnits, trimmed, type UnitsRead, unitsOfExtent } from "./reader.ts";
import type { StoreEngine, StoreParts } from "./store-engine.ts";

type Range = ReturnType<typeof unitsOfExtent>;

export class DiskChunkStore implements ChunkStore {
  readonly storeUuid: StoreUuid;
  readonly node: NodeId;
  readonly disk: DiskId;
  private readonly engine: StoreEngine;
  private readonly mirror: MirrorFile | undefined;
  private readonly parts: StoreParts;
  private readonly held: ReadonlyMap<ChunkId, ChunkState>;

  constructor(engine: StoreEngine, mirror?: MirrorFile) {
    this.mirror = mirror;
    const { parts, held } = engine;
    this.storeUuid = parts.superblock.storeUuid;
    this.node = parts.superblock.node;
    this.disk = parts.superblock.diskId;
    this.engine = engine;
    this.parts = parts;
    this.held = held;
  }

  space(): StoreSpace {
    return this.engine.space();
  }

  /** Has the disk make a record durable that says nothing. @throws SystemError disk/failed. */
  async probe(): Promise<void> {
    this.engine.alive();
    const record = { kind: "marks", marks: [] } as const;
    await this.engine.journal.append({ record, dataWrites: [], effect: () => {} });
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
    this.engine.alive();
    const state = this.engine.state(chunk);
    assert(epoch > state.queuedEpoch, "a promise rises");
    state.queuedEpoch = epoch;
    await this.engine.journaled({ kind: "promise", chunk, epoch }, (now) => {
      now.promisedEpoch = epoch;
    });
  }

  async append(chunk: ChunkId, entry: LogEntry): Promise<void> {
    this.engine.alive();
    this.assertEntry(entry);
    const state = this.engine.state(chunk);
    const previous = state.queuedTail;
    // The caller may not have heard yet that an entry before this one was refused.
    if (state.refused && entry.lsn.seq > previous.seq + 1) throw noRoomFor();
    assert(entry.lsn.seq === previous.seq + 1, "the log has no holes");
    state.refused = false;
    state.queuedTail = entry.lsn;
    const wholes = entry.kind === "write" ? wholeCountOf(entry.offset, entry.length) : 0;
    const edges = edgeRanges(entry, wholes);
    // An unmap counts from its call: what comes behind it may find its room gone.
    const isUnmap = entry.kind === "unmap";
    if (isUnmap) state.pendingUnmaps += 1;
    await this.engine.submit({
      chunk,
      room: () => ({ whole: wholes, promised: this.engine.state(chunk).roomNeeded(edges) }),
      go: (physical, promised) => {
        const held = holdEntry(entry, physical, promised);
        return this.engine.journal.append({
          record: { kind: "entry", chunk, entry: held },
          dataWrites: this.dataWrites(physical, held.whole),
          effect: () => {
            this.engine.touch();
            this.engine.state(chunk).entries.push(held);
          },
        });
      },
      refused: () => {
        const now = this.engine.state(chunk);
        now.refused = true;
        if (now.queuedTail.seq >= entry.lsn.seq) now.queuedTail = previous;
        if (isUnmap) now.pendingUnmaps -= 1;
      },
    });
  }

  commit(chunk: ChunkId, lsn: Lsn): void {
    this.engine.alive();
    const state = this.held.get(chunk);
    assert(lsn.seq <= (state?.tail ?? LSN_ZERO).seq, "only what is durable is committed");
    if (!state?.commitUpTo(lsn)) return;
    this.engine.committed(state);
  }

  uncommitted(chunk: ChunkId): readonly LogEntry[] {
    return this.held.get(chunk)?.entries.map(toLogEntry) ?? [];
  }

  windows(chunk: ChunkId): readonly OperationWindow[] {
    return this.held.get(chunk)?.windows() ?? [];
  }

  forgetGateways(isDead: (incarnation: number) => boolean): void {
    for (const state of this.held.values()) state.forgetGateways(isDead);
  }

  async truncate(chunk: ChunkId, lsn: Lsn): Promise<void> {
    this.engine.alive();
    const state = this.engine.state(chunk);
    assert(compareLsn(lsn, state.commit) >= 0, "what is committed is never truncated");
    if (state.queuedTail.seq > lsn.seq) state.queuedTail = lsn;
    await this.engine.journaled({ kind: "truncate", chunk, lsn }, (now) => now.truncate(lsn));
  }

  async read(chunk: ChunkId, offset: number, length: number): Promise<ReadResult> {
    this.engine.alive();
    const { chunkSize } = this.parts.superblock;
    assert(offset >= 0 && length > 0 && offset + length <= chunkSize, "read within a chunk");
    const firstUnit = Math.floor(offset / CHECKSUM_UNIT);
    const unitCount = Math.ceil((offset + length) / CHECKSUM_UNIT) - firstUnit;
    const units = await this.goodUnits(chunk, { firstUnit, unitCount });
    return trimmed(units, { chunk, offset, length });
  }

  async remove(chunk: ChunkId): Promise<void> {
    this.engine.alive();
    const state = this.engine.state(chunk);
    state.queuedTail = LSN_ZERO;
    state.queuedEpoch = 0;
    await this.engine.journaled({ kind: "remove", chunk }, (now) => this.engine.forget(now));
  }

  async beginResync(chunk: ChunkId, from: Lsn): Promise<void> {
    this.engine.alive();
    const state = this.engine.state(chunk);
    state.queuedTail = state.commit;
    await this.engine.journaled({ kind: "beginResync", chunk, lsn: from }, (now) => {
      now.truncate(now.commit);
      now.resyncFrom = from;
    });
  }

  extentsNewerThan(chunk: ChunkId, lsn: Lsn): readonly ExtentStamp[] {
    return this.held.get(chunk)?.stampsAfter(lsn) ?? [];
  }

  async readExtent(chunk: ChunkId, extent: number): Promise<ExtentCopy> {
    this.engine.alive();
    const state = this.held.get(chunk);
    const place = state?.find(extent);
    const lastLsn = place?.page.lastLsn(place.index) ?? LSN_ZERO;
    if (!state?.isMapped(extent)) {
      return { extent, lastLsn, data: undefined, checksums: new Uint32Array(0) };
    }
    // Never older than the stamp: that of a newer content is the source's to copy again.
    const { data, checksums } = await this.goodUnits(chunk, unitsOfExtent(extent));
    return { extent, lastLsn, data: [data], checksums };
  }

  async applyCopy(chunk: ChunkId, copy: ExtentCopy): Promise<void> {
    this.engine.alive();
    const { extent, lastLsn: lsn, data, checksums } = copy;
    if (!data) this.engine.state(chunk).pendingUnmaps += 1;
    await this.engine.submit({
      chunk,
      room: () => ({ whole: data ? 1 : 0, promised: 0 }),
      go: (extents) => {
        const physical = extents[0] ?? 0;
        return this.engine.journal.append({
          record: { kind: "copy", chunk, extent, lsn, physical, checksums },
          dataWrites: this.dataWrites(extents, data ?? []),
          effect: () => {
            this.engine.touch();
            const now = this.engine.state(chunk);
            if (!data) now.pendingUnmaps -= 1;
            now.applyCopy(extent, lsn, physical, checksums);
          },
        });
      },
      refused: undefined,
    });
  }

  async setBase(chunk: ChunkId, base: Lsn, windows: readonly OperationWindow[]): Promise<void> {
    this.engine.alive();
    const state = this.engine.state(chunk);
    state.queuedTail = maxLsn(state.queuedTail, base);
    await this.engine.journaled({ kind: "setBase", chunk, lsn: base, windows }, (now) => {
      now.setBase(base, windows);
      this.engine.committed(now);
    });
  }

  async endResync(chunk: ChunkId): Promise<void> {
    this.engine.alive();
    await this.engine.journaled({ kind: "endResync", chunk }, (now) => {
      now.resyncFrom = undefined;
    });
  }

  async digest(chunk: ChunkId): Promise<string> {
    this.engine.alive();
    const { chunkSize } = this.parts.superblock;
    const state = (): ChunkState => this.held.get(chunk) ?? new ChunkState(chunk, this.parts);
    return this.fromDisk(() =>
      this.parts.cache.whole(
        chunk,
        () => state().pages,
        () => contentDigest(state().contentChecksums(chunkSize)),
      ),
    );
  }

  async verify(chunk: ChunkId, pace?: Pace): Promise<readonly number[]> {
    this.engine.alive();
    const state = this.held.get(chunk);
    const bad: number[] = [];
    for (const { extent } of state ? [...state.mapped()] : []) {
      const range = unitsOfExtent(extent);
      const read = await this.unitsRead(chunk, range);
      const { repairs, ...both } = await this.fromBoth(chunk, range, read);
      for (const repair of repairs) await this.repairUnit(chunk, repair);
      bad.push(...both.bad, ...repairs.map(({ unit }) => unit));
      await pace?.(EXTENT_SIZE);
    }
    if (bad.length > 0) this.parts.metrics.badChecksums.inc(bad.length);
    return bad.sort((a, b) => a - b);
  }

  async repairUnit(chunk: ChunkId, { unit, data }: UnitRepair): Promise<void> {
    this.engine.alive();
    // A copy: it lies in memory until a checkpoint has put it in its place.
    const bytes = Buffer.concat(data);
    assert(bytes.length === CHECKSUM_UNIT, "a unit is repaired as a whole");
    const state = this.held.get(chunk);
    const pages = state?.pagesOf(Math.floor(unit / UNITS_PER_EXTENT), 1) ?? [];
    const letGo = await this.fromDisk(() => this.parts.cache.hold(chunk, pages));
    try {
      // A chunk that was removed meanwhile is not made again for it.
      if (!state || this.held.get(chunk) !== state) return;
      await this.engine.journaled({ kind: "repair", chunk, unit, data: bytes }, (now) => {
        if (now === state && now.repair(unit, bytes)) this.parts.metrics.repairedUnits.inc(1);
      });
    } finally {
      letGo();
    }
  }

  /** Applies what is committed and releases the journal. */
  checkpoint(): Promise<void> {
    return this.engine.checkpoint();
  }

  close(): Promise<void> {
    return this.engine.close();
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
    return this.engine.journal.liveBytes;
  }

  /** See StoreEngine.audit. */
  audit(): { readonly leaked: readonly number[]; readonly lost: readonly number[] } {
    return this.engine.audit();
  }

  /** Undefined of a store that is no pair. */
  get mirrorStatus(): MirrorStatus | undefined {
    return this.mirror?.status;
  }

  private assertEntry(entry: LogEntry): void {
    const { offset, length, kind } = entry;
    const { chunkSize } = this.parts.superblock;
    assert(isAligned(offset, CHECKSUM_UNIT), "entries are whole units");
    assert(isAligned(length, CHECKSUM_UNIT), "entries are whole units");
    assert(offset + length <= chunkSize, "an entry lies within its chunk");
    assert(kind !== "write" || (length > 0 && length <= OP_LENGTH_MAX), "a write has its payload");
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

  private async goodUnits(chunk: ChunkId, range: Range): Promise<UnitsRead> {
    const read = await this.unitsRead(chunk, range);
    if (read.bad.length === 0) return read;
    this.parts.metrics.badChecksums.inc(read.bad.length);
    const { repairs, ...both } = await this.fromBoth(chunk, range, read);
    for (const repair of repairs) void this.repairUnit(chunk, repair).catch(() => {});
    if (both.bad.length === 0) return both;
    const meta = { chunk, units: both.bad };
    throw new SystemError("chunk/bad-checksum", "a unit differs from its checksum", meta);
  }

  /** With what the other member of a mirror has. */
  private async fromBoth(chunk: ChunkId, range: Range, read: UnitsRead): Promise<Mended> {
    const file = this.mirror?.second();
    if (!file) return { ...read, repairs: [] };
    return mend({ chunk, ...range }, read, await this.unitsRead(chunk, range, file));
  }

  private unitsRead(chunk: ChunkId, range: Range, file?: ReaderPorts["file"]): Promise<UnitsRead> {
    const ports = file ? { ...this.parts, file } : this.parts;
    return this.fromDisk(() => readUnits(() => this.held.get(chunk), { chunk, ...range }, ports));
  }

  /** A disk that cannot be read, or not what was written to it as metadata, is dead (P19). */
  private async fromDisk<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (thrown) {
      const error = toSystemError(thrown, "disk/failed");
      this.engine.fail(error);
      this.engine.alive();
      throw error;
    }
  }
}
