// Error codes to exit statuses, one of the three borders at which codes are mapped. Typed by the
// union of codes, so that a new code does not compile before someone decided what it means here.
import type { ErrorCode } from "@ashlar/core";

export const EXIT = {
  done: 0,
  /** It was tried and did not work. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Possible to understand, but not allowed as things stand. */
  refused: 3,
} as const;
export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

const { failed, usage, refused } = EXIT;

export const EXIT_OF_CODE: Readonly<Record<ErrorCode, ExitStatus>> = {
  "argument/invalid": usage,
  "cluster/wrong-cluster": refused,
  "cluster/unavailable": failed,
  "cluster/exists": refused,
  "member/unknown": refused,
  "member/exists": refused,
  "member/removed": refused,
  "member/needed": refused,
  "config/invalid": usage,
  "config/port-in-use": failed,
  "config/no-space": failed,
  "config/no-network": failed,
  "node/not-found": failed,
  "node/down": failed,
  "node/superseded": failed,
  "node/busy": refused,
  "process/not-found": failed,
  "process/failed": failed,
  "lab/exists": refused,
  "lab/not-found": failed,
  "lab/not-running": failed,
  "lab/running": refused,
  "volume/not-found": failed,
  "volume/exists": refused,
  "volume/in-creation": refused,
  "volume/bad-size": usage,
  "volume/too-few-nodes": refused,
  "volume/in-use": refused,
  "volume/changing": refused,
  "volume/not-fenced": refused,
  "volume/out-of-range": failed,
  "chunk/not-found": failed,
  "chunk/stale-epoch": failed,
  "chunk/not-primary": failed,
  "chunk/not-active": failed,
  "chunk/stale-generation": failed,
  "chunk/bad-checksum": failed,
  "chunk/unavailable": failed,
  "disk/not-found": failed,
  "disk/needed": refused,
  "disk/no-space": failed,
  "disk/failed": failed,
  "disk/corrupt": failed,
  "disk/foreign": refused,
  "disk/locked": refused,
  "catalog/conflict": refused,
  "catalog/refused": refused,
  "raft/not-leader": failed,
  "raft/diverged": failed,
  "raft/session-expired": failed,
  "rpc/unavailable": failed,
  "rpc/disconnected": failed,
  "rpc/deadline": failed,
  "rpc/too-large": failed,
  "rpc/bad-frame": failed,
  "rpc/version": refused,
  "operation/timeout": failed,
  "operation/aborted": failed,
  "operation/miscompare": failed,
  internal: failed,
};
