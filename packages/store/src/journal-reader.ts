// Reading the ring at open: batches from the cut on, as long as each follows the one before it, then
// the rest of the ring for a header that could not be there if the end were a torn write.
import type { DiskFile } from "@ashlar/runtime";
import { BATCH_BYTES_MAX, BLOCK_SIZE, corrupt, JOURNAL_START } from "./format.ts";
import { BATCH_HEADER_BYTES, batchIsWhole, decodeBatchHeader } from "./journal-batch.ts";
import { decodeRecord, type LogRecord } from "./log-record.ts";

/** Largest batch: its records' limit, its header, one record over the limit never. */
const BATCH_LENGTH_MAX = BATCH_BYTES_MAX + 64 * BLOCK_SIZE;
const SCAN_BYTES = 1024 * 1024;

export interface FoundBatch {
  readonly position: number;
  /** Where the batch before it ended. */
  readonly previousEnd: number;
  readonly filePosition: number;
  readonly bytes: Buffer;
  readonly records: readonly LogRecord[];
}

export interface RingPlace {
  readonly journalBytes: number;
  readonly seed: number;
  readonly replayFrom: number;
}

export interface JournalFound {
  readonly end: number;
  readonly batches: number;
  readonly last: FoundBatch | undefined;
}

/**
 * Calls `onBatch` for each whole batch in order; the last one only if `lastIsWhole` says that what
 * went out with it is there too.
 * @throws SystemError disk/corrupt
 */
export async function readJournal(
  file: DiskFile,
  ring: RingPlace,
  {
    onBatch,
    lastIsWhole,
  }: {
    readonly onBatch: (batch: FoundBatch) => Promise<void>;
    readonly lastIsWhole: (batch: FoundBatch) => Promise<boolean>;
  },
): Promise<JournalFound> {
  let previousEnd = ring.replayFrom;
  let kept: FoundBatch | undefined;
  let batches = 0;
  for (;;) {
    const found = await readNext(file, ring, previousEnd);
    if (!found) break;
    if (kept) await onBatch(kept);
    kept = found;
    batches += 1;
    previousEnd = found.position + found.bytes.length;
  }
  await refuseLaterBatches(file, ring, previousEnd);
  if (kept && !(await lastIsWhole(kept))) {
    // Its place is written again by the next batch; nothing of it was ever acknowledged.
    return { end: kept.previousEnd, batches: batches - 1, last: undefined };
  }
  if (kept) await onBatch(kept);
  return { end: previousEnd, batches, last: kept };
}

async function readNext(
  file: DiskFile,
  ring: RingPlace,
  previousEnd: number,
): Promise<FoundBatch | undefined> {
  const within = previousEnd % ring.journalBytes;
  const candidates = [previousEnd, previousEnd - within + ring.journalBytes];
  for (const position of within === 0 ? [previousEnd] : candidates) {
    if (position >= ring.replayFrom + ring.journalBytes) continue;
    const found = await readBatchAt(file, ring, position);
    if (found && found.previousEnd === previousEnd) return found;
  }
  return undefined;
}

async function readBatchAt(
  file: DiskFile,
  ring: RingPlace,
  position: number,
): Promise<FoundBatch | undefined> {
  const filePosition = JOURNAL_START + (position % ring.journalBytes);
  const block = Buffer.alloc(BLOCK_SIZE);
  await file.read(filePosition, block);
  const header = decodeBatchHeader(block, ring.seed);
  if (!header || header.position !== position || header.length > BATCH_LENGTH_MAX) return undefined;
  const bytes = Buffer.alloc(header.length);
  await file.read(filePosition, bytes);
  if (!batchIsWhole(bytes, header, ring.seed)) return undefined;
  const records: LogRecord[] = [];
  for (let at = BATCH_HEADER_BYTES; records.length < header.recordCount; ) {
    const { record, next } = decodeRecord(bytes, at);
    records.push(record);
    at = next;
  }
  return { position, filePosition, bytes, records, previousEnd: header.previousEnd };
}

async function refuseLaterBatches(file: DiskFile, ring: RingPlace, end: number): Promise<void> {
  for (let start = 0; start < ring.journalBytes; start += SCAN_BYTES) {
    const part = Buffer.alloc(Math.min(SCAN_BYTES, ring.journalBytes - start));
    await file.read(JOURNAL_START + start, part);
    for (let at = 0; at < part.length; at += BLOCK_SIZE) {
      const header = decodeBatchHeader(part.subarray(at, at + BLOCK_SIZE), ring.seed);
      if (header && header.position > end && header.previousEnd > end) {
        throw corrupt("a damaged batch lies before later ones in the journal", { position: end });
      }
    }
  }
}
