// The second step of a checkpoint: committed blocks that wait in memory go to their places in the data area, an
// extent at a time, in order of position. In place, since the journal still has them.
//
// A group commit beside it has to wait until the disk has taken everything that was written before, so the
// blocks go out in parts, each synced, of as many as the disk takes in the time that a write may wait.
import { CHECKSUM_UNIT, SystemError } from "@ashlar/core";
import type { Clock, DiskFile, Piece } from "@ashlar/runtime";
import type { Allocator } from "./allocator.ts";
import type { ChunkState, OverlayBlock, OverlayExtent } from "./chunk-state.ts";
import { extentPosition, type Layout } from "./format.ts";

/** Blocks of one part: at first, and between these bounds ever after. */
const PART_BLOCKS = 128;
const PART_BLOCKS_MIN = 16;
const PART_BLOCKS_MAX = 1024;
/** How long writing and syncing a part should take. */
const PART_MS_MIN = 10;
const PART_MS_MAX = 30;

/** An extent of a chunk whose blocks wait, as it stood at the cut. */
export interface FrozenExtent {
  readonly state: ChunkState;
  readonly extent: number;
  readonly waiting: OverlayExtent;
  readonly blocks: readonly (OverlayBlock | undefined)[];
  /** Of the blocks. */
  readonly count: number;
}

/** Where the blocks of an extent go. */
interface PlacedExtent {
  readonly frozen: FrozenExtent;
  readonly physical: number;
  /** It had no extent of the data area before. */
  readonly isNew: boolean;
}

/** What waits of a chunk now. */
export function* freeze(state: ChunkState): Generator<FrozenExtent> {
  for (const [extent, waiting] of state.overlay) {
    yield { state, extent, waiting, blocks: [...waiting.blocks], count: waiting.count };
  }
}

export interface ApplierPorts {
  readonly file: DiskFile;
  readonly layout: Layout;
  readonly allocator: Allocator;
  readonly clock: Clock;
}

export class Applier {
  private readonly ports: ApplierPorts;
  private partBlocks = PART_BLOCKS;

  constructor(ports: ApplierPorts) {
    this.ports = ports;
  }

  /** `onProgress` is told which part of it is done, 0..1. @throws SystemError */
  async run(overlay: readonly FrozenExtent[], onProgress: (part: number) => void): Promise<void> {
    const position = ({ state, extent }: FrozenExtent): number => {
      const place = state.find(extent);
      return place?.page.physical(place.index) || Number.MAX_SAFE_INTEGER;
    };
    const ordered = overlay
      .map((frozen) => ({ frozen, at: position(frozen) }))
      .sort((a, b) => a.at - b.at);
    for (let next = 0; next < ordered.length; ) {
      const part: FrozenExtent[] = [];
      for (let blocks = 0; blocks < this.partBlocks && next < ordered.length; next += 1) {
        const frozen = ordered[next]?.frozen;
        if (frozen) part.push(frozen);
        blocks += frozen?.count ?? 0;
      }
      await this.applySynced(part);
      onProgress(next / ordered.length);
    }
  }

  /** The next part is as large as this one shows that the disk can take. */
  private async applySynced(part: readonly FrozenExtent[]): Promise<void> {
    const { clock, file } = this.ports;
    const start = clock.nowMs();
    await this.apply(part);
    await file.datasync();
    const took = clock.nowMs() - start;
    if (took > PART_MS_MAX) this.partBlocks = Math.max(PART_BLOCKS_MIN, this.partBlocks / 2);
    else if (took < PART_MS_MIN) this.partBlocks = Math.min(PART_BLOCKS_MAX, this.partBlocks * 2);
  }

  private async apply(part: readonly FrozenExtent[]): Promise<void> {
    const { allocator, file } = this.ports;
    const placed: PlacedExtent[] = [];
    for (const frozen of part) {
      // Else replaced or unmapped as a whole since the cut: what replaced it is in the journal.
      if (frozen.state.overlay.get(frozen.extent) === frozen.waiting)
        placed.push(this.place(frozen));
    }
    try {
      await file.writeMany(placed.flatMap((extent) => this.piecesOf(extent)));
    } finally {
      for (const { physical } of placed) allocator.unpin(physical);
    }
    for (const extent of placed) this.settle(extent);
  }

  /** Where its blocks go, pinned. */
  private place(frozen: FrozenExtent): PlacedExtent {
    const { allocator } = this.ports;
    const { page, index } = frozen.state.place(frozen.extent);
    const before = page.physical(index);
    const physical = before !== 0 ? before : this.takeExtent();
    allocator.pin(physical);
    return { frozen, isNew: before === 0, physical };
  }

  private takeExtent(): number {
    const [extent] = this.ports.allocator.take(1) ?? [];
    if (extent === undefined) throw outOfReserve();
    return extent;
  }

  private piecesOf({ frozen: { blocks }, physical }: PlacedExtent): Piece[] {
    const start = extentPosition(this.ports.layout, physical);
    const pieces: Piece[] = [];
    for (let unit = 0; unit < blocks.length; ) {
      const data: Buffer[] = [];
      for (let block = blocks[unit]; block; block = blocks[unit + data.length])
        data.push(block.data);
      if (data.length > 0) pieces.push({ position: start + unit * CHECKSUM_UNIT, data });
      unit += data.length + 1;
    }
    return pieces;
  }

  /** Its blocks lie on the disk. */
  private settle({ frozen, isNew, physical }: PlacedExtent): void {
    const { allocator } = this.ports;
    const { state, extent, waiting, blocks } = frozen;
    if (state.overlay.get(extent) !== waiting) {
      if (isNew) allocator.release(physical);
      return;
    }
    const { page, index } = state.place(extent);
    if (isNew) {
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
}

export function outOfReserve(): SystemError {
  return new SystemError("disk/no-space", "no extent was left for a checkpoint");
}
