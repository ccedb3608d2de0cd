// What a store takes for granted of what it is given, asked before anything is logged: no operation
// of a gateway and no message of a peer may reach the store's assertions, which end the process.
import {
  alignDown,
  alignUp,
  CHECKSUM_UNIT,
  EXTENT_SIZE,
  isAligned,
  type Lsn,
  OP_LENGTH_MAX,
  scatterLength,
} from "@ashlar/core";
import type { ExtentCopy } from "./chunk-store.ts";
import { OPERATION_SPAN_MAX, OPERATION_WINDOWS_MAX, WINDOW_OPERATIONS_MAX } from "./limits.ts";
import type { LogEntry, OpId } from "./log-entry.ts";
import type { OperationWindow } from "./operation-windows.ts";
import type { Operation } from "./operations.ts";

/** Incarnations, operations and LSNs are counted below this in the journal. */
const COUNT_MAX = 2 ** 48;

/** Operations are addressed in sectors. */
const SECTOR = 512;

const isCounted = ({ incarnation, seq }: OpId): boolean =>
  incarnation < COUNT_MAX && seq < COUNT_MAX;

/** Whether an LSN can be journaled. */
export const isJournalable = ({ seq }: Lsn): boolean => seq < COUNT_MAX;

const isRange = (offset: number, length: number, unit: number): boolean =>
  offset >= 0 && length >= 0 && isAligned(offset, unit) && isAligned(length, unit);

/** Whether an operation lies within its chunk and, widened to whole units, within one entry. */
export function isWithinBounds(operation: Operation, chunkSize: number): boolean {
  const { kind, offset, length } = operation;
  const unit = kind === "unmap" ? CHECKSUM_UNIT : SECTOR;
  if (!isRange(offset, length, unit) || offset + length > chunkSize) return false;
  if (kind !== "read" && !isCounted(operation.opId)) return false;
  if (kind === "unmap") return true;
  if (kind === "read") return length <= OP_LENGTH_MAX;
  const widened = alignUp(offset + length, CHECKSUM_UNIT) - alignDown(offset, CHECKSUM_UNIT);
  const payloads = kind === "compareAndWrite" ? 2 : 1;
  return widened <= OP_LENGTH_MAX && scatterLength(operation.data) === payloads * length;
}

/** Whether an entry may follow `prev` in the log of a chunk, in a session of `epoch`. */
export function isStorable(
  entry: LogEntry,
  { prev, epoch, chunkSize }: { prev: Lsn; epoch: number; chunkSize: number },
): boolean {
  const { lsn, offset, length } = entry;
  if (!isJournalable(lsn) || !isCounted(entry.opId)) return false;
  if (!isWithinSpan(entry.opId.seq, entry.lowestUnresolvedSeq)) return false;
  if (lsn.seq !== prev.seq + 1 || lsn.epoch < prev.epoch || lsn.epoch > epoch) return false;
  if (!isRange(offset, length, CHECKSUM_UNIT) || offset + length > chunkSize) return false;
  if (entry.kind !== "write") return true;
  const { data, checksums } = entry;
  const isOne = length > 0 && length <= OP_LENGTH_MAX;
  return isOne && scatterLength(data) === length && checksums.length * CHECKSUM_UNIT === length;
}

/** Whether windows can be stored and sent on, and say what windows say. */
export const areWindows = (windows: readonly OperationWindow[]): boolean =>
  windows.length <= OPERATION_WINDOWS_MAX && windows.every(isWindow);

function isWindow({ incarnation, lowestUnresolvedSeq, seqs }: OperationWindow): boolean {
  if (incarnation === 0 || !isCounted({ incarnation, seq: lowestUnresolvedSeq })) return false;
  // Those that waited for their range when the limit was asked for come on top.
  if (seqs.length > 2 * WINDOW_OPERATIONS_MAX) return false;
  let before = lowestUnresolvedSeq - 1;
  for (const seq of seqs) {
    if (seq <= before) return false;
    before = seq;
  }
  return before < COUNT_MAX && before - lowestUnresolvedSeq <= OPERATION_SPAN_MAX;
}

/** An operation's seq and the lowest one its gateway has not resolved, which is at most that. */
const isWithinSpan = (seq: number, lowestUnresolvedSeq: number): boolean =>
  lowestUnresolvedSeq >= 0 &&
  lowestUnresolvedSeq <= seq &&
  seq - lowestUnresolvedSeq <= OPERATION_SPAN_MAX;

/** Whether a copy names an extent of the chunk and carries what it says. */
export function isCopy(
  { extent, lastLsn, data, checksums }: ExtentCopy,
  chunkSize: number,
): boolean {
  const length = data ? EXTENT_SIZE : 0;
  if (extent < 0 || (extent + 1) * EXTENT_SIZE > chunkSize) return false;
  if (!isJournalable(lastLsn)) return false;
  return scatterLength(data ?? []) === length && checksums.length * CHECKSUM_UNIT === length;
}
