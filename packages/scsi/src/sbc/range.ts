// What all media-access commands share: a range of blocks, checked against the unit's size and the
// protection bits that this server does not support.

import type { RangeLayout } from "../cdb.ts";
import type { LogicalUnit } from "../logical-unit.ts";
import { Refusal } from "../result.ts";
import { SENSE } from "../sense.ts";

/** RDPROTECT, WRPROTECT, VRPROTECT: bits 7..5 of byte 1 in every CDB but the 6-byte ones. */
const PROTECT = 0xe0;

export interface BlockRange {
  readonly lba: number;
  readonly count: number;
}

export const hasProtection = (cdb: Buffer): boolean => (cdb.readUInt8(1) & PROTECT) !== 0;

/** The range of a CDB, or why it is refused. `countMax` bounds the transfer, in blocks. */
export function parseRange(
  cdb: Buffer,
  layout: RangeLayout,
  { unit, countMax }: { readonly unit: LogicalUnit; readonly countMax: number },
): BlockRange | Refusal {
  const lba = layout.lba(cdb);
  const count = layout.count(cdb);
  if (!unit.covers(lba, count)) return new Refusal(SENSE.lbaOutOfRange);
  if (count > countMax) {
    return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: layout.countAt });
  }
  return { lba, count };
}

/** As parseRange, for CDBs whose byte 1 holds protection bits. */
export function parseUnprotectedRange(
  cdb: Buffer,
  layout: RangeLayout,
  bounds: { readonly unit: LogicalUnit; readonly countMax: number },
): BlockRange | Refusal {
  if (hasProtection(cdb)) return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 1 });
  return parseRange(cdb, layout, bounds);
}
