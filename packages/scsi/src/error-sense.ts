// The one table from error codes to what an initiator sees. Trouble in the cluster is BUSY, never
// MEDIUM ERROR and never a conflict: hosts answer those by taking the disk away. Only data that no
// replica has in good order is a medium error. A compare-and-write whose fate is unknown has no true
// answer at all: BUSY would say "not done", and hosts hold locks by these.
import { type ErrorCode, type SystemError, toSystemError } from "@ashlar/core";
import { type CommandResult, checkCondition, withStatus } from "./result.ts";
import { SENSE, type Sense, STATUS } from "./sense.ts";

const BUSY = "busy";
const CONFLICT = "conflict";
const FATE_UNKNOWN = "fateUnknown";
type Other = typeof BUSY | typeof CONFLICT | typeof FATE_UNKNOWN;

const OUTCOMES: Readonly<Record<ErrorCode, Sense | Other>> = {
  "argument/invalid": SENSE.internalTargetFailure,
  "cluster/wrong-cluster": BUSY,
  "cluster/unavailable": BUSY,
  "cluster/exists": SENSE.internalTargetFailure,
  "member/unknown": SENSE.internalTargetFailure,
  "member/exists": SENSE.internalTargetFailure,
  "member/removed": SENSE.internalTargetFailure,
  "member/needed": SENSE.internalTargetFailure,
  "config/invalid": SENSE.internalTargetFailure,
  "config/port-in-use": SENSE.internalTargetFailure,
  "config/no-space": SENSE.internalTargetFailure,
  "config/no-network": SENSE.internalTargetFailure,
  "node/not-found": BUSY,
  "node/down": BUSY,
  "node/superseded": BUSY,
  "node/busy": BUSY,
  "node/needed": BUSY,
  "recommendation/not-found": BUSY,
  "gateway/not-found": BUSY,
  "gateway/needed": BUSY,
  "process/not-found": BUSY,
  "process/failed": BUSY,
  "process/needed": BUSY,
  "lab/exists": SENSE.internalTargetFailure,
  "lab/not-found": SENSE.internalTargetFailure,
  "lab/not-running": SENSE.internalTargetFailure,
  "lab/running": SENSE.internalTargetFailure,
  "drill/impossible": SENSE.internalTargetFailure,
  "drill/unsafe": SENSE.internalTargetFailure,
  "volume/not-found": SENSE.unitNotSupported,
  "volume/exists": SENSE.internalTargetFailure,
  "volume/in-creation": SENSE.internalTargetFailure,
  "volume/bad-size": SENSE.internalTargetFailure,
  "volume/too-few-nodes": BUSY,
  "volume/in-use": SENSE.internalTargetFailure,
  "volume/changing": BUSY,
  "volume/not-fenced": BUSY,
  "volume/reserved": CONFLICT,
  "volume/out-of-range": SENSE.lbaOutOfRange,
  "volume/too-many-mappings": SENSE.internalTargetFailure,
  "host/not-found": SENSE.internalTargetFailure,
  "host/exists": SENSE.internalTargetFailure,
  "host/in-use": SENSE.internalTargetFailure,
  "host/initiator-taken": SENSE.internalTargetFailure,
  "host/not-mapped": SENSE.internalTargetFailure,
  "host/too-many": SENSE.internalTargetFailure,
  "chunk/not-found": BUSY,
  "chunk/stale-epoch": BUSY,
  "chunk/not-primary": BUSY,
  "chunk/not-active": BUSY,
  "chunk/stale-generation": BUSY,
  "chunk/bad-checksum": SENSE.unrecoveredReadError,
  "chunk/unavailable": BUSY,
  "disk/not-found": BUSY,
  "disk/needed": BUSY,
  // Space can be added while the host waits; 07/27/07 would make Windows take the disk offline.
  "disk/no-space": SENSE.spaceAllocationInProgress,
  "disk/failed": BUSY,
  "disk/corrupt": BUSY,
  "disk/foreign": BUSY,
  "disk/locked": BUSY,
  "catalog/conflict": BUSY,
  "catalog/refused": BUSY,
  "raft/not-leader": BUSY,
  "raft/diverged": BUSY,
  "raft/session-expired": BUSY,
  "rpc/unavailable": BUSY,
  "rpc/disconnected": BUSY,
  "rpc/deadline": BUSY,
  "rpc/too-large": SENSE.internalTargetFailure,
  "rpc/bad-frame": BUSY,
  "rpc/version": BUSY,
  "operation/timeout": FATE_UNKNOWN,
  "operation/aborted": SENSE.abortedCommand,
  "operation/miscompare": SENSE.miscompare,
  internal: SENSE.internalTargetFailure,
};

/** The result of a command whose block operation failed. */
export function resultOfError(thrown: unknown): CommandResult {
  const error: SystemError = toSystemError(thrown);
  const outcome = OUTCOMES[error.code];
  if (outcome === BUSY) return withStatus(STATUS.busy);
  if (outcome === CONFLICT) return withStatus(STATUS.reservationConflict);
  if (outcome === FATE_UNKNOWN) return { ...withStatus(STATUS.busy), fateUnknown: true };
  const { offset } = error.meta;
  if (outcome === SENSE.miscompare && typeof offset === "number") {
    return checkCondition({ ...outcome, information: offset });
  }
  return checkCondition(outcome);
}
