// COMPARE AND WRITE (SBC-3 5.2): the block device does both in one step on the node that orders the
// chunk's writes, so it is atomic across gateways. Nothing is written when the data differ.
import { type OperationOptions, scatterLength, scatterSlice } from "@ashlar/core";
import { type RangeLayout, readUInt64 } from "../cdb.ts";
import { type DataOutOffer, type Place, unitCommand } from "../command.ts";
import { COMPARE_AND_WRITE_MAX, type LogicalUnit } from "../logical-unit.ts";
import { type CommandResult, checkCondition, GOOD } from "../result.ts";
import { SENSE } from "../sense.ts";
import { type BlockRange, parseUnprotectedRange } from "./range.ts";

const LAYOUT: RangeLayout = {
  lba: (cdb) => readUInt64(cdb, 2),
  count: (cdb) => cdb.readUInt8(13),
  countAt: 13,
};

async function execute(
  { lba, count }: BlockRange,
  { unit }: Place<LogicalUnit>,
  offer: DataOutOffer,
  options: OperationOptions,
): Promise<CommandResult> {
  const length = count * unit.blockSize;
  if (offer.offeredLength !== 2 * length || scatterLength(offer.data) !== 2 * length) {
    return checkCondition(SENSE.invalidFieldInCdb);
  }
  if (count === 0) return GOOD;
  const expected = scatterSlice(offer.data, 0, length);
  const data = scatterSlice(offer.data, length, length);
  await unit.device.compareAndWrite(lba * unit.blockSize, expected, data, options);
  return GOOD;
}

export const COMPARE_AND_WRITE = unitCommand<BlockRange>({
  name: "COMPARE AND WRITE",
  opcode: 0x89,
  usage: "89f8ffffffffffffffff000000ff0000",
  reservation: "write",
  parse: (cdb, { unit }) =>
    parseUnprotectedRange(cdb, LAYOUT, { unit, countMax: COMPARE_AND_WRITE_MAX }),
  dataOutLength: ({ count }, { unit }) => 2 * count * unit.blockSize,
  execute,
});
