// MODE SENSE(6) and (10) (SPC-4 6.13, 7.5). Nothing is changeable: the write cache is off because an
// acknowledged write is durable, and DPOFUA is set because refusing FUA makes Windows give it up.
import { type CommandRow, type Place, unitCommand } from "../command.ts";
import type { LogicalUnit } from "../logical-unit.ts";
import { allocated, Refusal } from "../result.ts";
import { SENSE } from "../sense.ts";
import { BLOCK_DESCRIPTOR_LENGTH, MODE_PAGES } from "./mode-pages.ts";

const DISABLE_BLOCK_DESCRIPTORS = 0x08;
const DPOFUA = 0x10;
const WRITE_PROTECTED = 0x80;
const PAGE_MASK = 0x3f;
const ALL_PAGES = 0x3f;
const ALL_SUBPAGES = 0xff;
const CONTROL = { current: 0, changeable: 1, default: 2, saved: 3 } as const;

interface ModeSense {
  readonly pages: Buffer;
  readonly withDescriptor: boolean;
  readonly allocationLength: number;
}

function encodePages(codes: Iterable<number>, control: number): Buffer {
  const parts: Buffer[] = [];
  for (const code of codes) {
    const body = MODE_PAGES.get(code);
    if (!body) continue;
    parts.push(Buffer.from([code, body.length]));
    parts.push(control === CONTROL.changeable ? Buffer.alloc(body.length) : body);
  }
  return Buffer.concat(parts);
}

function parse(cdb: Buffer, allocationLength: number): ModeSense | Refusal {
  const control = cdb.readUInt8(2) >> 6;
  const page = cdb.readUInt8(2) & PAGE_MASK;
  const subpage = cdb.readUInt8(3);
  if (control === CONTROL.saved) return new Refusal(SENSE.savingNotSupported);
  if (subpage !== 0 && subpage !== ALL_SUBPAGES) {
    return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 3 });
  }
  if (page !== ALL_PAGES && !MODE_PAGES.has(page)) {
    return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 2 });
  }
  return {
    pages: encodePages(page === ALL_PAGES ? MODE_PAGES.keys() : [page], control),
    withDescriptor: (cdb.readUInt8(1) & DISABLE_BLOCK_DESCRIPTORS) === 0,
    allocationLength,
  };
}

function blockDescriptor(unit: LogicalUnit): Buffer {
  const descriptor = Buffer.alloc(BLOCK_DESCRIPTOR_LENGTH);
  descriptor.writeUInt32BE(Math.min(unit.blockCount, 0xffffffff), 0);
  descriptor.writeUIntBE(unit.blockSize, 5, 3);
  return descriptor;
}

interface HeaderFields {
  readonly descriptorLength: number;
  readonly pagesLength: number;
  /** The device-specific parameter (SBC-3 6.4.1). */
  readonly parameter: number;
}
type HeaderOf = (fields: HeaderFields) => Buffer;

const header6: HeaderOf = ({ descriptorLength, pagesLength, parameter }) =>
  Buffer.from([3 + descriptorLength + pagesLength, 0, parameter, descriptorLength]);

const header10: HeaderOf = ({ descriptorLength, pagesLength, parameter }) => {
  const header = Buffer.from([0, 0, 0, parameter, 0, 0, 0, descriptorLength]);
  header.writeUInt16BE(6 + descriptorLength + pagesLength, 0);
  return header;
};

const modeSense = (
  shape: Pick<CommandRow, "name" | "opcode" | "usage">,
  allocationLengthOf: (cdb: Buffer) => number,
  headerOf: HeaderOf,
): CommandRow =>
  unitCommand<ModeSense>({
    ...shape,
    reservation: "read",
    parse: (cdb) => parse(cdb, allocationLengthOf(cdb)),
    execute: ({ pages, withDescriptor, allocationLength }, place: Place<LogicalUnit>) => {
      const descriptor = withDescriptor ? blockDescriptor(place.unit) : Buffer.alloc(0);
      const header = headerOf({
        descriptorLength: descriptor.length,
        pagesLength: pages.length,
        parameter: place.readOnly ? DPOFUA | WRITE_PROTECTED : DPOFUA,
      });
      return allocated(Buffer.concat([header, descriptor, pages]), allocationLength);
    },
  });

export const MODE_SENSE_6 = modeSense(
  { name: "MODE SENSE(6)", opcode: 0x1a, usage: "1a08ffffff00" },
  (cdb) => cdb.readUInt8(4),
  header6,
);
export const MODE_SENSE_10 = modeSense(
  { name: "MODE SENSE(10)", opcode: 0x5a, usage: "5a18ffff000000ffff00" },
  (cdb) => cdb.readUInt16BE(7),
  header10,
);
