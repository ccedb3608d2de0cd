// What a verifier's run says: how much was done, how long it took, where it stood still, every
// error the initiator saw, and every unit that came back wrong.
import type { LatencySummary } from "@ashlar/runtime";

/**
 * lost: zeros (or the content from before the run) where an acknowledged write must be seen;
 * stale: an older write of the same unit; foreign: a whole stamp of another place, run or of a
 * write never issued; torn: a mix of whole writes; corrupt: anything else.
 */
export const FAULT_KINDS = ["lost", "stale", "foreign", "torn", "corrupt"] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** Byte offset of the unit. */
  readonly offset: number;
  readonly path: string;
  /** Write sequences that could legally be read; 0 is the content from before the run. */
  readonly legal: readonly number[];
  /** What was found, for people. */
  readonly found: string;
  /** Milliseconds since the verifier was made. */
  readonly atMs: number;
}

export interface OperationError {
  readonly operation: OperationKind;
  readonly offset: number;
  readonly length: number;
  readonly path: string;
  readonly code: string;
  readonly message: string;
  readonly atMs: number;
}

export const OPERATION_KINDS = ["read", "write", "unmap"] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

export interface OperationSummary extends LatencySummary {
  readonly bytes: number;
  readonly errors: number;
}

export interface VerifierReport {
  readonly runId: number;
  readonly seed: number;
  readonly elapsedMs: number;
  readonly operations: Readonly<Record<OperationKind, OperationSummary>>;
  /** Longest time with operations in flight and none completing. */
  readonly longestStallMs: number;
  /** When the longest stall began, milliseconds since the verifier was made. */
  readonly longestStallAtMs: number;
  readonly unitsWritten: number;
  readonly unitsChecked: number;
  readonly faultCounts: Readonly<Record<FaultKind, number>>;
  /** The first ones; the counts are complete. */
  readonly faults: readonly Fault[];
  readonly errorCount: number;
  readonly errors: readonly OperationError[];
}

/** Whether every unit read was right. Errors of operations are judged by whoever reads them. */
export const isClean = (report: VerifierReport): boolean =>
  FAULT_KINDS.every((kind) => report.faultCounts[kind] === 0);
