// WRITE(6/10/12/16), WRITE AND VERIFY and ORWRITE(16), which sets the bits that come and keeps all others
// (SBC-3 5). GOOD means durable on every in-sync replica, so FUA asks for nothing more, and verifying would
// read back what was just confirmed. Bits are set in one step by the node that orders the chunk's writes:
// two hosts that set different bits of a block through different gateways lose none.
import { type OperationOptions, scatterLength, scatterSlice } from "@ashlar/core";
import { RANGE_6, RANGE_10, RANGE_12, RANGE_16, type RangeLayout } from "../cdb.ts";
import { type CommandRow, type DataOutOffer, unitCommand } from "../command.ts";
import type { LogicalUnit } from "../logical-unit.ts";
import { type CommandResult, GOOD } from "../result.ts";
import { type BlockRange, parseRange, parseUnprotectedRange } from "./range.ts";

type Shape = Pick<CommandRow, "name" | "opcode" | "usage">;

/** What the block device does with the blocks. */
type Verb = "write" | "orWrite";

/**
 * Takes what came: an initiator that sends less than its CDB says (a residual overflow) gets the
 * whole blocks it sent written and is told the count.
 */
function execute(
  verb: Verb,
  { lba, count }: BlockRange,
  { device, blockSize }: LogicalUnit,
  { offer, options }: { readonly offer: DataOutOffer; readonly options: OperationOptions },
): CommandResult | Promise<CommandResult> {
  const sent = scatterLength(offer.data);
  const length = Math.min(count * blockSize, sent - (sent % blockSize));
  if (length === 0) return GOOD;
  const data = length === sent ? offer.data : scatterSlice(offer.data, 0, length);
  return device[verb](lba * blockSize, data, options).then(() => GOOD);
}

const write = (
  shape: Shape,
  layout: RangeLayout,
  { parse = parseUnprotectedRange, verb = "write" as Verb } = {},
): CommandRow =>
  unitCommand<BlockRange>({
    ...shape,
    reservation: "write",
    parse: (cdb, { unit }) => parse(cdb, layout, { unit, countMax: unit.limits.transfer }),
    dataOutLength: ({ count }, { unit }) => count * unit.blockSize,
    execute: (range, { unit }, offer, options) => execute(verb, range, unit, { offer, options }),
  });

export const WRITE_6 = write({ name: "WRITE(6)", opcode: 0x0a, usage: "0a1fffffff00" }, RANGE_6, {
  parse: parseRange,
});
export const WRITE_10 = write(
  { name: "WRITE(10)", opcode: 0x2a, usage: "2af8ffffffff00ffff00" },
  RANGE_10,
);
export const WRITE_12 = write(
  { name: "WRITE(12)", opcode: 0xaa, usage: "aaf8ffffffffffffffff0000" },
  RANGE_12,
);
export const WRITE_16 = write(
  { name: "WRITE(16)", opcode: 0x8a, usage: "8af8ffffffffffffffffffffffff0000" },
  RANGE_16,
);
export const ORWRITE_16 = write(
  { name: "ORWRITE(16)", opcode: 0x8b, usage: "8bf8ffffffffffffffffffffffff0000" },
  RANGE_16,
  { verb: "orWrite" },
);
export const WRITE_AND_VERIFY_10 = write(
  { name: "WRITE AND VERIFY(10)", opcode: 0x2e, usage: "2ef2ffffffff00ffff00" },
  RANGE_10,
);
export const WRITE_AND_VERIFY_12 = write(
  { name: "WRITE AND VERIFY(12)", opcode: 0xae, usage: "aef2ffffffffffffffff0000" },
  RANGE_12,
);
export const WRITE_AND_VERIFY_16 = write(
  { name: "WRITE AND VERIFY(16)", opcode: 0x8e, usage: "8ef2ffffffffffffffffffffffff0000" },
  RANGE_16,
);
