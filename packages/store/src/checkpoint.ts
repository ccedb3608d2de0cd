// A checkpoint moves what the journal holds into the data area and the metadata pages, and releases
// the ring. Writers go on meanwhile; the order of its steps is what makes that safe:
//
// 1. In one turn: the cut (everything before it has taken effect), the entries not yet committed and
//    the overlay as they stand. The commits of that moment are marked in the journal and synced.
// 2. The overlay's blocks are applied, an extent at a time, in order of position. In place, since the
//    old content is covered by the journal from the last checkpoint on, whose marks are durable: a
//    crash here finds the blocks in the overlay again (P13).
// 3. Chunk by chunk, each in one turn, the changed pages go to fresh slots; then the directory. They
//    may be ahead of the cut: replay runs the records after it again and ends in the same state,
//    since the commit LSN of that turn counts only once replay has passed its position (`asOf`).
// 4. datasync, superblock, datasync. Only now old slots, the old directory and the ring are free.
import { assert, CHECKSUM_UNIT, EXTENT_SIZE, type Lsn, SystemError } from "@ashlar/core";
import type { DiskFile } from "@ashlar/runtime";
import type { Allocator } from "./allocator.ts";
import type { ChunkState, OverlayBlock, OverlayExtent } from "./chunk-state.ts";
import { directoryBytes, directoryExtentCount, encodeItem, writeDirectory } from "./directory.ts";
import { extentPosition, type Layout } from "./format.ts";
import type { Journal } from "./journal.ts";
import type { CommitMark, HeldEntry } from "./log-record.ts";
import { type SlotPool, slotPosition } from "./slot-pool.ts";
import { type Superblock, writeSuperblock } from "./superblock.ts";

/** Applies in flight: enough to keep the pool of file threads busy, few enough for reads beside. */
const APPLIES_IN_FLIGHT = 4;
/** Marks of one record: bounded so that it fits into the part of the ring kept for it. */
export const MARKS_PER_RECORD_MAX = 2048;
/** What a chunk's windows may grow by while a full store takes only what needs no room of its own. */
const WINDOW_GROWTH_BYTES = 256;
/** Pages written at once, then the loop gets its turn. */
const PAGES_PER_WRITE = 64;

export interface CheckpointPorts {
  readonly file: DiskFile;
  readonly layout: Layout;
  readonly seed: number;
  readonly allocator: Allocator;
  readonly slots: SlotPool;
  readonly journal: Journal;
  readonly chunks: ReadonlyMap<number, ChunkState>;
  readonly unmarked: ReadonlySet<ChunkState>;
}

interface FrozenChunk {
  readonly state: ChunkState;
  readonly commitAtStart: Lsn;
  readonly uncommitted: readonly HeldEntry[];
}

interface FrozenExtent {
  readonly state: ChunkState;
  readonly extent: number;
  readonly waiting: OverlayExtent;
  readonly blocks: readonly (OverlayBlock | undefined)[];
}

interface Cut {
  readonly position: number;
  readonly chunks: readonly FrozenChunk[];
  readonly overlay: FrozenExtent[];
  readonly marks: readonly CommitMark[];
}

export class Checkpointer {
  private readonly ports: CheckpointPorts;
  private superblock: Superblock;
  private directoryExtents: readonly number[];
  /** Slots of removed chunks' pages, which the superblock on the disk may still lead to. */
  private retired: number[] = [];

  constructor(ports: CheckpointPorts, superblock: Superblock, directoryExtents: readonly number[]) {
    this.ports = ports;
    this.superblock = superblock;
    this.directoryExtents = directoryExtents;
  }

  /** The pages of a removed chunk. */
  retire(state: ChunkState): void {
    for (const { slot } of state.pages.values()) if (slot !== 0) this.retired.push(slot);
  }

  /** Every extent that the durable metadata itself lies in. */
  extents(): number[] {
    return [...this.ports.slots.extents(), ...this.directoryExtents];
  }

  /** @throws SystemError: the store must be given up. */
  async run(): Promise<void> {
    const { file, journal, allocator, slots } = this.ports;
    const cut = this.cut();
    const retiring = this.retired;
    this.retired = [];
    await this.writeMarks(cut.marks);
    await this.applyAll(cut.overlay);
    const stream = await this.writePages(cut, retiring);
    const extents = taken(allocator.take(directoryExtentCount(stream.length)));
    const sequence = this.superblock.sequence + 1;
    await writeDirectory(file, this.ports, { stream, extents, sequence });
    await file.datasync();
    const replayFrom = cut.position;
    const place = { directory: extents[0] ?? 0, directorySequence: sequence };
    const superblock = { ...this.superblock, sequence, replayFrom, ...place };
    await writeSuperblock(file, superblock);
    await file.datasync();
    for (const slot of retiring) slots.give(slot);
    for (const extent of this.directoryExtents) allocator.release(extent);
    this.superblock = superblock;
    this.directoryExtents = extents;
    journal.release(cut.position);
  }

  private cut(): Cut {
    const { journal, chunks, unmarked } = this.ports;
    const overlay: FrozenExtent[] = [];
    const frozen: FrozenChunk[] = [];
    for (const state of chunks.values()) {
      frozen.push({ state, commitAtStart: state.commit, uncommitted: [...state.entries] });
      for (const [extent, waiting] of state.overlay) {
        overlay.push({ state, extent, waiting, blocks: [...waiting.blocks] });
      }
    }
    const marks = [...unmarked].map(({ chunk, commit }) => ({ chunk, lsn: commit }));
    return { position: journal.durableEnd, chunks: frozen, overlay, marks };
  }

  private async writeMarks(marks: readonly CommitMark[]): Promise<void> {
    const { journal } = this.ports;
    const written: Promise<void>[] = [];
    // At least one record, if empty: a batch on its way may carry marks of the cut, and this one
    // follows it.
    for (let first = 0; first === 0 || first < marks.length; first += MARKS_PER_RECORD_MAX) {
      const part = marks.slice(first, first + MARKS_PER_RECORD_MAX);
      const record = { kind: "marks", marks: part } as const;
      written.push(journal.append({ record, dataWrites: [], effect: () => {} }, { urgent: true }));
    }
    await Promise.all(written);
  }

  private async applyAll(overlay: FrozenExtent[]): Promise<void> {
    const position = ({ state, extent }: FrozenExtent): number => {
      const place = state.find(extent);
      return place?.page.physical(place.index) || Number.MAX_SAFE_INTEGER;
    };
    const ordered = overlay
      .map((frozen) => ({ frozen, at: position(frozen) }))
      .sort((a, b) => a.at - b.at);
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let item = ordered[next]; item; item = ordered[next]) {
        next += 1;
        await this.apply(item.frozen);
      }
    };
    await Promise.all(Array.from({ length: APPLIES_IN_FLIGHT }, worker));
  }

  private async apply({ state, extent, waiting, blocks }: FrozenExtent): Promise<void> {
    const { allocator } = this.ports;
    // Replaced or unmapped as a whole since the cut: what replaced it is in the journal.
    if (state.overlay.get(extent) !== waiting) return;
    const { page, index } = state.place(extent);
    const before = page.physical(index);
    const physical = before !== 0 ? before : taken(allocator.take(1))[0];
    assert(physical !== undefined, "one extent was taken");
    allocator.pin(physical);
    try {
      await this.writeBlocks(physical, blocks);
    } finally {
      allocator.unpin(physical);
    }
    if (state.overlay.get(extent) !== waiting) {
      if (before === 0) allocator.release(physical);
      return;
    }
    if (before === 0) {
      page.setPhysical(index, physical);
      allocator.unreserve(1);
      waiting.reserved = false;
    }
    blocks.forEach((block, unit) => {
      const now = waiting.blocks[unit];
      if (!block || !now) return;
      // The page says what lies on the disk, also where a newer block waits already.
      page.setChecksum(index, unit, block.checksum);
      page.setUnits(index, page.units(index) | (1 << unit));
      if (now !== block) return;
      waiting.blocks[unit] = undefined;
      waiting.count -= 1;
    });
    if (waiting.count === 0) state.overlay.delete(extent);
  }

  private async writeBlocks(
    physical: number,
    blocks: readonly (OverlayBlock | undefined)[],
  ): Promise<void> {
    const { file, layout } = this.ports;
    const start = extentPosition(layout, physical);
    for (let unit = 0; unit < blocks.length; ) {
      const run: Buffer[] = [];
      for (let block = blocks[unit]; block; block = blocks[unit + run.length]) run.push(block.data);
      if (run.length > 0) await file.write(start + unit * CHECKSUM_UNIT, run);
      unit += run.length + 1;
    }
  }

  /** Writes what changed and returns the stream of the directory. */
  private async writePages(cut: Cut, retiring: number[]): Promise<Buffer> {
    const { chunks } = this.ports;
    const items: Buffer[] = [];
    let blocks: { slot: number; block: Buffer }[] = [];
    for (const { state, commitAtStart, uncommitted } of cut.chunks) {
      // Removed since the cut: its removal is in the journal, and so is all that came after.
      if (chunks.get(state.chunk) !== state) continue;
      blocks.push(...this.capturePages(state, retiring));
      items.push(
        encodeItem({
          chunk: state.chunk,
          promisedEpoch: state.promisedEpoch,
          commitAtStart,
          commit: state.commit,
          asOf: this.ports.journal.durableEnd,
          resyncFrom: state.resyncFrom,
          pages: [...state.pages].map(([pageIndex, { slot, crc }]) => ({ pageIndex, slot, crc })),
          windows: state.windows(),
          uncommitted,
        }),
      );
      if (blocks.length < PAGES_PER_WRITE && items.length % PAGES_PER_WRITE !== 0) continue;
      await this.writeSlots(blocks);
      blocks = [];
      // Also where there was nothing to write: a store may hold very many idle chunks.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await this.writeSlots(blocks);
    return Buffer.concat(items);
  }

  private capturePages(state: ChunkState, retiring: number[]): { slot: number; block: Buffer }[] {
    const captured: { slot: number; block: Buffer }[] = [];
    for (const [pageIndex, page] of state.pages) {
      if (!page.dirty) continue;
      if (page.slot !== 0) retiring.push(page.slot);
      const slot = this.ports.slots.take();
      if (slot === undefined) throw outOfReserve();
      page.slot = slot;
      page.dirty = false;
      captured.push({ slot, block: page.encode(state.chunk, pageIndex, this.ports.seed) });
    }
    return captured;
  }

  /** Neighbouring slots go out in one write. */
  private async writeSlots(blocks: readonly { slot: number; block: Buffer }[]): Promise<void> {
    const { file, layout } = this.ports;
    let run: Buffer[] = [];
    let start = 0;
    for (const { slot, block } of blocks) {
      if (run.length > 0 && slotPosition(layout, slot) !== start + run.length * block.length) {
        await file.write(start, run);
        run = [];
      }
      if (run.length === 0) start = slotPosition(layout, slot);
      run.push(block);
    }
    if (run.length > 0) await file.write(start, run);
  }
}

/** What admission keeps back for the next checkpoint. */
export function checkpointExtentsOf(allocator: Allocator, chunkCount: number): number {
  const slack = Math.min(64, Math.max(4, Math.floor(allocator.extentCount / 64)));
  const pages = Math.ceil((allocator.pageCount * CHECKSUM_UNIT) / EXTENT_SIZE);
  const windows = allocator.windowBytes + chunkCount * WINDOW_GROWTH_BYTES;
  const bytes = directoryBytes(chunkCount, allocator.pageCount, windows);
  return pages + directoryExtentCount(bytes) + slack;
}

function outOfReserve(): SystemError {
  return new SystemError("disk/no-space", "no extent was left for a checkpoint");
}

function taken(extents: number[] | undefined): number[] {
  if (!extents) throw outOfReserve();
  return extents;
}
