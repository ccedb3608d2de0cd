// States of a search in the order they were found: rows of whole numbers in one typed array, with a hash
// index beside it. A row costs a few dozen bytes, so that tens of millions fit into memory, and the table
// is at the same time the queue of a breadth-first search.
import { assert } from "../../assert.ts";

/** Slots of the index for each row, so that probing stays short. */
const SLOTS_PER_ROW = 2;
const EMPTY = -1;

export class StateTable {
  size = 0;
  private readonly width: number;
  private readonly keyWidth: number;
  private rows: Int32Array;
  private slots: Int32Array;

  /** Rows of `width` numbers, of which the first `keyWidth` are the state and the rest says how it was found. */
  constructor(width: number, keyWidth: number, capacity = 1 << 16) {
    this.width = width;
    this.keyWidth = keyWidth;
    this.rows = new Int32Array(capacity * width);
    this.slots = new Int32Array(capacity * SLOTS_PER_ROW).fill(EMPTY);
  }

  /** True if the state is new; then it has the next number. */
  add(row: readonly number[]): boolean {
    assert(row.length === this.width, "rows have one width");
    let slot = this.slotOf(row);
    for (; this.slots[slot] !== EMPTY; slot = (slot + 1) & (this.slots.length - 1)) {
      if (this.equals(this.slots[slot]!, row)) return false;
    }
    this.slots[slot] = this.size;
    this.rows.set(row, this.size * this.width);
    this.size += 1;
    if (this.size * this.width === this.rows.length) this.grow();
    return true;
  }

  get(row: number, column: number): number {
    return this.rows[row * this.width + column]!;
  }

  private equals(number: number, row: readonly number[]): boolean {
    const start = number * this.width;
    for (let column = 0; column < this.keyWidth; column += 1) {
      if (this.rows[start + column] !== row[column]) return false;
    }
    return true;
  }

  private slotOf(row: { readonly [column: number]: number }): number {
    let hash = 0;
    for (let column = 0; column < this.keyWidth; column += 1) {
      hash = Math.imul(hash ^ row[column]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return (hash >>> 0) & (this.slots.length - 1);
  }

  private grow(): void {
    const { rows, width } = this;
    this.rows = new Int32Array(rows.length * 2);
    this.rows.set(rows);
    this.slots = new Int32Array(this.slots.length * 2).fill(EMPTY);
    for (let number = 0; number < this.size; number += 1) {
      let slot = this.slotOf(this.rows.subarray(number * width, (number + 1) * width));
      while (this.slots[slot] !== EMPTY) slot = (slot + 1) & (this.slots.length - 1);
      this.slots[slot] = number;
    }
  }
}
