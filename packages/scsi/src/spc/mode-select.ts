// MODE SELECT(6) and (10) (SPC-4 6.10, 7.5): a list that repeats the current values is accepted, any
// other value is refused, so that no host believes in a setting that does not hold (mode-pages.ts).
import { type OperationOptions, scatterJoin } from "@ashlar/core";
import { type CommandRow, type DataOutOffer, type Place, unitCommand } from "../command.ts";
import type { LogicalUnit } from "../logical-unit.ts";
import { type CommandResult, checkCondition, GOOD, Refusal } from "../result.ts";
import { SENSE, type Sense } from "../sense.ts";
import { BLOCK_DESCRIPTOR_LENGTH, MODE_HEADER, MODE_PAGES } from "./mode-pages.ts";

/** PAGE FORMAT: the list is pages as SPC describes them. */
const PF = 0x10;
/** SAVE PAGES. */
const SP = 0x01;
const PAGE_MASK = 0x3f;
/** SUBPAGE FORMAT: no page here has subpages. */
const SPF = 0x40;
const LONG_LBA = 0x01;
const PAGE_HEADER_LENGTH = 2;
/** NUMBER OF LOGICAL BLOCKS: leave it, or all there are. */
const UNCHANGED_COUNTS = [0, 0xffffffff];

interface ModeSelect {
  readonly listLength: number;
}

interface Layout {
  readonly headerLength: number;
  readonly listLengthOf: (cdb: Buffer) => number;
  readonly descriptorLengthOf: (header: Buffer) => number;
  /** Byte of the medium type. */
  readonly mediumAt: number;
  /** Byte of the block descriptor length. */
  readonly descriptorLengthAt: number;
  /** Byte of LONGLBA, where there is one. */
  readonly longLbaAt: number | undefined;
}

const SIX: Layout = {
  headerLength: MODE_HEADER.six,
  listLengthOf: (cdb) => cdb.readUInt8(4),
  descriptorLengthOf: (header) => header.readUInt8(3),
  mediumAt: 1,
  descriptorLengthAt: 3,
  longLbaAt: undefined,
};
const TEN: Layout = {
  headerLength: MODE_HEADER.ten,
  listLengthOf: (cdb) => cdb.readUInt16BE(7),
  descriptorLengthOf: (header) => header.readUInt16BE(6),
  mediumAt: 2,
  descriptorLengthAt: 6,
  longLbaAt: 4,
};

const wrongField = (listByte: number): Sense => ({
  ...SENSE.invalidFieldInParameterList,
  listByte,
});

function faultOfDescriptor(list: Buffer, at: number, unit: LogicalUnit): Sense | undefined {
  const count = list.readUInt32BE(at);
  if (!UNCHANGED_COUNTS.includes(count) && count !== unit.blockCount) return wrongField(at);
  return list.readUIntBE(at + 5, 3) === unit.blockSize ? undefined : wrongField(at + 5);
}

function faultOfPages(list: Buffer, start: number): Sense | undefined {
  for (let at = start; at < list.length; ) {
    if (list.length - at < PAGE_HEADER_LENGTH) return SENSE.parameterListLengthError;
    const first = list.readUInt8(at);
    const body = (first & SPF) === 0 ? MODE_PAGES.get(first & PAGE_MASK) : undefined;
    if (!body) return wrongField(at);
    if (list.readUInt8(at + 1) !== body.length) return wrongField(at + 1);
    const bodyAt = at + PAGE_HEADER_LENGTH;
    if (list.length - bodyAt < body.length) return SENSE.parameterListLengthError;
    const changed = body.findIndex((byte, index) => list[bodyAt + index] !== byte);
    if (changed >= 0) return wrongField(bodyAt + changed);
    at = bodyAt + body.length;
  }
  return undefined;
}

/** What is wrong with a parameter list, if anything. */
function faultOf(list: Buffer, layout: Layout, unit: LogicalUnit): Sense | undefined {
  const { headerLength, mediumAt, longLbaAt } = layout;
  if (list.length < headerLength) return SENSE.parameterListLengthError;
  if (list.readUInt8(mediumAt) !== 0) return wrongField(mediumAt);
  if (longLbaAt !== undefined && (list.readUInt8(longLbaAt) & LONG_LBA) !== 0) {
    return wrongField(longLbaAt);
  }
  const descriptorLength = layout.descriptorLengthOf(list);
  if (descriptorLength !== 0 && descriptorLength !== BLOCK_DESCRIPTOR_LENGTH) {
    return wrongField(layout.descriptorLengthAt);
  }
  if (list.length < headerLength + descriptorLength) return SENSE.parameterListLengthError;
  if (descriptorLength > 0) {
    const fault = faultOfDescriptor(list, headerLength, unit);
    if (fault) return fault;
  }
  return faultOfPages(list, headerLength + descriptorLength);
}

function parse(cdb: Buffer, layout: Layout): ModeSelect | Refusal {
  const flags = cdb.readUInt8(1);
  const listLength = layout.listLengthOf(cdb);
  const vendorFormat = (flags & PF) === 0 && listLength > 0;
  if ((flags & SP) !== 0 || vendorFormat) {
    return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 1 });
  }
  return { listLength };
}

const modeSelect = (
  shape: Pick<CommandRow, "name" | "opcode" | "usage">,
  layout: Layout,
): CommandRow =>
  unitCommand<ModeSelect>({
    ...shape,
    reservation: "write",
    parse: (cdb) => parse(cdb, layout),
    dataOutLength: ({ listLength }) => listLength,
    execute: (
      { listLength }: ModeSelect,
      { unit }: Place<LogicalUnit>,
      offer: DataOutOffer,
      _options: OperationOptions,
    ): CommandResult => {
      if (listLength === 0) return GOOD;
      const fault = faultOf(scatterJoin(offer.data), layout, unit);
      return fault ? checkCondition(fault) : GOOD;
    },
  });

export const MODE_SELECT_6 = modeSelect(
  { name: "MODE SELECT(6)", opcode: 0x15, usage: "15110000ff00" },
  SIX,
);
export const MODE_SELECT_10 = modeSelect(
  { name: "MODE SELECT(10)", opcode: 0x55, usage: "55110000000000ffff00" },
  TEN,
);
