// The ChunkStore port in memory, in the plainest way there is: the fake for tests of everything
// above a store, and the reading aid for what the port's calls mean. It keeps the same contract
// suite as the real store. `fail` kills it as a failed fsync kills a disk (P19).
import {
  assert,
  CHECKSUM_UNIT,
  CHUNK_SIZE_DEFAULT,
  type ChunkId,
  compareLsn,
  type DiskId,
  diskId,
  EXTENT_SIZE,
  GIB,
  LSN_ZERO,
  type Lsn,
  maxLsn,
  type NodeId,
  nodeId,
  type StoreUuid,
  SystemError,
  scatterJoin,
  scatterSlice,
  storeUuid,
  UNITS_PER_EXTENT,
  unitChecksums,
  zeroUnitChecksums,
} from "@ashlar/core";
import type {
  ChunkStatus,
  ChunkStore,
  ExtentCopy,
  ExtentStamp,
  ReadResult,
  StoreSpace,
  UnitRepair,
} from "../chunk-store.ts";
import { contentDigest } from "../content-digest.ts";
import type { LogEntry } from "../log-entry.ts";
import { type OperationWindow, OperationWindows } from "../operation-windows.ts";

interface Extent {
  lastLsn: Lsn;
  data: Buffer | undefined;
}

interface Chunk {
  /** As it stands once all calls so far are settled; `durable` follows. */
  promisedEpoch: number;
  tail: Lsn;
  commit: Lsn;
  resyncFrom: Lsn | undefined;
  entries: LogEntry[];
  /** An entry was refused for lack of room and none was taken since. */
  refused: boolean;
  durable: { promisedEpoch: number; tail: Lsn; resyncFrom: Lsn | undefined };
  readonly extents: Map<number, Extent>;
  /** Units whose bytes on the simulated disk are not what was written. */
  readonly damaged: Set<number>;
  /** Of the committed operations. */
  windows: OperationWindows;
}

export interface MemoryChunkStoreOptions {
  readonly node?: NodeId;
  readonly disk?: DiskId;
  readonly storeUuid?: StoreUuid;
  readonly chunkSize?: number;
  readonly sizeBytes?: number;
  readonly reserveBytes?: number;
  /** Awaited before a journaled call becomes durable; calls settle in their order all the same. */
  readonly durable?: () => Promise<void>;
}

export class MemoryChunkStore implements ChunkStore {
  readonly storeUuid: StoreUuid;
  readonly node: NodeId;
  readonly disk: DiskId;
  private readonly chunkSize: number;
  private readonly sizeBytes: number;
  private readonly reserveBytes: number;
  private readonly durable: () => Promise<void>;
  private readonly held = new Map<ChunkId, Chunk>();
  private failure: SystemError | undefined;
  private queue: Promise<void> = Promise.resolve();

  constructor(options: MemoryChunkStoreOptions = {}) {
    this.storeUuid = options.storeUuid ?? storeUuid("00000000-0000-4000-8000-000000000001");
    this.node = options.node ?? nodeId("storage-1");
    this.disk = options.disk ?? diskId("disk-1");
    this.chunkSize = options.chunkSize ?? CHUNK_SIZE_DEFAULT;
    this.sizeBytes = options.sizeBytes ?? GIB;
    this.reserveBytes = options.reserveBytes ?? 0;
    this.durable = options.durable ?? (async () => {});
  }

  /** From now on every call rejects with disk/failed. */
  fail(): void {
    this.failure = new SystemError("disk/failed", "injected");
  }

  space(): StoreSpace {
    return {
      sizeBytes: this.sizeBytes,
      freeBytes: Math.max(0, this.sizeBytes - this.usedBytes() - this.reserveBytes),
      reserveBytes: this.reserveBytes,
    };
  }

  chunks(): readonly ChunkStatus[] {
    return [...this.held.keys()].map((chunk) => this.status(chunk));
  }

  status(chunk: ChunkId): ChunkStatus {
    const held = this.held.get(chunk);
    if (!held) {
      const none = { promisedEpoch: 0, tail: LSN_ZERO, commit: LSN_ZERO, resyncFrom: undefined };
      return { chunk, ...none };
    }
    return { chunk, ...held.durable, commit: held.commit };
  }

  async promise(chunk: ChunkId, epoch: number): Promise<void> {
    this.alive();
    const held = this.chunk(chunk);
    assert(epoch > held.promisedEpoch, "a promise rises");
    held.promisedEpoch = epoch;
    await this.journaled(() => {
      held.durable.promisedEpoch = epoch;
    });
  }

  async append(chunk: ChunkId, entry: LogEntry): Promise<void> {
    this.alive();
    const held = this.chunk(chunk);
    // The caller may not have heard yet that an entry before this one was refused.
    const orphan = held.refused && entry.lsn.seq > held.tail.seq + 1;
    assert(orphan || entry.lsn.seq === held.tail.seq + 1, "the log has no holes");
    const isFull = entry.kind === "write" && this.usedBytes() + entry.length > this.sizeBytes;
    held.refused = orphan || isFull;
    if (held.refused) throw new SystemError("disk/no-space", "the store is full");
    held.entries.push(entry);
    held.tail = entry.lsn;
    await this.journaled(() => {
      held.durable.tail = entry.lsn;
    });
  }

  commit(chunk: ChunkId, lsn: Lsn): void {
    this.alive();
    const held = this.chunk(chunk);
    assert(lsn.seq <= held.durable.tail.seq, "only what is durable is committed");
    while (held.entries[0] && held.entries[0].lsn.seq <= lsn.seq) {
      const entry = held.entries.shift();
      if (entry) this.apply(held, entry);
    }
  }

  uncommitted(chunk: ChunkId): readonly LogEntry[] {
    const { entries = [], durable } = this.held.get(chunk) ?? {};
    return entries.filter(({ lsn }) => durable && lsn.seq <= durable.tail.seq);
  }

  windows(chunk: ChunkId): readonly OperationWindow[] {
    return this.held.get(chunk)?.windows.list() ?? [];
  }

  forgetGateways(isDead: (incarnation: number) => boolean): void {
    for (const { windows } of this.held.values()) windows.forget(isDead);
  }

  async truncate(chunk: ChunkId, lsn: Lsn): Promise<void> {
    this.alive();
    const held = this.chunk(chunk);
    assert(compareLsn(lsn, held.commit) >= 0, "what is committed is never truncated");
    this.cut(held, lsn);
    await this.journaled(() => {
      held.durable.tail = lsnUpTo(held.durable.tail, lsn);
    });
  }

  async read(chunk: ChunkId, offset: number, length: number): Promise<ReadResult> {
    this.alive();
    assert(offset >= 0 && length > 0 && offset + length <= this.chunkSize, "read within a chunk");
    this.requireIntact(chunk, offset, length);
    const extents = this.held.get(chunk)?.extents;
    const data = Buffer.alloc(length);
    for (let at = 0; at < length; ) {
      const within = (offset + at) % EXTENT_SIZE;
      const part = Math.min(length - at, EXTENT_SIZE - within);
      const content = extents?.get(Math.floor((offset + at) / EXTENT_SIZE))?.data;
      content?.copy(data, at, within, within + part);
      at += part;
    }
    return { data: [data], checksums: unitChecksums(chunk, offset, [data]) };
  }

  async remove(chunk: ChunkId): Promise<void> {
    this.alive();
    this.held.delete(chunk);
    await this.journaled(() => {});
  }

  async beginResync(chunk: ChunkId, from: Lsn): Promise<void> {
    this.alive();
    const held = this.chunk(chunk);
    held.resyncFrom = from;
    this.cut(held, held.commit);
    await this.journaled(() => {
      held.durable.resyncFrom = from;
      held.durable.tail = lsnUpTo(held.durable.tail, held.commit);
    });
  }

  extentsNewerThan(chunk: ChunkId, lsn: Lsn): readonly ExtentStamp[] {
    return [...(this.held.get(chunk)?.extents ?? [])]
      .filter(([, { lastLsn }]) => compareLsn(lastLsn, lsn) > 0)
      .map(([extent, { lastLsn, data }]) => ({ extent, lastLsn, mapped: data !== undefined }))
      .sort((a, b) => a.extent - b.extent);
  }

  async readExtent(chunk: ChunkId, extent: number): Promise<ExtentCopy> {
    this.alive();
    const { lastLsn = LSN_ZERO, data } = this.held.get(chunk)?.extents.get(extent) ?? {};
    if (!data) return { extent, lastLsn, data: undefined, checksums: new Uint32Array(0) };
    this.requireIntact(chunk, extent * EXTENT_SIZE, EXTENT_SIZE);
    const copy = [Buffer.from(data)];
    return {
      extent,
      lastLsn,
      data: copy,
      checksums: unitChecksums(chunk, extent * EXTENT_SIZE, copy),
    };
  }

  async applyCopy(chunk: ChunkId, copy: ExtentCopy): Promise<void> {
    this.alive();
    const data = copy.data && Buffer.from(scatterJoin(copy.data));
    assert(!data || data.length === EXTENT_SIZE, "a copy is a whole extent");
    this.chunk(chunk).extents.set(copy.extent, { lastLsn: copy.lastLsn, data });
    mend(this.chunk(chunk).damaged, copy.extent * EXTENT_SIZE, EXTENT_SIZE);
    await this.journaled(() => {});
  }

  async setBase(chunk: ChunkId, base: Lsn, windows: readonly OperationWindow[]): Promise<void> {
    this.alive();
    const held = this.chunk(chunk);
    if (compareLsn(held.tail, base) < 0) {
      held.entries = [];
      held.tail = base;
    }
    while (held.entries[0] && compareLsn(held.entries[0].lsn, base) <= 0) {
      const entry = held.entries.shift();
      if (entry) this.apply(held, entry);
    }
    if (compareLsn(base, held.commit) >= 0) held.windows = new OperationWindows(windows);
    held.commit = maxLsn(held.commit, base);
    await this.journaled(() => {
      held.durable.tail = maxLsn(held.durable.tail, base);
    });
  }

  async endResync(chunk: ChunkId): Promise<void> {
    this.alive();
    const held = this.chunk(chunk);
    held.resyncFrom = undefined;
    await this.journaled(() => {
      held.durable.resyncFrom = undefined;
    });
  }

  async digest(chunk: ChunkId): Promise<string> {
    const checksums = zeroUnitChecksums(chunk, this.chunkSize / CHECKSUM_UNIT);
    for (const [extent, { data }] of this.held.get(chunk)?.extents ?? []) {
      const start = extent * EXTENT_SIZE;
      if (data) checksums.set(unitChecksums(chunk, start, [data]), start / CHECKSUM_UNIT);
    }
    return contentDigest(checksums);
  }

  async verify(chunk: ChunkId): Promise<readonly number[]> {
    this.alive();
    return [...(this.held.get(chunk)?.damaged ?? [])].sort((a, b) => a - b);
  }

  async repairUnit(chunk: ChunkId, { unit, data }: UnitRepair): Promise<void> {
    this.alive();
    const bytes = scatterJoin(data);
    assert(bytes.length === CHECKSUM_UNIT, "a unit is repaired as a whole");
    const content = this.held.get(chunk)?.extents.get(Math.floor(unit / UNITS_PER_EXTENT))?.data;
    const at = (unit % UNITS_PER_EXTENT) * CHECKSUM_UNIT;
    // What the unit holds is kept here all along: damage is only a mark.
    if (content?.subarray(at, at + CHECKSUM_UNIT).equals(bytes)) {
      this.held.get(chunk)?.damaged.delete(unit);
    }
    await this.journaled(() => {});
  }

  /** From now on the unit fails its checksum, until it is written, copied or repaired. */
  damage(chunk: ChunkId, unit: number): void {
    this.chunk(chunk).damaged.add(unit);
  }

  async close(): Promise<void> {
    await this.queue;
  }

  private requireIntact(chunk: ChunkId, offset: number, length: number): void {
    const first = Math.floor(offset / CHECKSUM_UNIT);
    const end = Math.ceil((offset + length) / CHECKSUM_UNIT);
    const damaged = this.held.get(chunk)?.damaged ?? [];
    const units = [...damaged].filter((unit) => unit >= first && unit < end);
    if (units.length === 0) return;
    throw new SystemError("chunk/bad-checksum", "injected", { chunk, units });
  }

  private alive(): void {
    if (this.failure) throw this.failure;
  }

  private chunk(chunk: ChunkId): Chunk {
    const found = this.held.get(chunk);
    if (found) return found;
    const made: Chunk = {
      promisedEpoch: 0,
      tail: LSN_ZERO,
      commit: LSN_ZERO,
      resyncFrom: undefined,
      entries: [],
      refused: false,
      durable: { promisedEpoch: 0, tail: LSN_ZERO, resyncFrom: undefined },
      extents: new Map(),
      damaged: new Set(),
      windows: new OperationWindows(),
    };
    this.held.set(chunk, made);
    return made;
  }

  /** Runs `settle` when everything journaled before is durable, and this too. */
  private journaled(settle: () => void): Promise<void> {
    const settled = this.queue.then(this.durable).then(() => {
      this.alive();
      settle();
    });
    this.queue = settled.catch(() => {});
    return settled;
  }

  private cut(held: Chunk, lsn: Lsn): void {
    held.entries = held.entries.filter((entry) => entry.lsn.seq <= lsn.seq);
    held.tail = lsnUpTo(held.tail, lsn);
  }

  private apply(held: Chunk, entry: LogEntry): void {
    held.commit = entry.lsn;
    held.windows.commit(entry);
    if (entry.kind === "noop") return;
    mend(held.damaged, entry.offset, entry.length);
    for (let at = 0; at < entry.length; ) {
      const extent = Math.floor((entry.offset + at) / EXTENT_SIZE);
      const within = (entry.offset + at) % EXTENT_SIZE;
      const part = Math.min(entry.length - at, EXTENT_SIZE - within);
      const before = held.extents.get(extent);
      // Unmapping what is not mapped changes nothing, so it leaves no stamp.
      if (entry.kind === "unmap" && !before?.data) {
        at += part;
        continue;
      }
      const lastLsn = maxLsn(before?.lastLsn ?? LSN_ZERO, entry.lsn);
      let data = before?.data;
      if (entry.kind === "write") {
        data ??= Buffer.alloc(EXTENT_SIZE);
        scatterJoin(scatterSlice(entry.data, at, part)).copy(data, within);
      } else if (part === EXTENT_SIZE) data = undefined;
      else data?.fill(0, within, within + part);
      held.extents.set(extent, { lastLsn, data });
      at += part;
    }
  }

  private usedBytes(): number {
    let used = 0;
    for (const { extents, entries } of this.held.values()) {
      for (const { data } of extents.values()) used += data ? EXTENT_SIZE : 0;
      for (const entry of entries) used += entry.kind === "write" ? entry.length : 0;
    }
    return used;
  }
}

/** The tail after everything past `limit` was dropped. */
const lsnUpTo = (tail: Lsn, limit: Lsn): Lsn => (tail.seq > limit.seq ? limit : tail);

/** What is written anew is not damaged any more. */
function mend(damaged: Set<number>, offset: number, length: number): void {
  for (const unit of damaged) {
    const at = unit * CHECKSUM_UNIT;
    if (at >= offset && at < offset + length) damaged.delete(unit);
  }
}
