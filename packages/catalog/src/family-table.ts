// The columns of one family's chunks: typed arrays, some 25 bytes a chunk.

/** ISR, learners and who is leaving are bits of one byte each. */
export const MEMBERS_MAX = 8;

/** Slots hold 1 + the store's place; 0 is an empty slot. A row with epoch 0 is no chunk. */
export interface FamilyTable {
  /** Rows in use, holes included. */
  length: number;
  /** Slots per row. */
  readonly width: number;
  /** Somebody reads it as it stands: it is copied before it is changed. */
  frozen: boolean;
  readonly slots: Uint16Array;
  readonly isr: Uint8Array;
  readonly learners: Uint8Array;
  readonly leaving: Uint8Array;
  readonly primarySlot: Uint8Array;
  readonly epoch: Uint32Array;
  readonly version: Float64Array;
  readonly incarnation: Float64Array;
}

const COLUMNS = [
  "isr",
  "learners",
  "leaving",
  "primarySlot",
  "epoch",
  "version",
  "incarnation",
] as const;

export const newTable = (width: number, capacity: number): FamilyTable => ({
  length: 0,
  width,
  frozen: false,
  slots: new Uint16Array(width * capacity),
  isr: new Uint8Array(capacity),
  learners: new Uint8Array(capacity),
  leaving: new Uint8Array(capacity),
  primarySlot: new Uint8Array(capacity),
  epoch: new Uint32Array(capacity),
  version: new Float64Array(capacity),
  incarnation: new Float64Array(capacity),
});

/** A copy with room for more, as wide or wider. */
export function resized(table: FamilyTable, width: number, capacity: number): FamilyTable {
  const next = newTable(width, capacity);
  next.length = table.length;
  if (width === table.width) next.slots.set(table.slots);
  else {
    for (let row = 0; row < table.length; row += 1) {
      const from = row * table.width;
      next.slots.set(table.slots.subarray(from, from + table.width), row * width);
    }
  }
  for (const column of COLUMNS) next[column].set(table[column]);
  return next;
}

export const at = (array: { readonly [index: number]: number }, index: number): number =>
  array[index] ?? 0;
