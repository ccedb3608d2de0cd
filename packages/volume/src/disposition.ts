// What to do after an attempt that was not good: the only place that judges statuses and errors.
import type { ErrorCode } from "@ashlar/core";
import type { OperationStatusName } from "@ashlar/replica";

/** How long to wait before the next attempt, unless the chunk's configuration changes first. */
export interface Patience {
  readonly firstMs: number;
  /** Doubles up to here. */
  readonly lastMs: number;
}

/** The catalog will change, or has changed and our mirror lags. */
const UNTIL_CHANGE: Patience = { firstMs: 10, lastMs: 250 };
/** The primary is about to be ready by itself. */
const SHORTLY: Patience = { firstMs: 2, lastMs: 200 };

export interface Final {
  readonly kind: "final";
  readonly code: ErrorCode;
  readonly message: string;
}

export type Disposition =
  | { readonly kind: "done" }
  | Final
  | {
      readonly kind: "again";
      readonly patience: Patience;
      /** What it means when nothing else was heard for so long. */
      readonly inTheEnd?: { readonly afterMs: number; readonly final: Final };
    }
  /** Under a new identity, unless it may have taken effect under the one it had. */
  | { readonly kind: "renew"; readonly patience: Patience };

const untilChange: Disposition = { kind: "again", patience: UNTIL_CHANGE };
const shortly: Disposition = { kind: "again", patience: SHORTLY };

/**
 * A payload that was damaged on its way arrives the next time; of a copy that has rotted another one may be
 * on its way back, since a node restarts within a second. Then the host is to know which blocks are lost.
 */
const DAMAGE_PATIENCE_MS = 3_000;
const damaged: Disposition = {
  kind: "again",
  patience: SHORTLY,
  inTheEnd: {
    afterMs: DAMAGE_PATIENCE_MS,
    final: {
      kind: "final",
      code: "chunk/bad-checksum",
      message: "no copy holds what was written there",
    },
  },
};

export const DISPOSITION_OF_STATUS: Readonly<Record<OperationStatusName, Disposition>> = {
  good: { kind: "done" },
  staleEpoch: untilChange,
  notPrimary: untilChange,
  notActive: shortly,
  staleGeneration: untilChange,
  noSpace: { kind: "final", code: "disk/no-space", message: "no space left for the write" },
  badChecksum: damaged,
  miscompare: {
    kind: "final",
    code: "operation/miscompare",
    message: "the range holds other data than expected",
  },
  outOfRange: {
    kind: "final",
    code: "volume/out-of-range",
    message: "the range lies outside of the volume",
  },
  diskFailed: untilChange,
  busy: shortly,
  /** A newer token is needed, and for that perhaps a proof. */
  staleToken: shortly,
  // Both belong to an operation that was called back, whose outcome is judged elsewhere.
  cancelled: shortly,
  logged: shortly,
  // This gateway is registering anew, or has done so: see Registration.
  staleIncarnation: { kind: "renew", patience: UNTIL_CHANGE },
};

/**
 * Whether the answer proves of the attempt it belongs to that it was not logged and never will be: then an
 * operation with no attempt of unknown fate needs its opId no more (P10). Each copy that arrives is answered
 * once, and what a primary refuses it has looked up, not logged, and let go of.
 */
export const PROVES_NOT_LOGGED: Readonly<Record<OperationStatusName, boolean>> = {
  good: false,
  // An end of leadership answers both to what waits for its entry's commit: it may be in a log.
  staleEpoch: false,
  notPrimary: false,
  // Held for an activation that took too long, or beyond what is held; the activation decides nothing.
  notActive: true,
  // Before and after the wait for its range, but always before its LSN was assigned.
  staleGeneration: true,
  staleToken: true,
  noSpace: true,
  badChecksum: true,
  miscompare: true,
  outOfRange: true,
  busy: true,
  // Its store was gone when it came, or failed while the range was read; what was logged and waited for
  // its commit is told that nobody leads.
  diskFailed: true,
  cancelled: true,
  // Of a cancellation: the operation is in a log.
  logged: false,
  staleIncarnation: true,
};

/** Of a connection that failed or broke: the node restarts at once or its chunks move. */
export const DISPOSITION_OF_FAILURE = untilChange;
/** Of an answer that was damaged on its way. */
export const DISPOSITION_OF_DAMAGE = shortly;
