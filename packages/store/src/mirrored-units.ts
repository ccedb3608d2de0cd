// Content that was read from both members of a mirror, one of which may have rotted: what is good of each.
import { CHECKSUM_UNIT } from "@ashlar/core";
import type { UnitRepair } from "@ashlar/replica";
import type { UnitRange, UnitsRead } from "./reader.ts";

export interface Mended extends UnitsRead {
  /** What is good on one member only; `bad` is what is good on none. */
  readonly repairs: readonly UnitRepair[];
}

/** Both of the same range. A unit may be newer in one of them: each is what the chunk held at some moment of the reading. */
export function mend({ firstUnit }: UnitRange, read: UnitsRead, other: UnitsRead): Mended {
  const data = Buffer.from(read.data);
  const checksums = Uint32Array.from(read.checksums);
  const repairs: UnitRepair[] = [];
  const bytesOf = (from: UnitsRead, unit: number): Buffer => {
    const at = (unit - firstUnit) * CHECKSUM_UNIT;
    return Buffer.from(from.data.subarray(at, at + CHECKSUM_UNIT));
  };
  for (const unit of read.bad) {
    if (other.bad.includes(unit)) continue;
    const good = bytesOf(other, unit);
    good.copy(data, (unit - firstUnit) * CHECKSUM_UNIT);
    checksums[unit - firstUnit] = other.checksums[unit - firstUnit] ?? 0;
    repairs.push({ unit, data: [good] });
  }
  for (const unit of other.bad) {
    if (!read.bad.includes(unit)) repairs.push({ unit, data: [bytesOf(read, unit)] });
  }
  return { data, checksums, bad: read.bad.filter((unit) => other.bad.includes(unit)), repairs };
}
