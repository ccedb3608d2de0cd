// Errors across gRPC. A SystemError travels whole (code, message, meta) in a trailer; the status beside
// it is for foreign clients and for what grpc itself answers. This is the only table of the two.
import { type ErrorCode, isErrorCode, SystemError, toSystemError } from "@ashlar/core";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";

/** Trailer with the SystemError as JSON. */
const ERROR_KEY = "ashlar-error-bin";
/** Meta beyond this is dropped: trailers are headers, and HTTP/2 peers bound those at 16 KiB. */
const ERROR_LENGTH_MAX = 6 * 1024;

const STATUS_OF_CODE: Readonly<Record<ErrorCode, status>> = {
  "argument/invalid": status.INVALID_ARGUMENT,
  "cluster/wrong-cluster": status.PERMISSION_DENIED,
  "cluster/unavailable": status.UNAVAILABLE,
  "cluster/exists": status.ALREADY_EXISTS,
  "member/unknown": status.NOT_FOUND,
  "member/exists": status.ALREADY_EXISTS,
  "member/removed": status.FAILED_PRECONDITION,
  "member/needed": status.FAILED_PRECONDITION,
  "config/invalid": status.FAILED_PRECONDITION,
  "config/port-in-use": status.FAILED_PRECONDITION,
  "config/no-space": status.RESOURCE_EXHAUSTED,
  "config/no-network": status.FAILED_PRECONDITION,
  "node/not-found": status.NOT_FOUND,
  "node/down": status.FAILED_PRECONDITION,
  "node/superseded": status.ABORTED,
  "node/busy": status.UNAVAILABLE,
  "node/needed": status.FAILED_PRECONDITION,
  "recommendation/not-found": status.NOT_FOUND,
  "gateway/not-found": status.NOT_FOUND,
  "gateway/needed": status.FAILED_PRECONDITION,
  "process/not-found": status.NOT_FOUND,
  "process/failed": status.FAILED_PRECONDITION,
  "process/needed": status.FAILED_PRECONDITION,
  "lab/exists": status.ALREADY_EXISTS,
  "lab/not-found": status.NOT_FOUND,
  "lab/not-running": status.FAILED_PRECONDITION,
  "lab/running": status.FAILED_PRECONDITION,
  "drill/impossible": status.FAILED_PRECONDITION,
  "drill/unsafe": status.FAILED_PRECONDITION,
  "volume/not-found": status.NOT_FOUND,
  "volume/exists": status.ALREADY_EXISTS,
  "volume/in-creation": status.ALREADY_EXISTS,
  "volume/bad-size": status.INVALID_ARGUMENT,
  "volume/too-few-nodes": status.FAILED_PRECONDITION,
  "volume/in-use": status.FAILED_PRECONDITION,
  "volume/changing": status.ABORTED,
  "volume/not-fenced": status.UNAVAILABLE,
  "volume/reserved": status.FAILED_PRECONDITION,
  "volume/out-of-range": status.OUT_OF_RANGE,
  "volume/too-many-mappings": status.RESOURCE_EXHAUSTED,
  "host/not-found": status.NOT_FOUND,
  "host/exists": status.ALREADY_EXISTS,
  "host/in-use": status.FAILED_PRECONDITION,
  "host/initiator-taken": status.ALREADY_EXISTS,
  "host/not-mapped": status.FAILED_PRECONDITION,
  "host/too-many": status.RESOURCE_EXHAUSTED,
  "chunk/not-found": status.NOT_FOUND,
  "chunk/stale-epoch": status.ABORTED,
  "chunk/not-primary": status.ABORTED,
  "chunk/not-active": status.UNAVAILABLE,
  "chunk/stale-generation": status.ABORTED,
  "chunk/bad-checksum": status.DATA_LOSS,
  "chunk/unavailable": status.UNAVAILABLE,
  "disk/not-found": status.NOT_FOUND,
  "disk/needed": status.FAILED_PRECONDITION,
  "disk/no-space": status.RESOURCE_EXHAUSTED,
  "disk/failed": status.INTERNAL,
  "disk/corrupt": status.DATA_LOSS,
  "disk/foreign": status.FAILED_PRECONDITION,
  "disk/locked": status.FAILED_PRECONDITION,
  "catalog/conflict": status.ABORTED,
  "catalog/refused": status.FAILED_PRECONDITION,
  "raft/not-leader": status.UNAVAILABLE,
  "raft/diverged": status.DATA_LOSS,
  "raft/session-expired": status.ABORTED,
  "rpc/unavailable": status.UNAVAILABLE,
  "rpc/disconnected": status.UNAVAILABLE,
  "rpc/deadline": status.DEADLINE_EXCEEDED,
  "rpc/too-large": status.RESOURCE_EXHAUSTED,
  "rpc/bad-frame": status.INTERNAL,
  "rpc/version": status.UNIMPLEMENTED,
  "operation/timeout": status.DEADLINE_EXCEEDED,
  "operation/aborted": status.CANCELLED,
  "operation/miscompare": status.FAILED_PRECONDITION,
  internal: status.INTERNAL,
};

/** What a status without our trailer means: it came from grpc, not from a service. */
const CODE_OF_STATUS: Readonly<Partial<Record<status, ErrorCode>>> = {
  [status.UNAVAILABLE]: "rpc/unavailable",
  [status.DEADLINE_EXCEEDED]: "rpc/deadline",
  // Our own cancellations end with their signal's reason, so this one was the peer's: it stopped.
  [status.CANCELLED]: "rpc/disconnected",
  [status.UNIMPLEMENTED]: "rpc/version",
  [status.RESOURCE_EXHAUSTED]: "rpc/too-large",
  [status.INVALID_ARGUMENT]: "argument/invalid",
};

/** The form in which a handler's error leaves through grpc. */
export function toServiceError(thrown: unknown): Pick<
  ServiceError,
  "code" | "details" | "metadata"
> & {
  readonly name: string;
  readonly message: string;
} {
  const error = toSystemError(thrown);
  const { code, message, meta } = error;
  const metadata = new Metadata();
  const whole = Buffer.from(JSON.stringify({ version: 1, code, message, meta }));
  metadata.set(
    ERROR_KEY,
    whole.length <= ERROR_LENGTH_MAX
      ? whole
      : Buffer.from(JSON.stringify({ version: 1, code, message: message.slice(0, 1024) })),
  );
  return { name: error.name, message, code: STATUS_OF_CODE[code], details: message, metadata };
}

function carriedError(error: ServiceError): SystemError | undefined {
  const carried = error.metadata?.get(ERROR_KEY)[0];
  if (!Buffer.isBuffer(carried)) return undefined;
  try {
    const { code, message, meta } = JSON.parse(carried.toString("utf8"));
    if (typeof code !== "string" || !isErrorCode(code)) return undefined;
    return new SystemError(code, String(message), meta ?? {}, error);
  } catch {
    return undefined;
  }
}

/** The SystemError that a call ended with; `address` is named when the peer could not be reached. */
export function fromServiceError(thrown: unknown, address: string): SystemError {
  if (thrown instanceof SystemError) return thrown;
  const error = thrown as ServiceError;
  if (typeof error.code !== "number") return toSystemError(thrown);
  const carried = carriedError(error);
  if (carried) return carried;
  const code = CODE_OF_STATUS[error.code] ?? "internal";
  return new SystemError(code, `${address}: ${error.details || error.message}`, { address }, error);
}
