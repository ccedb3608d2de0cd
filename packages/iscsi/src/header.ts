// Fields that several PDUs share, at their fixed places in the 48-byte header.
import { BHS_LENGTH } from "./opcode.ts";
import { LUN_NONE } from "./pdu.ts";

export const AT = {
  flags: 1,
  ahsWords: 4,
  dataLength: 5,
  lun: 8,
  isid: 8,
  tsih: 14,
  itt: 16,
  ttt: 20,
  serial: 24,
  expSerial: 28,
  maxCmdSn: 32,
  dataSn: 36,
  bufferOffset: 40,
  residual: 44,
} as const;

export const IMMEDIATE = 0x40;
export const FINAL = 0x80;
export const CONTINUE = 0x40;
const OPCODE_MASK = 0x3f;
const FLAT_ADDRESSING = 0x40;
const SINGLE_LEVEL_MAX = 255;

/** A header of zeros but for its opcode byte and flags. */
export function newHeader(opcode: number, flags: number): Buffer {
  const header = Buffer.allocUnsafe(BHS_LENGTH).fill(0);
  header[0] = opcode;
  header[AT.flags] = flags;
  return header;
}

export const opcodeOf = (header: Buffer): number => header.readUInt8(0) & OPCODE_MASK;
export const isImmediate = (header: Buffer): boolean => (header.readUInt8(0) & IMMEDIATE) !== 0;
export const ahsLengthOf = (header: Buffer): number => header.readUInt8(AT.ahsWords) * 4;
export const dataLengthOf = (header: Buffer): number => header.readUIntBE(AT.dataLength, 3);
export const hasFlag = (header: Buffer, flag: number): boolean =>
  (header.readUInt8(AT.flags) & flag) !== 0;

export function writeLun(header: Buffer, lun: number): void {
  if (lun <= SINGLE_LEVEL_MAX) header[AT.lun + 1] = lun;
  else header.writeUInt16BE((FLAT_ADDRESSING << 8) | lun, AT.lun);
}

export function readLun(header: Buffer): number {
  const first = header.readUInt16BE(AT.lun);
  const deeper = header.readUInt16BE(AT.lun + 2) | header.readUInt32BE(AT.lun + 4);
  if (deeper !== 0) return LUN_NONE;
  const method = (first >> 8) & 0xc0;
  if (method === 0 && first <= SINGLE_LEVEL_MAX) return first;
  return method === FLAT_ADDRESSING ? first & 0x3fff : LUN_NONE;
}
