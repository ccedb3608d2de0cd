// SYNCHRONIZE CACHE(10/16) (SBC-3 5.23). There is no volatile cache: it proves that the path to the
// replicas is good, and IMMED changes nothing.
import { RANGE_10, RANGE_16, type RangeLayout } from "../cdb.ts";
import { type CommandRow, unitCommand } from "../command.ts";
import { GOOD } from "../result.ts";
import { type BlockRange, parseRange } from "./range.ts";

const synchronizeCache = (
  shape: Pick<CommandRow, "name" | "opcode" | "usage">,
  layout: RangeLayout,
): CommandRow =>
  unitCommand<BlockRange>({
    ...shape,
    reservation: "write",
    leavesMedium: true,
    parse: (cdb, { unit }) => parseRange(cdb, layout, { unit, countMax: Number.MAX_SAFE_INTEGER }),
    execute: (_range, { unit }, _offer, options) => unit.device.flush(options).then(() => GOOD),
  });

export const SYNCHRONIZE_CACHE_10 = synchronizeCache(
  { name: "SYNCHRONIZE CACHE(10)", opcode: 0x35, usage: "3506ffffffff00ffff00" },
  RANGE_10,
);
export const SYNCHRONIZE_CACHE_16 = synchronizeCache(
  { name: "SYNCHRONIZE CACHE(16)", opcode: 0x91, usage: "9106ffffffffffffffffffffffff0000" },
  RANGE_16,
);
