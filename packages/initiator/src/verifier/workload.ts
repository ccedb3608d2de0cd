// The seeded mix of operations: sizes from one block to 1 MiB, positions anywhere, a good part of
// them laid across chunk borders, where one command becomes two.
import { KIB, MIB } from "@ashlar/core";
import type { Random } from "@ashlar/runtime";
import type { OperationKind } from "./report.ts";

export interface WorkloadOptions {
  /** The part of the device that is used, in bytes; both multiples of `unitSize`. */
  readonly offset: number;
  readonly length: number;
  readonly unitSize: number;
  /** Distance of the borders that operations shall cross, in bytes. */
  readonly borderSize: number;
  readonly lengthMax: number;
  /** Shares of all operations, in per cent; the rest are reads. */
  readonly writePercent: number;
  readonly unmapPercent: number;
  /** Share of operations laid across a border, in per cent. */
  readonly crossPercent: number;
}

export interface PlannedOperation {
  readonly kind: OperationKind;
  readonly offset: number;
  readonly length: number;
}

/** Sizes in use: small ones most often, as hosts do. */
const SIZES = [
  512,
  512,
  4 * KIB,
  4 * KIB,
  4 * KIB,
  4 * KIB,
  8 * KIB,
  16 * KIB,
  20 * KIB + 512,
  64 * KIB,
  64 * KIB,
  100 * KIB,
  256 * KIB,
  MIB,
] as const;

export function planOperation(random: Random, options: WorkloadOptions): PlannedOperation {
  const { unitSize, writePercent, unmapPercent } = options;
  const draw = random.below(100);
  const kind: OperationKind =
    draw < unmapPercent ? "unmap" : draw < unmapPercent + writePercent ? "write" : "read";
  const wanted = SIZES[random.below(SIZES.length)] ?? 512;
  const bounded = Math.min(wanted, options.lengthMax, options.length);
  const length = Math.max(unitSize, bounded - (bounded % unitSize));
  return { kind, offset: planOffset(random, options, length), length };
}

function planOffset(random: Random, options: WorkloadOptions, length: number): number {
  const { offset, unitSize, borderSize, crossPercent } = options;
  const last = offset + options.length - length;
  if (random.below(100) < crossPercent && length > unitSize) {
    const borders = Math.floor((offset + options.length - 1) / borderSize);
    const first = Math.floor(offset / borderSize) + 1;
    if (borders >= first) {
      const border = (first + random.below(borders - first + 1)) * borderSize;
      const before = (1 + random.below(length / unitSize - 1)) * unitSize;
      return Math.min(Math.max(offset, border - before), last);
    }
  }
  return offset + random.below((last - offset) / unitSize + 1) * unitSize;
}
