// Blocks for metadata pages, 16 to an extent. A slot's number is extent * 16 + place, so 0 is none.
// A page is never overwritten: it moves to a fresh slot at each checkpoint, and the old one is given
// back once the superblock that no longer names it is durable.
import { assert, EXTENT_SIZE } from "@ashlar/core";
import type { Allocator } from "./allocator.ts";
import { BLOCK_SIZE, extentPosition, type Layout } from "./format.ts";

export const SLOTS_PER_EXTENT: number = EXTENT_SIZE / BLOCK_SIZE;
const ALL_SLOTS = 2 ** SLOTS_PER_EXTENT - 1;

export const slotPosition = (layout: Layout, slot: number): number =>
  extentPosition(layout, Math.floor(slot / SLOTS_PER_EXTENT)) +
  (slot % SLOTS_PER_EXTENT) * BLOCK_SIZE;

export class SlotPool {
  private readonly allocator: Allocator;
  /** Bits of the slots in use of each extent that holds pages. */
  private readonly usedOf = new Map<number, number>();
  private readonly withRoom = new Set<number>();

  constructor(allocator: Allocator) {
    this.allocator = allocator;
  }

  extents(): number[] {
    return [...this.usedOf.keys()];
  }

  /** Marks at open; false when the slot or its extent is in use already. */
  claim(slot: number): boolean {
    const extent = Math.floor(slot / SLOTS_PER_EXTENT);
    const bit = 1 << (slot % SLOTS_PER_EXTENT);
    const used = this.usedOf.get(extent);
    if (used === undefined && !this.allocator.claim(extent)) return false;
    if (((used ?? 0) & bit) !== 0) return false;
    this.mark(extent, (used ?? 0) | bit);
    return true;
  }

  /** A free slot, neighbours one after the other; undefined when no extent is left. */
  take(): number | undefined {
    let [extent] = this.withRoom;
    if (extent === undefined) {
      extent = this.allocator.take(1)?.[0];
      if (extent === undefined) return undefined;
    }
    const used = this.usedOf.get(extent) ?? 0;
    let place = 0;
    while ((used >>> place) & 1) place += 1;
    this.mark(extent, used | (1 << place));
    return extent * SLOTS_PER_EXTENT + place;
  }

  give(slot: number): void {
    const extent = Math.floor(slot / SLOTS_PER_EXTENT);
    const used = this.usedOf.get(extent) ?? 0;
    const bit = 1 << (slot % SLOTS_PER_EXTENT);
    assert((used & bit) !== 0, "P20: a slot is given back once");
    if (used !== bit) {
      this.mark(extent, used & ~bit);
      return;
    }
    this.usedOf.delete(extent);
    this.withRoom.delete(extent);
    this.allocator.release(extent);
  }

  private mark(extent: number, used: number): void {
    this.usedOf.set(extent, used);
    if (used === ALL_SLOTS) this.withRoom.delete(extent);
    else this.withRoom.add(extent);
  }
}
