// Command descriptor blocks as an initiator writes them (SPC-4, SBC-3). On purpose not shared with
// the target: a mistake made twice in the same table would go unseen.
import { assert } from "@ashlar/core";

function cdb(opcode: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt8(opcode, 0);
  return bytes;
}

/** READ(16), WRITE(16), WRITE SAME(16) and the like: LBA at byte 2, length at byte 10. */
function blocks16(opcode: number, flags: number, lba: number, blocks: number): Buffer {
  assert(Number.isSafeInteger(lba) && lba >= 0 && blocks < 2 ** 32, "LBA and length in range");
  const bytes = cdb(opcode, 16);
  bytes.writeUInt8(flags, 1);
  bytes.writeBigUInt64BE(BigInt(lba), 2);
  bytes.writeUInt32BE(blocks, 10);
  return bytes;
}

function blocks10(opcode: number, flags: number, lba: number, blocks: number): Buffer {
  const bytes = cdb(opcode, 10);
  bytes.writeUInt8(flags, 1);
  bytes.writeUInt32BE(lba, 2);
  bytes.writeUInt16BE(blocks, 7);
  return bytes;
}

const FUA = 0x08;
const UNMAP_BIT = 0x08;

export const testUnitReady = (): Buffer => cdb(0x00, 6);

export function requestSense(allocationLength = 252): Buffer {
  const bytes = cdb(0x03, 6);
  bytes.writeUInt8(allocationLength, 4);
  return bytes;
}

/** Standard INQUIRY, or the vital product data page when one is named. */
export function inquiry(allocationLength: number, vpdPage?: number): Buffer {
  const bytes = cdb(0x12, 6);
  if (vpdPage !== undefined) {
    bytes.writeUInt8(1, 1);
    bytes.writeUInt8(vpdPage, 2);
  }
  bytes.writeUInt16BE(allocationLength, 3);
  return bytes;
}

export function modeSense10(page: number, allocationLength: number): Buffer {
  const bytes = cdb(0x5a, 10);
  bytes.writeUInt8(page, 2);
  bytes.writeUInt16BE(allocationLength, 7);
  return bytes;
}

export const readCapacity10 = (): Buffer => cdb(0x25, 10);

export function readCapacity16(allocationLength = 32): Buffer {
  const bytes = cdb(0x9e, 16);
  bytes.writeUInt8(0x10, 1);
  bytes.writeUInt32BE(allocationLength, 10);
  return bytes;
}

export function reportLuns(allocationLength: number): Buffer {
  const bytes = cdb(0xa0, 12);
  bytes.writeUInt32BE(allocationLength, 6);
  return bytes;
}

export const read10 = (lba: number, blocks: number): Buffer => blocks10(0x28, 0, lba, blocks);
export const write10 = (lba: number, blocks: number): Buffer => blocks10(0x2a, 0, lba, blocks);
export const read16 = (lba: number, blocks: number): Buffer => blocks16(0x88, 0, lba, blocks);
export const write16 = (lba: number, blocks: number, { fua = false } = {}): Buffer =>
  blocks16(0x8a, fua ? FUA : 0, lba, blocks);
export const synchronizeCache16 = (): Buffer => blocks16(0x91, 0, 0, 0);
export const writeSame16 = (lba: number, blocks: number, { unmap = false } = {}): Buffer =>
  blocks16(0x93, unmap ? UNMAP_BIT : 0, lba, blocks);

export const orWrite16 = (lba: number, blocks: number): Buffer => blocks16(0x8b, 0, lba, blocks);

/** Data out is `blocks` to compare, then `blocks` to write. */
export function compareAndWrite(lba: number, blocks: number): Buffer {
  assert(blocks >= 1 && blocks <= 255, "COMPARE AND WRITE counts blocks in one byte");
  const bytes = cdb(0x89, 16);
  bytes.writeBigUInt64BE(BigInt(lba), 2);
  bytes.writeUInt8(blocks, 13);
  return bytes;
}

/** UNMAP with its parameter list of one descriptor. */
export function unmap(lba: number, blocks: number): { cdb: Buffer; parameters: Buffer } {
  const parameters = Buffer.alloc(24);
  parameters.writeUInt16BE(22, 0);
  parameters.writeUInt16BE(16, 2);
  parameters.writeBigUInt64BE(BigInt(lba), 8);
  parameters.writeUInt32BE(blocks, 16);
  const bytes = cdb(0x42, 10);
  bytes.writeUInt16BE(parameters.length, 7);
  return { cdb: bytes, parameters };
}
