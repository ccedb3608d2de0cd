// VERIFY(10/12/16) (SBC-3 5.24 ff.): BYTCHK 0 reads, which checks every checksum; BYTCHK 1 compares
// with what the initiator sends. Reads go in pieces, so a long VERIFY needs little memory.
import {
  type OperationOptions,
  type ScatterList,
  scatterJoin,
  scatterLength,
  scatterSlice,
} from "@ashlar/core";
import { RANGE_10, RANGE_12, RANGE_16, type RangeLayout } from "../cdb.ts";
import { type CommandRow, type DataOutOffer, type Place, unitCommand } from "../command.ts";
import { type LogicalUnit, PIECE_LENGTH } from "../logical-unit.ts";
import { type CommandResult, checkCondition, GOOD, Refusal } from "../result.ts";
import { SENSE } from "../sense.ts";
import { type BlockRange, parseUnprotectedRange } from "./range.ts";

const BYTE_CHECK = { none: 0, compare: 1 } as const;
/** Blocks of a VERIFY without data: it holds a task for as long as it reads. */
const VERIFY_MAX_BYTES = 32 * 1024 * 1024;

interface Verify extends BlockRange {
  readonly compares: boolean;
}

function parse(cdb: Buffer, layout: RangeLayout, unit: LogicalUnit): Verify | Refusal {
  const byteCheck = (cdb.readUInt8(1) >> 1) & 3;
  if (byteCheck > BYTE_CHECK.compare) {
    return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 1 });
  }
  const compares = byteCheck === BYTE_CHECK.compare;
  const countMax = compares ? unit.limits.transfer : VERIFY_MAX_BYTES / unit.blockSize;
  const range = parseUnprotectedRange(cdb, layout, { unit, countMax });
  return range instanceof Refusal ? range : { ...range, compares };
}

/** Index of the first byte in which two lists differ, or -1; the shorter one decides how far. */
export function firstDifference(a: ScatterList, b: ScatterList): number {
  const left = scatterJoin(a);
  const right = scatterJoin(b);
  const length = Math.min(left.length, right.length);
  if (left.compare(right, 0, length, 0, length) === 0) return -1;
  let at = 0;
  while (left[at] === right[at]) at += 1;
  return at;
}

async function execute(
  { lba, count, compares }: Verify,
  { unit }: Place<LogicalUnit>,
  offer: DataOutOffer,
  options: OperationOptions,
): Promise<CommandResult> {
  const start = lba * unit.blockSize;
  const length = count * unit.blockSize;
  if (compares && scatterLength(offer.data) < length) {
    return checkCondition(SENSE.invalidFieldInCdb);
  }
  for (let at = 0; at < length; at += PIECE_LENGTH) {
    const piece = Math.min(PIECE_LENGTH, length - at);
    const found = await unit.device.read(start + at, piece, options);
    if (!compares) continue;
    const differs = firstDifference(found, scatterSlice(offer.data, at, piece));
    if (differs >= 0) return checkCondition({ ...SENSE.miscompare, information: at + differs });
  }
  return GOOD;
}

const verify = (
  shape: Pick<CommandRow, "name" | "opcode" | "usage">,
  layout: RangeLayout,
): CommandRow =>
  unitCommand<Verify>({
    ...shape,
    reservation: "read",
    parse: (cdb, { unit }) => parse(cdb, layout, unit),
    dataOutLength: ({ count, compares }, { unit }) => (compares ? count * unit.blockSize : 0),
    execute,
  });

export const VERIFY_10 = verify(
  { name: "VERIFY(10)", opcode: 0x2f, usage: "2ff2ffffffff00ffff00" },
  RANGE_10,
);
export const VERIFY_12 = verify(
  { name: "VERIFY(12)", opcode: 0xaf, usage: "aff2ffffffffffffffff0000" },
  RANGE_12,
);
export const VERIFY_16 = verify(
  { name: "VERIFY(16)", opcode: 0x8f, usage: "8ff2ffffffffffffffffffffffff0000" },
  RANGE_16,
);
