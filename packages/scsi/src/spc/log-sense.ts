// LOG SENSE (SPC-4 6.8, 7.3, SBC-3 6.4): the pages that hosts ask after a thin-provisioning warning or
// for health. A volume has no temperature, and how much of the cluster's space it uses is known to the
// storage nodes only, so pages tell "unknown" or hold no such parameter.
import { unitCommand } from "../command.ts";
import { allocated, Refusal } from "../result.ts";
import { SENSE } from "../sense.ts";

/** SAVE PARAMETERS. */
const SP = 0x01;
const PAGE_MASK = 0x3f;
const ALL_SUBPAGES = 0xff;
const SUBPAGE_FORMAT = 0x40;
/** FORMAT AND LINKING 11b: a list in binary format. */
const BINARY_LIST = 0x03;
const NO_TEMPERATURE = 0xff;

interface Parameter {
  readonly code: number;
  readonly value: readonly number[];
}

/** Parameters of the pages other than the list of pages, by page code. */
const LOG_PAGES: ReadonlyMap<number, readonly Parameter[]> = new Map([
  // Logical block provisioning: no resource counts.
  [0x0c, []],
  // Temperature: the present one and the reference one.
  [
    0x0d,
    [
      { code: 0, value: [0, NO_TEMPERATURE] },
      { code: 1, value: [0, NO_TEMPERATURE] },
    ],
  ],
  // Informational exceptions: none, and no temperature.
  [0x2f, [{ code: 0, value: [0, 0, NO_TEMPERATURE, 0] }]],
]);
const SUPPORTED_PAGES = 0x00;

interface LogSense {
  readonly reply: Buffer;
  readonly allocationLength: number;
}

function encodePage(page: number, subpage: number, body: Buffer): Buffer {
  const header = Buffer.from([page | (subpage === 0 ? 0 : SUBPAGE_FORMAT), subpage, 0, 0]);
  header.writeUInt16BE(body.length, 2);
  return Buffer.concat([header, body]);
}

/** Codes of all pages, with their subpage when subpages are listed too. */
function listPages(subpage: number): Buffer {
  const codes = [SUPPORTED_PAGES, ...LOG_PAGES.keys()];
  if (subpage === 0) return Buffer.from(codes);
  const entries = codes.flatMap((code) => [code, 0]);
  return Buffer.from([SUPPORTED_PAGES, ALL_SUBPAGES, ...entries]);
}

function encodeParameters(parameters: readonly Parameter[]): Buffer {
  return Buffer.concat(
    parameters.map(({ code, value }) =>
      Buffer.from([code >> 8, code & 0xff, BINARY_LIST, value.length, ...value]),
    ),
  );
}

/** The page, or the CDB's byte that asks for what there is not. */
function replyTo(cdb: Buffer): Buffer | number {
  const page = cdb.readUInt8(2) & PAGE_MASK;
  const subpage = cdb.readUInt8(3);
  const firstCode = cdb.readUInt16BE(5);
  if (page === SUPPORTED_PAGES) {
    if (subpage !== 0 && subpage !== ALL_SUBPAGES) return 3;
    return firstCode === 0 ? encodePage(page, subpage, listPages(subpage)) : 5;
  }
  const parameters = LOG_PAGES.get(page);
  if (!parameters) return 2;
  if (subpage !== 0) return 3;
  const wanted = parameters.filter(({ code }) => code >= firstCode);
  if (firstCode > 0 && wanted.length === 0) return 5;
  return encodePage(page, subpage, encodeParameters(wanted));
}

export const LOG_SENSE = unitCommand<LogSense>({
  name: "LOG SENSE",
  opcode: 0x4d,
  usage: "4d01ffff00ffffffff00",
  reservation: "inform",
  parse: (cdb) => {
    const reply = (cdb.readUInt8(1) & SP) !== 0 ? 1 : replyTo(cdb);
    if (typeof reply === "number") {
      return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: reply });
    }
    return { reply, allocationLength: cdb.readUInt16BE(7) };
  },
  execute: ({ reply, allocationLength }) => allocated(reply, allocationLength),
});
