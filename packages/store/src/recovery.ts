// From the disk to the state in memory: superblock, directory, pages, then the journal from the
// checkpoint's cut, run through the same calls as live.
//
// The end of the journal. A batch is written only after the one before it was synced, so only the last
// can be torn: a bad one is cut, and so is a last one whose extents did not reach the disk; nobody was
// told of it. A whole header further on, of a batch that came after another one, proves that the bad
// one had been synced: that is corruption (disk/corrupt), and the replica is rebuilt.
//
// What is kept was perhaps only in the page cache of a process that died: the last batch with its
// extents and the superblock are written again and synced before anyone hears of them.
//
// Marks are lazy: a copy whose batch was on its way while a commit came may be redone in the other
// order. The entries concerned are older than the copy and so are those that follow them in the log,
// which the replica commits again: the content converges before a learner is ever read.
import {
  CHECKSUM_UNIT,
  type ChunkId,
  EXTENT_SIZE,
  type Lsn,
  UNITS_PER_EXTENT,
  unitChecksum,
} from "@ashlar/core";
import type { DiskFile } from "@ashlar/runtime";
import type { Allocator } from "./allocator.ts";
import { type ChunkPorts, ChunkState } from "./chunk-state.ts";
import { type DirectoryItem, type PagePlace, readDirectory } from "./directory.ts";
import { BLOCK_SIZE, corrupt, extentPosition, type Layout } from "./format.ts";
import { type FoundBatch, readJournal } from "./journal-reader.ts";
import { checksumsOfWhole, firstWholeOf, type HeldEntry, type LogRecord } from "./log-record.ts";
import type { PageCache } from "./page-cache.ts";
import { type ReplayBounds, requireFit, requirePageIndex } from "./replay-bounds.ts";
import { SLOTS_PER_EXTENT, type SlotPool } from "./slot-pool.ts";
import type { Superblock } from "./superblock.ts";

export interface RecoveryPorts {
  readonly file: DiskFile;
  readonly layout: Layout;
  readonly seed: number;
  readonly allocator: Allocator;
  readonly slots: SlotPool;
  readonly cache: PageCache;
}

export interface Recovered {
  readonly chunks: Map<ChunkId, ChunkState>;
  readonly directoryExtents: readonly number[];
  /** Where the next batch goes. */
  readonly journalEnd: number;
  readonly batches: number;
}

/** @throws SystemError disk/corrupt */
export async function recover(ports: RecoveryPorts, superblock: Superblock): Promise<Recovered> {
  const { file, layout, seed } = ports;
  const { items, extents } = await readDirectory(file, { layout, seed }, superblock);
  const bounds = { chunkSize: superblock.chunkSize, extentCount: layout.extentCount };
  const replay = new Replay(ports, bounds);
  const pages: PlacedPage[] = [];
  for (const item of items) {
    const state = replay.begin(item);
    for (const place of item.pages) {
      requirePageIndex(place.pageIndex, bounds);
      pages.push({ state, ...place });
    }
  }
  await loadPages(ports, pages);
  const { journalBytes } = layout;
  const read = { journalBytes, seed, replayFrom: superblock.replayFrom };
  const dataIsWhole = (batch: FoundBatch): Promise<boolean> => extentsAreWhole(ports, batch);
  const { end, batches, last } = await readJournal(file, read, {
    onBatch: (batch) => replay.batch(batch),
    lastIsWhole: dataIsWhole,
  });
  replay.finish();
  if (last) await rewrite(ports, last);
  claimAll(ports, replay.chunks, extents);
  for (const state of replay.chunks.values()) await readUncommitted(ports, state);
  return { chunks: replay.chunks, directoryExtents: extents, journalEnd: end, batches };
}

interface PlacedPage extends PagePlace {
  readonly state: ChunkState;
}

/** All pages, in the order in which they lie on the disk: those of one extent are read at once. */
async function loadPages(ports: RecoveryPorts, pages: PlacedPage[]): Promise<void> {
  const extent = Buffer.alloc(EXTENT_SIZE);
  let loaded = 0;
  for (const { state, ...place } of pages.sort((a, b) => a.slot - b.slot)) {
    const { pageIndex, slot } = place;
    const number = Math.floor(slot / SLOTS_PER_EXTENT);
    if (number < 1 || number > ports.layout.extentCount) {
      throw corrupt("the directory names a page outside the disk", { slot });
    }
    if (number !== loaded) await ports.file.read(extentPosition(ports.layout, number), extent);
    loaded = number;
    const at = (slot % SLOTS_PER_EXTENT) * BLOCK_SIZE;
    const block = extent.subarray(at, at + BLOCK_SIZE);
    const page = ports.cache.decoded(state.chunk, place, block);
    if (!ports.slots.claim(slot)) throw corrupt("P20: a page's slot is used twice", { slot });
    state.pages.set(pageIndex, page);
    ports.allocator.pageCount += 1;
  }
}

/** The journal's records run again over the state of the checkpoint. */
class Replay {
  readonly chunks = new Map<ChunkId, ChunkState>();
  readonly bounds: ReplayBounds;
  private readonly ports: ChunkPorts;
  /** Commits that the directory knows, until the replay has passed their position. */
  private readonly ahead = new Map<ChunkId, { readonly asOf: number; readonly commit: Lsn }>();

  constructor(ports: ChunkPorts, bounds: ReplayBounds) {
    this.ports = ports;
    this.bounds = bounds;
  }

  begin(item: DirectoryItem): ChunkState {
    const state = this.chunk(item.chunk);
    state.promisedEpoch = item.promisedEpoch;
    state.commit = item.commitAtStart;
    state.resyncFrom = item.resyncFrom;
    state.setWindows(item.windows);
    for (const entry of item.uncommitted) this.record({ kind: "entry", chunk: item.chunk, entry });
    this.ahead.set(item.chunk, { asOf: item.asOf, commit: item.commit });
    return state;
  }

  async batch({ position, records }: FoundBatch): Promise<void> {
    for (const [chunk, { asOf, commit }] of this.ahead) {
      if (asOf > position) continue;
      this.chunks.get(chunk)?.commitUpTo(commit);
      this.ahead.delete(chunk);
    }
    for (const record of records) {
      const letGo = record.kind === "repair" ? await this.pageOf(record) : () => {};
      this.record(record);
      letGo();
    }
  }

  finish(): void {
    for (const [chunk, { commit }] of this.ahead) this.chunks.get(chunk)?.commitUpTo(commit);
    for (const state of this.chunks.values()) {
      let expected = state.commit.seq + 1;
      for (const { lsn } of state.entries) {
        if (lsn.seq !== expected) throw corrupt("a chunk's log has a hole", { chunk: state.chunk });
        expected += 1;
      }
      state.queuedTail = state.tail;
      state.queuedEpoch = state.promisedEpoch;
    }
  }

  private record(record: LogRecord): void {
    requireFit(record, this.bounds);
    if (record.kind === "marks") {
      for (const { chunk, lsn } of record.marks) this.chunks.get(chunk)?.commitUpTo(lsn);
      return;
    }
    if (record.kind === "remove") {
      this.chunks.get(record.chunk)?.clear();
      this.chunks.delete(record.chunk);
      this.ahead.delete(record.chunk);
      return;
    }
    if (record.kind === "repair") {
      this.chunks.get(record.chunk)?.repair(record.unit, record.data);
      return;
    }
    const state = this.chunk(record.chunk);
    switch (record.kind) {
      case "entry":
        this.append(state, record.entry);
        break;
      case "promise":
        state.promisedEpoch = Math.max(state.promisedEpoch, record.epoch);
        break;
      case "truncate":
        state.truncate(record.lsn);
        break;
      case "beginResync":
        state.truncate(state.commit);
        state.resyncFrom = record.lsn;
        break;
      case "endResync":
        state.resyncFrom = undefined;
        break;
      case "setBase":
        state.setBase(record.lsn, record.windows);
        break;
      case "copy":
        state.applyCopy(record.extent, record.lsn, record.physical, record.checksums);
        break;
    }
  }

  /** A repair is of what the page says. */
  private pageOf({ chunk, unit }: { chunk: ChunkId; unit: number }): Promise<() => void> {
    const pages = this.chunks.get(chunk)?.pagesOf(Math.floor(unit / UNITS_PER_EXTENT), 1) ?? [];
    return this.ports.cache.hold(chunk, pages);
  }

  private append(state: ChunkState, entry: HeldEntry): void {
    if (entry.kind === "unmap") state.pendingUnmaps += 1;
    state.entries.push(entry);
  }

  private chunk(chunk: ChunkId): ChunkState {
    let state = this.chunks.get(chunk);
    if (!state) {
      state = new ChunkState(chunk, this.ports);
      this.chunks.set(chunk, state);
    }
    return state;
  }
}

interface PlacedExtent {
  readonly chunk: ChunkId;
  /** Of the chunk. */
  readonly extent: number;
  readonly physical: number;
  readonly checksums: Uint32Array;
}

/** The extents whose content went out together with a batch. */
function* extentsOf({ records }: FoundBatch): Generator<PlacedExtent> {
  for (const record of records) {
    if (record.kind === "copy" && record.physical !== 0) yield record;
    if (record.kind !== "entry") continue;
    const { chunk, entry } = record;
    for (const [index, physical] of entry.physical.entries()) {
      const extent = firstWholeOf(entry.offset) + index;
      yield { chunk, extent, physical, checksums: checksumsOfWhole(entry, index) };
    }
  }
}

async function readExtentAt(ports: RecoveryPorts, physical: number): Promise<Buffer> {
  const { layout, file } = ports;
  if (physical < 1 || physical > layout.extentCount) {
    throw corrupt("the journal names an extent outside the disk", { physical });
  }
  const data = Buffer.alloc(EXTENT_SIZE);
  await file.read(extentPosition(layout, physical), data);
  return data;
}

async function extentsAreWhole(ports: RecoveryPorts, batch: FoundBatch): Promise<boolean> {
  for (const { chunk, extent, physical, checksums } of extentsOf(batch)) {
    const data = await readExtentAt(ports, physical);
    for (const [unit, checksum] of checksums.entries()) {
      const at = unit * CHECKSUM_UNIT;
      const place = extent * UNITS_PER_EXTENT + unit;
      const bytes = data.subarray(at, at + CHECKSUM_UNIT);
      if (unitChecksum(chunk, place, bytes) !== checksum) return false;
    }
  }
  return true;
}

async function rewrite(ports: RecoveryPorts, last: FoundBatch): Promise<void> {
  await ports.file.write(last.filePosition, [last.bytes]);
  for (const { physical } of extentsOf(last)) {
    const data = await readExtentAt(ports, physical);
    await ports.file.write(extentPosition(ports.layout, physical), [data]);
  }
}

/** Rebuilds the free map: every extent is named once, or the disk is corrupt (P20). */
function claimAll(
  { allocator }: RecoveryPorts,
  chunks: ReadonlyMap<ChunkId, ChunkState>,
  directoryExtents: readonly number[],
): void {
  const claim = (physical: number): void => {
    if (!allocator.claim(physical)) throw corrupt("P20: an extent is used twice", { physical });
  };
  for (const extent of directoryExtents) claim(extent);
  for (const state of chunks.values()) {
    for (const { page, index } of state.mapped()) claim(page.physical(index));
    for (const entry of state.entries) for (const physical of entry.physical) claim(physical);
  }
  allocator.replayed();
  for (const state of chunks.values()) {
    for (const { reserved } of state.overlay.values()) if (reserved) allocator.reserve(1);
    for (const entry of state.entries) {
      if (entry.kind !== "write") continue;
      entry.reserved = (entry.head.length > 0 ? 2 : 0) + (entry.tail.length > 0 ? 1 : 0);
      allocator.reserve(entry.reserved);
    }
  }
}

/** Entries that are not committed yet are asked for with their bytes. */
async function readUncommitted(ports: RecoveryPorts, state: ChunkState): Promise<void> {
  for (const entry of state.entries) {
    const whole: Buffer[] = [];
    for (const physical of entry.physical) whole.push(await readExtentAt(ports, physical));
    entry.whole = whole;
  }
}
