// SEND DIAGNOSTIC and RECEIVE DIAGNOSTIC RESULTS (SPC-4 6.42, 6.28). The self-test asks the block device
// whether the way to the replicas is good; there is no diagnostic page but the list of pages.
import { scatterJoin } from "@ashlar/core";
import { unitCommand } from "../command.ts";
import { allocated, checkCondition, GOOD, Refusal } from "../result.ts";
import { SENSE } from "../sense.ts";

const SELF_TEST = 0x04;
/** SELF-TEST CODE: short and extended test in the foreground; others would leave results behind. */
const FOREGROUND = { none: 0, short: 5, extended: 6 } as const;
const PF = 0x10;
const SUPPORTED_PAGES = 0x00;
const PAGE_HEADER_LENGTH = 4;
/** PAGE CODE VALID. */
const PCV = 0x01;

interface SendDiagnostic {
  readonly tests: boolean;
  readonly listLength: number;
}

const refusedAt = (cdbByte: number): Refusal =>
  new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte });

function parse(cdb: Buffer): SendDiagnostic | Refusal {
  const flags = cdb.readUInt8(1);
  const code = flags >> 5;
  const listLength = cdb.readUInt16BE(3);
  if (code !== FOREGROUND.none && code !== FOREGROUND.short && code !== FOREGROUND.extended) {
    return refusedAt(1);
  }
  const byDefault = (flags & SELF_TEST) !== 0;
  if (byDefault && code !== FOREGROUND.none) return refusedAt(1);
  const tests = byDefault || code !== FOREGROUND.none;
  if (listLength > 0 && tests) return refusedAt(3);
  if (listLength > 0 && (flags & PF) === 0) return refusedAt(1);
  return { tests, listLength };
}

export const SEND_DIAGNOSTIC = unitCommand<SendDiagnostic>({
  name: "SEND DIAGNOSTIC",
  opcode: 0x1d,
  usage: "1df700ffff00",
  reservation: "write",
  parse,
  dataOutLength: ({ listLength }) => listLength,
  execute: ({ tests, listLength }, { unit }, offer, options) => {
    if (tests) return unit.device.flush(options).then(() => GOOD);
    if (listLength === 0) return GOOD;
    const list = scatterJoin(offer.data);
    if (list.length < PAGE_HEADER_LENGTH) return checkCondition(SENSE.parameterListLengthError);
    const isList = list.readUInt8(0) === SUPPORTED_PAGES && list.readUInt16BE(2) === 0;
    return isList ? GOOD : checkCondition(SENSE.invalidFieldInParameterList);
  },
});

export const RECEIVE_DIAGNOSTIC_RESULTS = unitCommand({
  name: "RECEIVE DIAGNOSTIC RESULTS",
  opcode: 0x1c,
  usage: "1c01ffffff00",
  reservation: "write",
  parse: (cdb) => {
    if ((cdb.readUInt8(1) & PCV) === 0) return refusedAt(1);
    if (cdb.readUInt8(2) !== SUPPORTED_PAGES) return refusedAt(2);
    return { allocationLength: cdb.readUInt16BE(3) };
  },
  execute: ({ allocationLength }) =>
    allocated(Buffer.from([SUPPORTED_PAGES, 0, 0, 1, SUPPORTED_PAGES]), allocationLength),
});
