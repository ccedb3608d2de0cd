// UNMAP (SBC-3 5.28). All descriptors are checked before the first takes effect; afterwards the
// blocks read as zeros through every gateway. Hosts describe one range by many descriptors, so those
// that touch become one operation, and several go at a time: each waits for a disk.
import { type OperationOptions, PartEnds, scatterJoin } from "@ashlar/core";
import { readUInt64 } from "../cdb.ts";
import { type DataOutOffer, type Place, unitCommand } from "../command.ts";
import { type LogicalUnit, UNMAP_DESCRIPTORS_MAX } from "../logical-unit.ts";
import { type CommandResult, checkCondition, GOOD, Refusal } from "../result.ts";
import { SENSE } from "../sense.ts";
import type { BlockRange } from "./range.ts";

const ANCHOR = 0x01;
const HEADER_LENGTH = 8;
const DESCRIPTOR_LENGTH = 16;
/** Ranges of one command that are unmapped at a time. */
const PARALLEL_MAX = 16;

interface Unmap {
  readonly listLength: number;
}

/** The ranges of a parameter list, or why it is refused. */
function parseList(list: Buffer, unit: LogicalUnit): BlockRange[] | Refusal {
  if (list.length < HEADER_LENGTH) return new Refusal(SENSE.parameterListLengthError);
  const announced = Math.min(list.readUInt16BE(2), list.length - HEADER_LENGTH);
  const count = Math.floor(announced / DESCRIPTOR_LENGTH);
  if (count > UNMAP_DESCRIPTORS_MAX) return new Refusal(SENSE.invalidFieldInParameterList);
  const ranges: BlockRange[] = [];
  let total = 0;
  for (let index = 0; index < count; index += 1) {
    const at = HEADER_LENGTH + index * DESCRIPTOR_LENGTH;
    const range = { lba: readUInt64(list, at), count: list.readUInt32BE(at + 8) };
    if (!unit.covers(range.lba, range.count)) return new Refusal(SENSE.lbaOutOfRange);
    total += range.count;
    if (range.count > 0) ranges.push(range);
  }
  if (total > unit.limits.unmap) return new Refusal(SENSE.invalidFieldInParameterList);
  return ranges;
}

/** The same blocks in as few ranges as there are, in rising order. */
function merged(ranges: readonly BlockRange[]): BlockRange[] {
  const result: BlockRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.lba - b.lba)) {
    const last = result.at(-1);
    if (!last || range.lba > last.lba + last.count) {
      result.push(range);
      continue;
    }
    const end = Math.max(last.lba + last.count, range.lba + range.count);
    result[result.length - 1] = { lba: last.lba, count: end - last.lba };
  }
  return result;
}

async function execute(
  { listLength }: Unmap,
  { unit }: Place<LogicalUnit>,
  offer: DataOutOffer,
  options: OperationOptions,
): Promise<CommandResult> {
  if (listLength === 0) return GOOD;
  const ranges = parseList(scatterJoin(offer.data), unit);
  if (ranges instanceof Refusal) return checkCondition(ranges.sense);
  const { device, blockSize } = unit;
  const few = merged(ranges);
  const ends = new PartEnds();
  for (let at = 0; at < few.length; at += PARALLEL_MAX) {
    const batch = few.slice(at, at + PARALLEL_MAX);
    const unmapped = batch.map(({ lba, count }) =>
      device.unmapBlocks(lba * blockSize, count * blockSize, options),
    );
    // One that failed must not leave others at work.
    for (const end of await Promise.allSettled(unmapped)) ends.add(end);
    ends.settle();
  }
  return GOOD;
}

export const UNMAP = unitCommand<Unmap>({
  name: "UNMAP",
  opcode: 0x42,
  usage: "42010000000000ffff00",
  reservation: "write",
  parse: (cdb) =>
    (cdb.readUInt8(1) & ANCHOR) !== 0
      ? new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 1 })
      : { listLength: cdb.readUInt16BE(7) },
  dataOutLength: ({ listLength }) => listLength,
  execute,
});
