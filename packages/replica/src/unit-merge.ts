// What becomes of the units under an operation that needs to know them: a write of parts, an or-write, a
// compare-and-write. They are read under their lock, so nothing comes between what was found and what is logged.
import { type ScatterList, scatterJoin, scatterOr, scatterSlice } from "@ashlar/core";
import type { Operation } from "./operations.ts";

export type MergingOperation = Extract<
  Operation,
  { readonly kind: "write" | "orWrite" | "compareAndWrite" }
>;

/** Whole units, as they are before the operation. */
export interface FoundUnits {
  /** Byte offset within the chunk. */
  readonly offset: number;
  readonly length: number;
  readonly data: ScatterList;
}

/** First byte of the operation's range that is not what a compare-and-write expects, or -1. */
export function miscompareAt(operation: MergingOperation, units: FoundUnits): number {
  if (operation.kind !== "compareAndWrite") return -1;
  const expected = scatterSlice(operation.data, 0, operation.length);
  return firstDifference(scatterJoin(foundUnder(operation, units)), scatterJoin(expected));
}

/** The units after the operation. */
export function mergedUnits(operation: MergingOperation, units: FoundUnits): ScatterList {
  const start = operation.offset - units.offset;
  const end = start + operation.length;
  return [
    ...scatterSlice(units.data, 0, start),
    ...writtenBy(operation, units),
    ...scatterSlice(units.data, end, units.length - end),
  ].filter((part) => part.length > 0);
}

function writtenBy(operation: MergingOperation, units: FoundUnits): ScatterList {
  const { kind, data, length } = operation;
  switch (kind) {
    case "write":
      return data;
    case "orWrite":
      return [scatterOr(foundUnder(operation, units), data)];
    case "compareAndWrite":
      return scatterSlice(data, length, length);
  }
}

const foundUnder = ({ offset, length }: MergingOperation, units: FoundUnits): ScatterList =>
  scatterSlice(units.data, offset - units.offset, length);

function firstDifference(a: Buffer, b: Buffer): number {
  if (a.equals(b)) return -1;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return at;
  return -1;
}
