// One group commit as it lies in the ring: a header, then records. Positions count bytes since the
// store was made, so a header from an earlier round of the ring never passes for a current one; the
// place in the ring is position mod size. A batch does not wrap: the rest of the ring is skipped, and
// `previousEnd` says where the batch before it ended, so the skip is no gap.
import { crc32c } from "@ashlar/core";
import { BLOCK_SIZE, FORMAT_VERSION, MAGIC, readU64, writeU64 } from "./format.ts";
import { encodeRecord, type LogRecord } from "./log-record.ts";

export interface BatchHeader {
  readonly position: number;
  /** Position where the batch before this one ended. */
  readonly previousEnd: number;
  /** Bytes in the ring, header and padding included: whole blocks. */
  readonly length: number;
  readonly recordCount: number;
  readonly bodyCrc: number;
}

export const BATCH_HEADER_BYTES = 64;
const HEADER_CRC_AT = 8;

export const batchLength = (recordBytes: number): number =>
  Math.ceil((BATCH_HEADER_BYTES + recordBytes) / BLOCK_SIZE) * BLOCK_SIZE;

export interface BatchPlace {
  readonly position: number;
  readonly previousEnd: number;
  readonly length: number;
  readonly seed: number;
}

/** The batch as one buffer; entries' edges refer to it from then on (see encodeRecord). */
export function encodeBatch(records: readonly LogRecord[], place: BatchPlace): Buffer {
  const batch = Buffer.allocUnsafeSlow(place.length);
  let at = BATCH_HEADER_BYTES;
  for (const record of records) at = encodeRecord(record, batch, at);
  batch.fill(0, at);
  batch.fill(0, 0, BATCH_HEADER_BYTES);
  batch.writeUInt32LE(MAGIC.batch, 0);
  batch.writeUInt16LE(FORMAT_VERSION, 4);
  batch.writeUInt32LE(crc32c(batch.subarray(BATCH_HEADER_BYTES), place.seed), 12);
  writeU64(batch, place.position, 16);
  writeU64(batch, place.previousEnd, 24);
  batch.writeUInt32LE(place.length, 32);
  batch.writeUInt32LE(records.length, 36);
  batch.writeUInt32LE(crc32c(batch.subarray(0, BATCH_HEADER_BYTES), place.seed), HEADER_CRC_AT);
  return batch;
}

/** Undefined when there is no whole header of this store. */
export function decodeBatchHeader(source: Buffer, seed: number): BatchHeader | undefined {
  if (source.readUInt32LE(0) !== MAGIC.batch) return undefined;
  const header = Buffer.from(source.subarray(0, BATCH_HEADER_BYTES));
  header.writeUInt32LE(0, HEADER_CRC_AT);
  if (crc32c(header, seed) !== source.readUInt32LE(HEADER_CRC_AT)) return undefined;
  if (header.readUInt16LE(4) !== FORMAT_VERSION) return undefined;
  return {
    position: readU64(header, 16),
    previousEnd: readU64(header, 24),
    length: header.readUInt32LE(32),
    recordCount: header.readUInt32LE(36),
    bodyCrc: header.readUInt32LE(12),
  };
}

export const batchIsWhole = (batch: Buffer, header: BatchHeader, seed: number): boolean =>
  batch.length === header.length &&
  crc32c(batch.subarray(BATCH_HEADER_BYTES), seed) === header.bodyCrc;
