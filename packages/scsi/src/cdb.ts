// Fields of CDBs. LBAs of 64 bits become numbers: one beyond 2^53 loses its low digits, but then it
// lies beyond every volume (64 TiB) and only has to compare as out of range.

const TWO_TO_32 = 2 ** 32;

export const readUInt64 = (bytes: Buffer, at: number): number =>
  bytes.readUInt32BE(at) * TWO_TO_32 + bytes.readUInt32BE(at + 4);

export function writeUInt64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(value / TWO_TO_32), at);
  bytes.writeUInt32BE(value % TWO_TO_32, at + 4);
}

/** CDBs of one command in several lengths: where LBA and transfer length stand. */
export interface RangeLayout {
  readonly lba: (cdb: Buffer) => number;
  readonly count: (cdb: Buffer) => number;
  /** Byte of the transfer length, for field pointers. */
  readonly countAt: number;
}

const SIX_BYTE_LBA = 0x1fffff;

export const RANGE_6: RangeLayout = {
  lba: (cdb) => cdb.readUIntBE(1, 3) & SIX_BYTE_LBA,
  count: (cdb) => cdb.readUInt8(4) || 256,
  countAt: 4,
};
export const RANGE_10: RangeLayout = {
  lba: (cdb) => cdb.readUInt32BE(2),
  count: (cdb) => cdb.readUInt16BE(7),
  countAt: 7,
};
export const RANGE_12: RangeLayout = {
  lba: (cdb) => cdb.readUInt32BE(2),
  count: (cdb) => cdb.readUInt32BE(6),
  countAt: 6,
};
export const RANGE_16: RangeLayout = {
  lba: (cdb) => readUInt64(cdb, 2),
  count: (cdb) => cdb.readUInt32BE(10),
  countAt: 10,
};
