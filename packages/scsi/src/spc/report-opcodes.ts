// REPORT SUPPORTED OPERATION CODES (SPC-4 6.35), told from the command table itself. Linux asks it
// before it uses WRITE SAME.
import { type CommandRow, unitCommand } from "../command.ts";
import { allocated, type CommandResult, checkCondition, Refusal } from "../result.ts";
import { SENSE } from "../sense.ts";

const OPTION = { all: 0, opcode: 1, serviceAction: 2, either: 3 } as const;
const WITH_TIMEOUTS = 0x80;
const DESCRIPTOR_LENGTH = 8;
const TIMEOUTS_LENGTH = 12;
const SERVICE_ACTION_VALID = 0x01;
const TIMEOUTS_PRESENT = 0x02;
const SUPPORT = { unsupported: 1, asStandard: 3 } as const;
const ONE_TIMEOUTS_PRESENT = 0x80;

interface ReportOpcodes {
  readonly option: number;
  readonly opcode: number;
  readonly serviceAction: number;
  readonly withTimeouts: boolean;
  readonly allocationLength: number;
}

const cdbLengthOf = (row: CommandRow): number => row.usage.length / 2;

/** A command timeouts descriptor that names no times. */
function noTimeouts(): Buffer {
  const descriptor = Buffer.alloc(TIMEOUTS_LENGTH);
  descriptor.writeUInt16BE(TIMEOUTS_LENGTH - 2, 0);
  return descriptor;
}

function describeAll(rows: readonly CommandRow[], withTimeouts: boolean): Buffer {
  const parts: Buffer[] = [];
  for (const row of rows) {
    const descriptor = Buffer.alloc(DESCRIPTOR_LENGTH);
    descriptor[0] = row.opcode;
    descriptor.writeUInt16BE(row.serviceAction ?? 0, 2);
    descriptor[5] =
      (row.serviceAction === undefined ? 0 : SERVICE_ACTION_VALID) |
      (withTimeouts ? TIMEOUTS_PRESENT : 0);
    descriptor.writeUInt16BE(cdbLengthOf(row), 6);
    parts.push(descriptor);
    if (withTimeouts) parts.push(noTimeouts());
  }
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(4);
  header.writeUInt32BE(body.length, 0);
  return Buffer.concat([header, body]);
}

function describeOne(row: CommandRow | undefined, withTimeouts: boolean): Buffer {
  if (!row) return Buffer.from([0, SUPPORT.unsupported, 0, 0]);
  const usage = Buffer.from(row.usage, "hex");
  const header = Buffer.from([
    0,
    SUPPORT.asStandard | (withTimeouts ? ONE_TIMEOUTS_PRESENT : 0),
    0,
    usage.length,
  ]);
  return Buffer.concat(withTimeouts ? [header, usage, noTimeouts()] : [header, usage]);
}

function find(
  command: ReportOpcodes,
  rows: readonly CommandRow[],
): CommandRow | Refusal | undefined {
  const same = rows.filter((row) => row.opcode === command.opcode);
  const grouped = same.some((row) => row.serviceAction !== undefined);
  const wrongOption =
    (command.option === OPTION.opcode && grouped) ||
    (command.option === OPTION.serviceAction && same.length > 0 && !grouped);
  if (wrongOption) return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 2 });
  return same.find((row) => (row.serviceAction ?? 0) === (grouped ? command.serviceAction : 0));
}

function execute(command: ReportOpcodes, rows: readonly CommandRow[]): CommandResult {
  const { allocationLength, withTimeouts } = command;
  if (command.option === OPTION.all) {
    return allocated(describeAll(rows, withTimeouts), allocationLength);
  }
  const row = find(command, rows);
  if (row instanceof Refusal) return checkCondition(row.sense);
  return allocated(describeOne(row, withTimeouts), allocationLength);
}

/** The table is given as a function because this command is itself one of its rows. */
export const reportSupportedOpcodes = (rows: () => readonly CommandRow[]): CommandRow =>
  unitCommand<ReportOpcodes>({
    name: "REPORT SUPPORTED OPERATION CODES",
    opcode: 0xa3,
    serviceAction: 0x0c,
    usage: "a31f87ffffffffffffff0000",
    reservation: "inform",
    parse: (cdb) => {
      const option = cdb.readUInt8(2) & 0x07;
      if (option > OPTION.either) return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 2 });
      return {
        option,
        opcode: cdb.readUInt8(3),
        serviceAction: cdb.readUInt16BE(4),
        withTimeouts: (cdb.readUInt8(2) & WITH_TIMEOUTS) !== 0,
        allocationLength: cdb.readUInt32BE(6),
      };
    },
    execute: (command) => execute(command, rows()),
  });
