// READ(6/10/12/16) and PRE-FETCH (SBC-3 5.11 ff., 5.8). FUA and DPO ask for nothing more: a read
// always answers what is durable.
import { RANGE_6, RANGE_10, RANGE_12, RANGE_16, type RangeLayout } from "../cdb.ts";
import { type CommandRow, unitCommand } from "../command.ts";
import { GOOD, goodWith, withStatus } from "../result.ts";
import { STATUS } from "../sense.ts";
import { type BlockRange, parseRange, parseUnprotectedRange } from "./range.ts";

type Shape = Pick<CommandRow, "name" | "opcode" | "usage">;

const read = (shape: Shape, layout: RangeLayout, parse = parseUnprotectedRange): CommandRow =>
  unitCommand<BlockRange>({
    ...shape,
    reservation: "read",
    parse: (cdb, { unit }) => parse(cdb, layout, { unit, countMax: unit.limits.transfer }),
    dataInLength: ({ count }, { unit }) => count * unit.blockSize,
    execute: ({ lba, count }, { unit }, _offer, options) => {
      if (count === 0) return GOOD;
      const { device, blockSize } = unit;
      return device.read(lba * blockSize, count * blockSize, options).then(goodWith);
    },
  });

export const READ_6 = read(
  { name: "READ(6)", opcode: 0x08, usage: "081fffffff00" },
  RANGE_6,
  parseRange,
);
export const READ_10 = read(
  { name: "READ(10)", opcode: 0x28, usage: "28f8ffffffff00ffff00" },
  RANGE_10,
);
export const READ_12 = read(
  { name: "READ(12)", opcode: 0xa8, usage: "a8f8ffffffffffffffff0000" },
  RANGE_12,
);
export const READ_16 = read(
  { name: "READ(16)", opcode: 0x88, usage: "88f8ffffffffffffffffffffffff0000" },
  RANGE_16,
);

/** Nothing is fetched; CONDITION MET says that all of it would fit, which is true. */
const prefetch = (shape: Shape, layout: RangeLayout): CommandRow =>
  unitCommand<BlockRange>({
    ...shape,
    reservation: "read",
    parse: (cdb, { unit }) => parseRange(cdb, layout, { unit, countMax: Number.MAX_SAFE_INTEGER }),
    execute: () => withStatus(STATUS.conditionMet),
  });

export const PREFETCH_10 = prefetch(
  { name: "PRE-FETCH(10)", opcode: 0x34, usage: "3402ffffffff00ffff00" },
  RANGE_10,
);
export const PREFETCH_16 = prefetch(
  { name: "PRE-FETCH(16)", opcode: 0x90, usage: "9002ffffffffffffffffffffffff0000" },
  RANGE_16,
);
