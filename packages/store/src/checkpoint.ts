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
import { CHECKSUM_UNIT, EXTENT_SIZE, type Lsn } from "@ashlar/core";
import type { Clock, DiskFile } from "@ashlar/runtime";
import type { Allocator } from "./allocator.ts";
import { Applier, type FrozenExtent, freeze, outOfReserve } from "./applier.ts";
import type { ChunkState } from "./chunk-state.ts";
import { directoryBytes, directoryExtentCount, encodeItem, writeDirectory } from "./directory.ts";
import type { Layout } from "./format.ts";
import type { Journal } from "./journal.ts";
import type { CommitMark, HeldEntry } from "./log-record.ts";
import type { Page } from "./page.ts";
import type { PageCache } from "./page-cache.ts";
import { type SlotPool, slotPosition } from "./slot-pool.ts";
import { type Superblock, writeSuperblock } from "./superblock.ts";

/** Marks of one record: bounded so that it fits into the part of the ring kept for it. */
export const MARKS_PER_RECORD_MAX = 2048;
/** What a chunk's windows may grow by while a full store takes only what needs no room of its own. */
const WINDOW_GROWTH_BYTES = 256;
/** How far a checkpoint is when its content is in place, and when its pages are: as it was measured. */
const APPLIED = 0.9;
const PAGES_WRITTEN = 0.95;
/** Pages written at once, then the loop gets its turn. */
const PAGES_PER_WRITE = 64;

export interface CheckpointPorts {
  readonly file: DiskFile;
  readonly layout: Layout;
  readonly seed: number;
  readonly allocator: Allocator;
  readonly clock: Clock;
  readonly slots: SlotPool;
  readonly cache: PageCache;
  /** @throws SystemError when the store was given up. */
  readonly alive: () => void;
  readonly journal: Journal;
  readonly chunks: ReadonlyMap<number, ChunkState>;
  readonly unmarked: ReadonlySet<ChunkState>;
}

interface FrozenChunk {
  readonly state: ChunkState;
  readonly commitAtStart: Lsn;
  readonly uncommitted: readonly HeldEntry[];
}

/** A page as it goes to its slot, held until it is there. */
interface CapturedPage {
  readonly page: Page;
  readonly slot: number;
  readonly block: Buffer;
}

interface Cut {
  readonly position: number;
  readonly chunks: readonly FrozenChunk[];
  readonly overlay: FrozenExtent[];
  readonly marks: readonly CommitMark[];
}

export class Checkpointer {
  private readonly ports: CheckpointPorts;
  private readonly applier: Applier;
  private superblock: Superblock;
  private directoryExtents: readonly number[];
  /** Of the run under way, 0..1. */
  progress = 0;
  /** Slots of removed chunks' pages, which the superblock on the disk may still lead to. */
  private retired: number[] = [];

  constructor(ports: CheckpointPorts, superblock: Superblock, directoryExtents: readonly number[]) {
    this.ports = ports;
    this.applier = new Applier(ports);
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
    this.progress = 0;
    const cut = this.cut();
    const retiring = this.retired;
    this.retired = [];
    await this.writeMarks(cut.marks);
    await this.applier.run(cut.overlay, (part) => this.advance(APPLIED * part));
    this.advance(APPLIED);
    const stream = await this.writePages(cut, retiring);
    this.advance(PAGES_WRITTEN);
    const extents = taken(allocator.take(directoryExtentCount(stream.length)));
    const sequence = this.superblock.sequence + 1;
    await writeDirectory(file, this.ports, { stream, extents, sequence });
    await file.datasync();
    // What the disk failed to write, somebody else may have been told of: the journal still has it.
    this.ports.alive();
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

  private advance(progress: number): void {
    this.progress = progress;
    this.ports.journal.checkpointProgressed();
  }

  private cut(): Cut {
    const { journal, chunks, unmarked } = this.ports;
    const overlay: FrozenExtent[] = [];
    const frozen: FrozenChunk[] = [];
    for (const state of chunks.values()) {
      frozen.push({ state, commitAtStart: state.commit, uncommitted: [...state.entries] });
      overlay.push(...freeze(state));
    }
    const marks = [...unmarked].map(({ chunk, commit }) => ({ chunk, lsn: commit }));
    return { position: journal.beginCheckpoint(), chunks: frozen, overlay, marks };
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

  /** Writes what changed and returns the stream of the directory. */
  private async writePages(cut: Cut, retiring: number[]): Promise<Buffer> {
    const items: Buffer[] = [];
    let blocks: CapturedPage[] = [];
    let sinceTurn = 0;
    for (const [done, frozen] of cut.chunks.entries()) {
      this.advance(APPLIED + ((PAGES_WRITTEN - APPLIED) * done) / cut.chunks.length);
      const { chunk, pages } = frozen.state;
      const captured = await this.ports.cache.whole(
        chunk,
        () => changed(pages),
        () => this.capture(frozen, retiring),
      );
      if (!captured) continue;
      items.push(captured.item);
      blocks.push(...captured.pages);
      sinceTurn += 1;
      if (blocks.length < PAGES_PER_WRITE && sinceTurn < PAGES_PER_WRITE) continue;
      await this.writeSlots(blocks);
      blocks = [];
      sinceTurn = 0;
      // Also where there was nothing to write: a store may hold very many idle chunks.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await this.writeSlots(blocks);
    return Buffer.concat(items);
  }

  /** In one turn: the pages that changed and the item that names them. */
  private capture(
    { state, commitAtStart, uncommitted }: FrozenChunk,
    retiring: number[],
  ): { pages: CapturedPage[]; item: Buffer } | undefined {
    // Removed since the cut: its removal is in the journal, and so is all that came after.
    if (this.ports.chunks.get(state.chunk) !== state) return undefined;
    const pages = this.capturePages(state, retiring);
    const { chunk, promisedEpoch, commit, resyncFrom } = state;
    const item = encodeItem({
      chunk,
      promisedEpoch,
      commitAtStart,
      commit,
      asOf: this.ports.journal.durableEnd,
      resyncFrom,
      pages: [...state.pages].map(([pageIndex, { slot, crc }]) => ({ pageIndex, slot, crc })),
      windows: state.windows(),
      uncommitted,
    });
    return { pages, item };
  }

  private capturePages(state: ChunkState, retiring: number[]): CapturedPage[] {
    const { slots, cache } = this.ports;
    const captured: CapturedPage[] = [];
    for (const [pageIndex, page] of changed(state.pages)) {
      if (page.slot !== 0) retiring.push(page.slot);
      const slot = slots.take();
      if (slot === undefined) throw outOfReserve();
      page.slot = slot;
      captured.push({ page, slot, block: cache.encode(state.chunk, pageIndex, page) });
    }
    return captured;
  }

  /** Neighbouring slots go out in one write. */
  private async writeSlots(captured: readonly CapturedPage[]): Promise<void> {
    const { file, layout, cache } = this.ports;
    let run: Buffer[] = [];
    let start = 0;
    for (const { slot, block } of captured) {
      if (run.length > 0 && slotPosition(layout, slot) !== start + run.length * block.length) {
        await file.write(start, run);
        run = [];
      }
      if (run.length === 0) start = slotPosition(layout, slot);
      run.push(block);
    }
    if (run.length > 0) await file.write(start, run);
    for (const { page } of captured) cache.letGo(page);
  }
}

const changed = (pages: ReadonlyMap<number, Page>): (readonly [number, Page])[] =>
  [...pages].filter(([, { isDirty }]) => isDirty);

/** What admission keeps back for the next checkpoint. */
export function checkpointExtentsOf(allocator: Allocator, chunkCount: number): number {
  const slack = Math.min(64, Math.max(4, Math.floor(allocator.extentCount / 64)));
  const pages = Math.ceil((allocator.pageCount * CHECKSUM_UNIT) / EXTENT_SIZE);
  const windows = allocator.windowBytes + chunkCount * WINDOW_GROWTH_BYTES;
  const bytes = directoryBytes(chunkCount, allocator.pageCount, windows);
  return pages + directoryExtentCount(bytes) + slack;
}

function taken(extents: number[] | undefined): number[] {
  if (!extents) throw outOfReserve();
  return extents;
}
