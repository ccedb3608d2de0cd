// PDUs that initiators send: object to header and back (RFC 7143, 11.3, 11.5, 11.7, 11.10, 11.12,
// 11.14, 11.18). Framing - AHS, padding, digests - is the encoder's and decoder's.
import { assertNever, type ScatterList } from "@ashlar/core";
import {
  AT,
  CONTINUE,
  FINAL,
  hasFlag,
  IMMEDIATE,
  isImmediate,
  newHeader,
  opcodeOf,
  readLun,
  writeLun,
} from "./header.ts";
import { OPCODE } from "./opcode.ts";
import type {
  InitiatorPdu,
  LoginRequest,
  LogoutRequest,
  ScsiCommand,
  TaskManagementRequest,
  UnknownPdu,
} from "./pdu.ts";

const READ = 0x40;
const WRITE = 0x20;
const ATTRIBUTE_MASK = 0x07;
const LOW_SEVEN = 0x7f;
const CDB_AT = 32;
const CDB_IN_HEADER = 16;
const CID_AT = 20;
const AHS_EXTENDED_CDB = 1;
/** AHSLength (2), AHSType (1) and the reserved byte that precedes an extended CDB. */
const AHS_PREFIX = 4;

const opcodeByte = (opcode: number, pdu: { readonly immediate: boolean }): number =>
  pdu.immediate ? opcode | IMMEDIATE : opcode;

function writeSerials(header: Buffer, pdu: { cmdSn: number; expStatSn: number }): void {
  header.writeUInt32BE(pdu.cmdSn, AT.serial);
  header.writeUInt32BE(pdu.expStatSn, AT.expSerial);
}

function writeTagged(header: Buffer, pdu: { lun: number; itt: number; ttt: number }): void {
  writeLun(header, pdu.lun);
  header.writeUInt32BE(pdu.itt, AT.itt);
  header.writeUInt32BE(pdu.ttt, AT.ttt);
}

function commandHeader(pdu: ScsiCommand): Buffer {
  const flags =
    (pdu.final ? FINAL : 0) | (pdu.read ? READ : 0) | (pdu.write ? WRITE : 0) | pdu.attribute;
  const header = newHeader(opcodeByte(OPCODE.scsiCommand, pdu), flags);
  writeLun(header, pdu.lun);
  header.writeUInt32BE(pdu.itt, AT.itt);
  header.writeUInt32BE(pdu.expectedLength, AT.ttt);
  writeSerials(header, pdu);
  pdu.cdb.copy(header, CDB_AT, 0, CDB_IN_HEADER);
  return header;
}

/** The AHS of a CDB longer than 16 bytes, padded to words; empty otherwise. */
export function ahsOf(pdu: InitiatorPdu): Buffer | undefined {
  if (pdu.kind !== "scsiCommand" || pdu.cdb.length <= CDB_IN_HEADER) return undefined;
  const extra = pdu.cdb.length - CDB_IN_HEADER;
  const ahs = Buffer.alloc(Math.ceil((AHS_PREFIX + extra) / 4) * 4);
  ahs.writeUInt16BE(extra + 1, 0);
  ahs[2] = AHS_EXTENDED_CDB;
  pdu.cdb.copy(ahs, AHS_PREFIX, CDB_IN_HEADER);
  return ahs;
}

function taskManagementHeader(pdu: TaskManagementRequest): Buffer {
  const header = newHeader(opcodeByte(OPCODE.taskManagementRequest, pdu), FINAL | pdu.function);
  writeTagged(header, { lun: pdu.lun, itt: pdu.itt, ttt: pdu.referencedItt });
  writeSerials(header, pdu);
  header.writeUInt32BE(pdu.refCmdSn, 32);
  header.writeUInt32BE(pdu.expDataSn, AT.dataSn);
  return header;
}

function loginHeader(pdu: LoginRequest): Buffer {
  const flags =
    (pdu.transit ? FINAL : 0) | (pdu.continued ? CONTINUE : 0) | (pdu.csg << 2) | pdu.nsg;
  const header = newHeader(OPCODE.loginRequest | IMMEDIATE, flags);
  header[2] = pdu.versionMax;
  header[3] = pdu.versionMin;
  header.write(pdu.isid, AT.isid, 6, "hex");
  header.writeUInt16BE(pdu.tsih, AT.tsih);
  header.writeUInt32BE(pdu.itt, AT.itt);
  header.writeUInt16BE(pdu.cid, CID_AT);
  writeSerials(header, pdu);
  return header;
}

function logoutHeader(pdu: LogoutRequest): Buffer {
  const header = newHeader(opcodeByte(OPCODE.logoutRequest, pdu), FINAL | pdu.reason);
  header.writeUInt32BE(pdu.itt, AT.itt);
  header.writeUInt16BE(pdu.cid, CID_AT);
  writeSerials(header, pdu);
  return header;
}

/** The 48-byte header, lengths still zero. */
export function initiatorHeader(pdu: InitiatorPdu): Buffer {
  switch (pdu.kind) {
    case "scsiCommand":
      return commandHeader(pdu);
    case "taskManagementRequest":
      return taskManagementHeader(pdu);
    case "loginRequest":
      return loginHeader(pdu);
    case "logoutRequest":
      return logoutHeader(pdu);
    case "nopOut": {
      const header = newHeader(opcodeByte(OPCODE.nopOut, pdu), FINAL);
      writeTagged(header, pdu);
      writeSerials(header, pdu);
      return header;
    }
    case "textRequest": {
      const flags = (pdu.final ? FINAL : 0) | (pdu.continued ? CONTINUE : 0);
      const header = newHeader(opcodeByte(OPCODE.textRequest, pdu), flags);
      writeTagged(header, pdu);
      writeSerials(header, pdu);
      return header;
    }
    case "dataOut": {
      const header = newHeader(OPCODE.dataOut, pdu.final ? FINAL : 0);
      writeTagged(header, pdu);
      header.writeUInt32BE(pdu.expStatSn, AT.expSerial);
      header.writeUInt32BE(pdu.dataSn, AT.dataSn);
      header.writeUInt32BE(pdu.bufferOffset, AT.bufferOffset);
      return header;
    }
    default:
      return assertNever(pdu);
  }
}

/** Appends the extended CDB, if the AHS has one; other kinds of AHS are ignored. */
function cdbOf(header: Buffer, ahs: Buffer | undefined): Buffer {
  const inHeader = header.subarray(CDB_AT, CDB_AT + CDB_IN_HEADER);
  for (let at = 0; ahs && at + AHS_PREFIX <= ahs.length; ) {
    const length = ahs.readUInt16BE(at);
    const next = at + Math.ceil((3 + length) / 4) * 4;
    if (ahs.readUInt8(at + 2) === AHS_EXTENDED_CDB) {
      const end = Math.min(at + 3 + length, ahs.length);
      return Buffer.concat([inHeader, ahs.subarray(at + AHS_PREFIX, end)]);
    }
    at = next;
  }
  return inHeader;
}

function parseLogin(header: Buffer, data: ScatterList): LoginRequest {
  const flags = header.readUInt8(AT.flags);
  return {
    kind: "loginRequest",
    transit: (flags & FINAL) !== 0,
    continued: (flags & CONTINUE) !== 0,
    csg: (flags >> 2) & 3,
    nsg: flags & 3,
    versionMax: header.readUInt8(2),
    versionMin: header.readUInt8(3),
    isid: header.toString("hex", AT.isid, AT.isid + 6),
    tsih: header.readUInt16BE(AT.tsih),
    itt: header.readUInt32BE(AT.itt),
    cid: header.readUInt16BE(CID_AT),
    cmdSn: header.readUInt32BE(AT.serial),
    expStatSn: header.readUInt32BE(AT.expSerial),
    data,
  };
}

function parseTaskManagement(header: Buffer): TaskManagementRequest {
  return {
    kind: "taskManagementRequest",
    immediate: isImmediate(header),
    function: header.readUInt8(AT.flags) & LOW_SEVEN,
    lun: readLun(header),
    itt: header.readUInt32BE(AT.itt),
    referencedItt: header.readUInt32BE(AT.ttt),
    cmdSn: header.readUInt32BE(AT.serial),
    expStatSn: header.readUInt32BE(AT.expSerial),
    refCmdSn: header.readUInt32BE(32),
    expDataSn: header.readUInt32BE(AT.dataSn),
  };
}

function parseLogout(header: Buffer): LogoutRequest {
  return {
    kind: "logoutRequest",
    immediate: isImmediate(header),
    reason: header.readUInt8(AT.flags) & LOW_SEVEN,
    itt: header.readUInt32BE(AT.itt),
    cid: header.readUInt16BE(CID_AT),
    cmdSn: header.readUInt32BE(AT.serial),
    expStatSn: header.readUInt32BE(AT.expSerial),
  };
}

function parseCommand(header: Buffer, ahs: Buffer | undefined, data: ScatterList): ScsiCommand {
  const flags = header.readUInt8(AT.flags);
  return {
    kind: "scsiCommand",
    immediate: isImmediate(header),
    final: (flags & FINAL) !== 0,
    read: (flags & READ) !== 0,
    write: (flags & WRITE) !== 0,
    attribute: flags & ATTRIBUTE_MASK,
    lun: readLun(header),
    itt: header.readUInt32BE(AT.itt),
    expectedLength: header.readUInt32BE(AT.ttt),
    cmdSn: header.readUInt32BE(AT.serial),
    expStatSn: header.readUInt32BE(AT.expSerial),
    cdb: cdbOf(header, ahs),
    data,
  };
}

const parseTags = (header: Buffer): { lun: number; itt: number; ttt: number } => ({
  lun: readLun(header),
  itt: header.readUInt32BE(AT.itt),
  ttt: header.readUInt32BE(AT.ttt),
});

const parseSerials = (header: Buffer): { cmdSn: number; expStatSn: number } => ({
  cmdSn: header.readUInt32BE(AT.serial),
  expStatSn: header.readUInt32BE(AT.expSerial),
});

/** What a target makes of a header; `data` and `ahs` are complete and checked. */
export function parseInitiatorPdu(
  header: Buffer,
  ahs: Buffer | undefined,
  data: ScatterList,
): InitiatorPdu | UnknownPdu {
  const opcode = opcodeOf(header);
  const immediate = isImmediate(header);
  switch (opcode) {
    case OPCODE.scsiCommand:
      return parseCommand(header, ahs, data);
    case OPCODE.dataOut:
      return {
        kind: "dataOut",
        final: hasFlag(header, FINAL),
        ...parseTags(header),
        expStatSn: header.readUInt32BE(AT.expSerial),
        dataSn: header.readUInt32BE(AT.dataSn),
        bufferOffset: header.readUInt32BE(AT.bufferOffset),
        data,
      };
    case OPCODE.nopOut:
      return { kind: "nopOut", immediate, ...parseTags(header), ...parseSerials(header), data };
    case OPCODE.taskManagementRequest:
      return parseTaskManagement(header);
    case OPCODE.loginRequest:
      return parseLogin(header, data);
    case OPCODE.textRequest:
      return {
        kind: "textRequest",
        immediate,
        final: hasFlag(header, FINAL),
        continued: hasFlag(header, CONTINUE),
        ...parseTags(header),
        ...parseSerials(header),
        data,
      };
    case OPCODE.logoutRequest:
      return parseLogout(header);
    default:
      return { kind: "unknown", opcode, immediate, itt: header.readUInt32BE(AT.itt), header, data };
  }
}
