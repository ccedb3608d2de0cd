// WRITE SAME(10/16) (SBC-3 5.39 ff.). Zeros, with or without the UNMAP bit, become an unmap: the
// blocks read as zeros either way and take no space. Any other pattern is written out in pieces.
import { type OperationOptions, PartEnds, scatterJoin } from "@ashlar/core";
import { RANGE_10, RANGE_16, type RangeLayout } from "../cdb.ts";
import { type CommandRow, type DataOutOffer, type Place, unitCommand } from "../command.ts";
import { type LogicalUnit, PIECE_LENGTH } from "../logical-unit.ts";
import { type CommandResult, checkCondition, GOOD, Refusal } from "../result.ts";
import { SENSE } from "../sense.ts";
import { type BlockRange, parseUnprotectedRange } from "./range.ts";

const ANCHOR = 0x10;
/** LBDATA and PBDATA of SBC-2: each block would carry its address. */
const OBSOLETE_ADDRESSING = 0x06;
/** NO DATA-OUT BUFFER: zeros are meant; only in the 16-byte CDB. */
const NDOB = 0x01;

interface WriteSame extends BlockRange {
  readonly withoutData: boolean;
}

function parse(
  cdb: Buffer,
  layout: RangeLayout,
  { unit, knowsNdob }: { readonly unit: LogicalUnit; readonly knowsNdob: boolean },
): WriteSame | Refusal {
  const flags = cdb.readUInt8(1);
  const withoutData = knowsNdob && (flags & NDOB) !== 0;
  const unsupported = ANCHOR | OBSOLETE_ADDRESSING | (knowsNdob ? 0 : NDOB);
  if ((flags & unsupported) !== 0) return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 1 });
  const range = parseUnprotectedRange(cdb, layout, { unit, countMax: unit.limits.writeSame });
  if (range instanceof Refusal) return range;
  // WSNZ is set, see VPD page B0.
  if (range.count === 0) {
    return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: layout.countAt });
  }
  return { ...range, withoutData };
}

async function writePattern(
  { lba, count }: BlockRange,
  { unit, block }: { readonly unit: LogicalUnit; readonly block: Buffer },
  options: OperationOptions,
): Promise<void> {
  const start = lba * unit.blockSize;
  const length = count * unit.blockSize;
  const piece = Buffer.alloc(Math.min(PIECE_LENGTH, length), block);
  const ends = new PartEnds();
  for (let at = 0; at < length; at += piece.length) {
    const part = piece.subarray(0, Math.min(piece.length, length - at));
    const [end] = await Promise.allSettled([unit.device.write(start + at, [part], options)]);
    ends.add(end);
    ends.settle();
  }
}

async function execute(
  command: WriteSame,
  { unit }: Place<LogicalUnit>,
  offer: DataOutOffer,
  options: OperationOptions,
): Promise<CommandResult> {
  const wanted = command.withoutData ? 0 : unit.blockSize;
  const block = scatterJoin(offer.data);
  if (offer.offeredLength !== wanted || block.length !== wanted) {
    return checkCondition(SENSE.invalidFieldInCdb);
  }
  if (block.every((byte) => byte === 0)) {
    const { lba, count } = command;
    await unit.device.unmapBlocks(lba * unit.blockSize, count * unit.blockSize, options);
  } else {
    await writePattern(command, { unit, block }, options);
  }
  return GOOD;
}

const writeSame = (
  shape: Pick<CommandRow, "name" | "opcode" | "usage">,
  layout: RangeLayout,
  { knowsNdob }: { readonly knowsNdob: boolean },
): CommandRow =>
  unitCommand<WriteSame>({
    ...shape,
    reservation: "write",
    parse: (cdb, { unit }) => parse(cdb, layout, { unit, knowsNdob }),
    dataOutLength: ({ withoutData }, { unit }) => (withoutData ? 0 : unit.blockSize),
    execute,
  });

export const WRITE_SAME_10 = writeSame(
  { name: "WRITE SAME(10)", opcode: 0x41, usage: "41f8ffffffff00ffff00" },
  RANGE_10,
  { knowsNdob: false },
);
export const WRITE_SAME_16 = writeSame(
  { name: "WRITE SAME(16)", opcode: 0x93, usage: "93f9ffffffffffffffffffffffff0000" },
  RANGE_16,
  { knowsNdob: true },
);
