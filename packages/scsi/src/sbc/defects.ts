// READ DEFECT DATA(10/12) and REASSIGN BLOCKS (SBC-3 5.18 ff.). The cluster repairs what it finds and
// keeps no list of it: the lists are empty, and a block that a host wants reassigned is only checked
// to exist, since the next write to it goes to good places anyway.
import { scatterJoin } from "@ashlar/core";
import { readUInt64 } from "../cdb.ts";
import { type CommandRow, unitCommand } from "../command.ts";
import type { LogicalUnit } from "../logical-unit.ts";
import { allocated, checkCondition, GOOD } from "../result.ts";
import { SENSE, type Sense } from "../sense.ts";

/** REQ_PLIST, REQ_GLIST and the address format: the reply repeats them. */
const DEFECT_FLAGS = 0x1f;

interface DefectShape {
  readonly shape: Pick<CommandRow, "name" | "opcode" | "usage">;
  readonly flagsAt: number;
  readonly allocationLengthOf: (cdb: Buffer) => number;
  readonly headerLength: number;
}

const readDefectData = ({
  shape,
  flagsAt,
  allocationLengthOf,
  headerLength,
}: DefectShape): CommandRow =>
  unitCommand({
    ...shape,
    reservation: "read",
    parse: (cdb) => ({
      flags: cdb.readUInt8(flagsAt) & DEFECT_FLAGS,
      allocationLength: allocationLengthOf(cdb),
    }),
    execute: ({ flags, allocationLength }) => {
      const header = Buffer.alloc(headerLength);
      header[1] = flags;
      return allocated(header, allocationLength);
    },
  });

export const READ_DEFECT_DATA_10 = readDefectData({
  shape: { name: "READ DEFECT DATA(10)", opcode: 0x37, usage: "37001f00000000ffff00" },
  flagsAt: 2,
  allocationLengthOf: (cdb) => cdb.readUInt16BE(7),
  headerLength: 4,
});
export const READ_DEFECT_DATA_12 = readDefectData({
  shape: { name: "READ DEFECT DATA(12)", opcode: 0xb7, usage: "b71fffffffffffffffff0000" },
  flagsAt: 1,
  allocationLengthOf: (cdb) => cdb.readUInt32BE(6),
  headerLength: 8,
});

const LONG_LBA = 0x02;
const LONG_LIST = 0x01;
const LIST_HEADER_LENGTH = 4;
/** LBAs of one REASSIGN BLOCKS, as many as fit in a page of 4 KiB. */
const LIST_LENGTH_MAX = 4096;

interface Reassign {
  readonly entryLength: number;
  readonly longList: boolean;
}

/** What is wrong with a list of LBAs, if anything. */
function faultOf(list: Buffer, { entryLength, longList }: Reassign, unit: LogicalUnit) {
  if (list.length < LIST_HEADER_LENGTH) return SENSE.parameterListLengthError;
  const told = longList ? list.readUInt32BE(0) : list.readUInt16BE(2);
  if (told % entryLength !== 0 || told > list.length - LIST_HEADER_LENGTH) {
    return SENSE.parameterListLengthError;
  }
  for (let at = LIST_HEADER_LENGTH; at < LIST_HEADER_LENGTH + told; at += entryLength) {
    const lba = entryLength === 8 ? readUInt64(list, at) : list.readUInt32BE(at);
    if (!unit.covers(lba, 1)) return SENSE.lbaOutOfRange;
  }
  return undefined;
}

export const REASSIGN_BLOCKS = unitCommand<Reassign>({
  name: "REASSIGN BLOCKS",
  opcode: 0x07,
  usage: "070300000000",
  reservation: "write",
  parse: (cdb) => {
    const flags = cdb.readUInt8(1);
    return { entryLength: (flags & LONG_LBA) !== 0 ? 8 : 4, longList: (flags & LONG_LIST) !== 0 };
  },
  dataOutLength: () => LIST_LENGTH_MAX,
  listLengthUntold: true,
  execute: (command, { unit }, { data }) => {
    const fault: Sense | undefined = faultOf(scatterJoin(data), command, unit);
    return fault ? checkCondition(fault) : GOOD;
  },
});
