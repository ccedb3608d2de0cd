// PDUs that targets send: object to header and back (RFC 7143, 11.4, 11.6 to 11.9, 11.11, 11.13,
// 11.15, 11.17, 11.19). Framing - padding, digests - is the encoder's and decoder's.
import { assertNever, type ScatterList } from "@ashlar/core";
import { AT, CONTINUE, FINAL, hasFlag, newHeader, opcodeOf, readLun, writeLun } from "./header.ts";
import { OPCODE, TAG_NONE } from "./opcode.ts";
import type {
  AsyncMessage,
  DataIn,
  LoginResponse,
  R2t,
  ScsiResponse,
  TargetPdu,
  UnknownPdu,
} from "./pdu.ts";

const OVERFLOW = 0x04;
const UNDERFLOW = 0x02;
const HAS_STATUS = 0x01;
const ACKNOWLEDGE = 0x40;

interface Serials {
  readonly statSn: number;
  readonly expCmdSn: number;
  readonly maxCmdSn: number;
}

function serialHeader(opcode: number, flags: number, itt: number, pdu: Serials): Buffer {
  const header = newHeader(opcode, flags);
  header.writeUInt32BE(itt, AT.itt);
  header.writeUInt32BE(pdu.statSn, AT.serial);
  header.writeUInt32BE(pdu.expCmdSn, AT.expSerial);
  header.writeUInt32BE(pdu.maxCmdSn, AT.maxCmdSn);
  return header;
}

const residualFlags = (pdu: { overflow: boolean; underflow: boolean }): number =>
  (pdu.overflow ? OVERFLOW : 0) | (pdu.underflow ? UNDERFLOW : 0);

function dataInHeader(pdu: DataIn): Buffer {
  const flags =
    (pdu.final ? FINAL : 0) |
    (pdu.acknowledge ? ACKNOWLEDGE : 0) |
    (pdu.hasStatus ? HAS_STATUS : 0) |
    residualFlags(pdu);
  const header = serialHeader(OPCODE.dataIn, flags, pdu.itt, pdu);
  header[3] = pdu.status;
  writeLun(header, pdu.lun);
  header.writeUInt32BE(pdu.ttt, AT.ttt);
  header.writeUInt32BE(pdu.dataSn, AT.dataSn);
  header.writeUInt32BE(pdu.bufferOffset, AT.bufferOffset);
  header.writeUInt32BE(pdu.residual, AT.residual);
  return header;
}

function scsiResponseHeader(pdu: ScsiResponse): Buffer {
  const header = serialHeader(OPCODE.scsiResponse, FINAL | residualFlags(pdu), pdu.itt, pdu);
  header[2] = pdu.response;
  header[3] = pdu.status;
  header.writeUInt32BE(pdu.expDataSn, AT.dataSn);
  header.writeUInt32BE(pdu.residual, AT.residual);
  return header;
}

function loginHeader(pdu: LoginResponse): Buffer {
  const flags =
    (pdu.transit ? FINAL : 0) | (pdu.continued ? CONTINUE : 0) | (pdu.csg << 2) | pdu.nsg;
  const header = serialHeader(OPCODE.loginResponse, flags, pdu.itt, pdu);
  header[2] = pdu.versionMax;
  header[3] = pdu.versionActive;
  header.write(pdu.isid, AT.isid, 6, "hex");
  header.writeUInt16BE(pdu.tsih, AT.tsih);
  header.writeUInt16BE(pdu.status, 36);
  return header;
}

function r2tHeader(pdu: R2t): Buffer {
  const header = serialHeader(OPCODE.r2t, FINAL, pdu.itt, pdu);
  writeLun(header, pdu.lun);
  header.writeUInt32BE(pdu.ttt, AT.ttt);
  header.writeUInt32BE(pdu.r2tSn, AT.dataSn);
  header.writeUInt32BE(pdu.bufferOffset, AT.bufferOffset);
  header.writeUInt32BE(pdu.desiredLength, AT.residual);
  return header;
}

function asyncHeader(pdu: AsyncMessage): Buffer {
  const header = serialHeader(OPCODE.asyncMessage, FINAL, TAG_NONE, pdu);
  writeLun(header, pdu.lun);
  header[36] = pdu.event;
  header[37] = pdu.vendorCode;
  header.writeUInt16BE(pdu.parameter1, 38);
  header.writeUInt16BE(pdu.parameter2, 40);
  header.writeUInt16BE(pdu.parameter3, 42);
  return header;
}

/** The 48-byte header, data length still zero. */
export function targetHeader(pdu: TargetPdu): Buffer {
  switch (pdu.kind) {
    case "dataIn":
      return dataInHeader(pdu);
    case "scsiResponse":
      return scsiResponseHeader(pdu);
    case "r2t":
      return r2tHeader(pdu);
    case "loginResponse":
      return loginHeader(pdu);
    case "asyncMessage":
      return asyncHeader(pdu);
    case "nopIn": {
      const header = serialHeader(OPCODE.nopIn, FINAL, pdu.itt, pdu);
      writeLun(header, pdu.lun);
      header.writeUInt32BE(pdu.ttt, AT.ttt);
      return header;
    }
    case "textResponse": {
      const flags = (pdu.final ? FINAL : 0) | (pdu.continued ? CONTINUE : 0);
      const header = serialHeader(OPCODE.textResponse, flags, pdu.itt, pdu);
      writeLun(header, pdu.lun);
      header.writeUInt32BE(pdu.ttt, AT.ttt);
      return header;
    }
    case "taskManagementResponse": {
      const header = serialHeader(OPCODE.taskManagementResponse, FINAL, pdu.itt, pdu);
      header[2] = pdu.response;
      return header;
    }
    case "logoutResponse": {
      const header = serialHeader(OPCODE.logoutResponse, FINAL, pdu.itt, pdu);
      header[2] = pdu.response;
      header.writeUInt16BE(pdu.time2Wait, 40);
      header.writeUInt16BE(pdu.time2Retain, 42);
      return header;
    }
    case "reject": {
      const header = serialHeader(OPCODE.reject, FINAL, TAG_NONE, pdu);
      header[2] = pdu.reason;
      header.writeUInt32BE(pdu.dataSn, AT.dataSn);
      return header;
    }
    default:
      return assertNever(pdu);
  }
}

const parseSerials = (header: Buffer): Serials => ({
  statSn: header.readUInt32BE(AT.serial),
  expCmdSn: header.readUInt32BE(AT.expSerial),
  maxCmdSn: header.readUInt32BE(AT.maxCmdSn),
});

const parseTags = (header: Buffer): { lun: number; itt: number; ttt: number } => ({
  lun: readLun(header),
  itt: header.readUInt32BE(AT.itt),
  ttt: header.readUInt32BE(AT.ttt),
});

const parseResidual = (
  header: Buffer,
): { overflow: boolean; underflow: boolean; residual: number } => ({
  overflow: hasFlag(header, OVERFLOW),
  underflow: hasFlag(header, UNDERFLOW),
  residual: header.readUInt32BE(AT.residual),
});

function parseDataIn(header: Buffer, data: ScatterList): DataIn {
  return {
    kind: "dataIn",
    final: hasFlag(header, FINAL),
    acknowledge: hasFlag(header, ACKNOWLEDGE),
    hasStatus: hasFlag(header, HAS_STATUS),
    ...parseResidual(header),
    status: header.readUInt8(3),
    ...parseTags(header),
    ...parseSerials(header),
    dataSn: header.readUInt32BE(AT.dataSn),
    bufferOffset: header.readUInt32BE(AT.bufferOffset),
    data,
  };
}

function parseLogin(header: Buffer, data: ScatterList): LoginResponse {
  const flags = header.readUInt8(AT.flags);
  return {
    kind: "loginResponse",
    transit: (flags & FINAL) !== 0,
    continued: (flags & CONTINUE) !== 0,
    csg: (flags >> 2) & 3,
    nsg: flags & 3,
    versionMax: header.readUInt8(2),
    versionActive: header.readUInt8(3),
    isid: header.toString("hex", AT.isid, AT.isid + 6),
    tsih: header.readUInt16BE(AT.tsih),
    itt: header.readUInt32BE(AT.itt),
    ...parseSerials(header),
    status: header.readUInt16BE(36),
    data,
  };
}

function parseAsync(header: Buffer, data: ScatterList): AsyncMessage {
  return {
    kind: "asyncMessage",
    lun: readLun(header),
    ...parseSerials(header),
    event: header.readUInt8(36),
    vendorCode: header.readUInt8(37),
    parameter1: header.readUInt16BE(38),
    parameter2: header.readUInt16BE(40),
    parameter3: header.readUInt16BE(42),
    data,
  };
}

type TargetParser = (header: Buffer, data: ScatterList) => TargetPdu;

const PARSERS: Readonly<Record<number, TargetParser>> = {
  [OPCODE.dataIn]: parseDataIn,
  [OPCODE.loginResponse]: parseLogin,
  [OPCODE.asyncMessage]: parseAsync,
  [OPCODE.scsiResponse]: (header, data) => ({
    kind: "scsiResponse",
    ...parseResidual(header),
    response: header.readUInt8(2),
    status: header.readUInt8(3),
    itt: header.readUInt32BE(AT.itt),
    ...parseSerials(header),
    expDataSn: header.readUInt32BE(AT.dataSn),
    data,
  }),
  [OPCODE.r2t]: (header) => ({
    kind: "r2t",
    ...parseTags(header),
    ...parseSerials(header),
    r2tSn: header.readUInt32BE(AT.dataSn),
    bufferOffset: header.readUInt32BE(AT.bufferOffset),
    desiredLength: header.readUInt32BE(AT.residual),
  }),
  [OPCODE.nopIn]: (header, data) => ({
    kind: "nopIn",
    ...parseTags(header),
    ...parseSerials(header),
    data,
  }),
  [OPCODE.textResponse]: (header, data) => ({
    kind: "textResponse",
    final: hasFlag(header, FINAL),
    continued: hasFlag(header, CONTINUE),
    ...parseTags(header),
    ...parseSerials(header),
    data,
  }),
  [OPCODE.taskManagementResponse]: (header) => ({
    kind: "taskManagementResponse",
    response: header.readUInt8(2),
    itt: header.readUInt32BE(AT.itt),
    ...parseSerials(header),
  }),
  [OPCODE.logoutResponse]: (header) => ({
    kind: "logoutResponse",
    response: header.readUInt8(2),
    itt: header.readUInt32BE(AT.itt),
    ...parseSerials(header),
    time2Wait: header.readUInt16BE(40),
    time2Retain: header.readUInt16BE(42),
  }),
  [OPCODE.reject]: (header, data) => ({
    kind: "reject",
    reason: header.readUInt8(2),
    ...parseSerials(header),
    dataSn: header.readUInt32BE(AT.dataSn),
    data,
  }),
};

/** What an initiator makes of a header; `data` is complete and checked. */
export function parseTargetPdu(
  header: Buffer,
  _ahs: Buffer | undefined,
  data: ScatterList,
): TargetPdu | UnknownPdu {
  const opcode = opcodeOf(header);
  const parser = PARSERS[opcode];
  if (parser) return parser(header, data);
  const itt = header.readUInt32BE(AT.itt);
  return { kind: "unknown", opcode, immediate: false, itt, header, data };
}
