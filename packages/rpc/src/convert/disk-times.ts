// How long the operations of a disk take: message <-> domain.
import type { DiskTimes__Output } from "../gen/ashlar/v1/DiskTimes.ts";
import type { OperationTimes__Output } from "../gen/ashlar/v1/OperationTimes.ts";
import { safeNumber } from "./scalars.ts";

/** Operations of one kind in one slot, those that have not ended among them. */
export interface OperationTimes {
  readonly count: number;
  /** Milliseconds: three of four took no longer, or have not taken longer yet. */
  readonly quartileMs: number;
  /** Milliseconds of the slot in which there was one. */
  readonly busyMs: number;
}

/** Of the last slot that is over. */
export interface DiskTimes {
  /** Counted by the process that tells. */
  readonly slot: number;
  readonly slotMs: number;
  readonly reads: OperationTimes;
  readonly syncs: OperationTimes;
}

const NONE: OperationTimes = { count: 0, quartileMs: 0, busyMs: 0 };

const operationTimes = (message: OperationTimes__Output | null): OperationTimes =>
  message
    ? {
        count: safeNumber(message.count),
        quartileMs: figure(message.quartileMs),
        busyMs: figure(message.busyMs),
      }
    : NONE;

export const diskTimes = (message: DiskTimes__Output): DiskTimes => ({
  slot: safeNumber(message.slot),
  slotMs: message.slotMs,
  reads: operationTimes(message.reads),
  syncs: operationTimes(message.syncs),
});

/** Disks are judged by these: what is no figure counts for nothing. */
const figure = (value: number): number => (Number.isFinite(value) ? Math.max(0, value) : 0);
