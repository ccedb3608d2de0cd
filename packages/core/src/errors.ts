// One error class for everything that can go wrong in operation. A code is stable and says who must
// do what; metadata is typed loosely and goes to the log and to `--json` as it is. Three tables map
// codes to gRPC status (rpc), SCSI sense (scsi) and exit status (cli), nowhere else.

/** Every code in use. Add here first; the tables are typed by this union, so none is forgotten. */
export const ERROR_CODES = [
  "argument/invalid",
  "cluster/wrong-cluster",
  "cluster/unavailable",
  "cluster/exists",
  "member/unknown",
  "member/exists",
  "member/removed",
  "member/needed",
  "config/invalid",
  "config/port-in-use",
  "config/no-space",
  "config/no-network",
  "node/not-found",
  "node/down",
  "node/superseded",
  "node/busy",
  "node/needed",
  "recommendation/not-found",
  "gateway/not-found",
  "gateway/needed",
  "process/not-found",
  "process/failed",
  "process/needed",
  "lab/exists",
  "lab/not-found",
  "lab/not-running",
  "lab/running",
  "drill/impossible",
  "drill/unsafe",
  "volume/not-found",
  "volume/exists",
  "volume/in-creation",
  "volume/bad-size",
  "volume/too-few-nodes",
  "volume/in-use",
  "volume/changing",
  "volume/not-fenced",
  "volume/reserved",
  "volume/out-of-range",
  "volume/too-many-mappings",
  "host/not-found",
  "host/exists",
  "host/in-use",
  "host/initiator-taken",
  "host/not-mapped",
  "host/too-many",
  "chunk/not-found",
  "chunk/stale-epoch",
  "chunk/not-primary",
  "chunk/not-active",
  "chunk/stale-generation",
  "chunk/bad-checksum",
  "chunk/unavailable",
  "disk/not-found",
  "disk/needed",
  "disk/no-space",
  "disk/failed",
  "disk/corrupt",
  "disk/foreign",
  "disk/locked",
  "catalog/conflict",
  "catalog/refused",
  "raft/not-leader",
  "raft/diverged",
  "raft/session-expired",
  "rpc/unavailable",
  "rpc/disconnected",
  "rpc/deadline",
  "rpc/too-large",
  "rpc/bad-frame",
  "rpc/version",
  "operation/timeout",
  "operation/aborted",
  "operation/miscompare",
  "internal",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

const KNOWN: ReadonlySet<string> = new Set(ERROR_CODES);
export const isErrorCode = (text: string): text is ErrorCode => KNOWN.has(text);

export interface ErrorMeta {
  /** What the reader can do about it, as one sentence without a full stop. */
  readonly hint?: string;
  readonly [field: string]: unknown;
}

/** An operating error: expected in the life of a cluster, handled by code or shown to a person. */
export class SystemError extends Error {
  override readonly name = "SystemError";
  readonly code: ErrorCode;
  readonly meta: ErrorMeta;

  constructor(code: ErrorCode, message: string, meta: ErrorMeta = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.meta = meta;
  }
}

/** The only converter of what `catch` gives: SystemErrors pass, all else becomes `fallback`. */
export function toSystemError(thrown: unknown, fallback: ErrorCode = "internal"): SystemError {
  if (thrown instanceof SystemError) return thrown;
  if (thrown instanceof Error) return new SystemError(fallback, thrown.message, {}, thrown);
  return new SystemError(fallback, String(thrown));
}

export const hasCode = (thrown: unknown, code: ErrorCode): thrown is SystemError =>
  thrown instanceof SystemError && thrown.code === code;
