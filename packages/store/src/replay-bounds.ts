// What a journal or directory says is within its chunk and within the disk, before anything is done by it:
// a structure that is whole and makes no sense is damage, not a reason to write elsewhere.
import { CHECKSUM_UNIT, EXTENT_SIZE, UNITS_PER_EXTENT } from "@ashlar/core";
import { corrupt } from "./format.ts";
import { type HeldEntry, type LogRecord, wholeCountOf } from "./log-record.ts";
import { PAGE_SPAN } from "./page.ts";

export interface ReplayBounds {
  readonly chunkSize: number;
  /** Extents of the disk are numbered 1 .. extentCount. */
  readonly extentCount: number;
}

const isOnDisk = (physical: number, { extentCount }: ReplayBounds): boolean =>
  physical >= 1 && physical <= extentCount;

function entryFits(entry: HeldEntry, bounds: ReplayBounds): boolean {
  const { offset, length, physical } = entry;
  if (offset + length > bounds.chunkSize) return false;
  if (entry.kind === "noop") return length === 0 && physical.length === 0;
  if (length === 0 || length % CHECKSUM_UNIT !== 0) return false;
  const isPlaced = physical.length === 0 || physical.length === wholeCountOf(offset, length);
  return isPlaced && physical.every((extent) => isOnDisk(extent, bounds));
}

function recordFits(record: LogRecord, bounds: ReplayBounds): boolean {
  if (record.kind === "entry") return entryFits(record.entry, bounds);
  if (record.kind === "repair") return record.unit < bounds.chunkSize / CHECKSUM_UNIT;
  if (record.kind !== "copy") return true;
  const { extent, physical, checksums } = record;
  const isIn = extent < bounds.chunkSize / EXTENT_SIZE;
  if (physical === 0) return isIn && checksums.length === 0;
  return isIn && isOnDisk(physical, bounds) && checksums.length === UNITS_PER_EXTENT;
}

/** @throws SystemError disk/corrupt */
export function requireFit(record: LogRecord, bounds: ReplayBounds): void {
  if (recordFits(record, bounds)) return;
  throw corrupt(`a record of the store (${record.kind}) reaches beyond its chunk or the disk`);
}

/** @throws SystemError disk/corrupt */
export function requirePageIndex(pageIndex: number, { chunkSize }: ReplayBounds): void {
  if (pageIndex * PAGE_SPAN < chunkSize) return;
  throw corrupt("the directory names a page beyond its chunk", { pageIndex });
}
