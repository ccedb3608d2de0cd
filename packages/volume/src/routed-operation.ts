// One operation on its way: what is known of it between attempts, the frames it becomes, and what its
// end means for the caller.
import type { CatalogView } from "@ashlar/catalog";
import {
  type ChunkId,
  hasChecksums,
  type OperationOptions,
  type PathProof,
  present,
  type ScatterList,
  SystemError,
  scatterLength,
  toSystemError,
  type VolumeId,
} from "@ashlar/core";
import {
  type Cancellation,
  OPERATION_AGE_MAX_MS,
  type Operation,
  type OperationReply,
  type OpId,
} from "@ashlar/replica";
import type { OperationOutcome } from "@ashlar/rpc";
import type { Timer } from "@ashlar/runtime";
import { DISPOSITION_OF_STATUS, type Final } from "./disposition.ts";
import type { ReplicaRequest } from "./replica-client.ts";

/** After this the host is told BUSY; its own timers are longer. */
export const RETRY_BUDGET_MS = 20_000;

/**
 * An operation without an LSN is too old for one after OPERATION_AGE_MAX_MS, by the clock of whoever
 * holds it; twice that leaves room for clocks that run differently.
 */
export const OUTLIVED_MS: number = 2 * OPERATION_AGE_MAX_MS;

/** One operation on one chunk, before it has an identity. */
export type ChunkWork = {
  readonly volume: VolumeId;
  readonly chunk: ChunkId;
  /** Bytes, within the chunk. */
  readonly offset: number;
  readonly length: number;
} & (
  | { readonly kind: "read" | "unmap" }
  | {
      readonly kind: "write" | "compareAndWrite" | "orWrite";
      readonly data: ScatterList;
      readonly checksums: Uint32Array;
    }
);

/** An operation on its way. */
export interface Routed {
  readonly work: ChunkWork;
  /**
   * Of the attempts that may have been logged, or may be yet; undefined while there are none: the next one
   * gets a new one when it is sent.
   */
  opId: OpId | undefined;
  readonly signal: AbortSignal;
  readonly path: PathProof;
  readonly permit: (() => void) | undefined;
  readonly startedMs: number;
  readonly resolve: (reply: OperationReply) => void;
  readonly reject: (error: SystemError) => void;
  readonly onAbort: () => void;
  /** Place in the router's list; -1 when it has left. */
  place: number;
  /** The attempt that is waited for. */
  request: ReplicaRequest | undefined;
  /** Until the next attempt, while there is none. */
  pause: Timer | undefined;
  /** Epoch of the configuration the last attempt went by; 0 when there was none. */
  epoch: number;
  /** Generation of its volume that the last attempt went by. */
  generation: number;
  /** Resets of its unit when it was begun: another one calls it back. */
  readonly resets: number;
  pauseMs: number;
  /** Why the last attempt failed, and since when attempts do for this reason. */
  reason: string;
  reasonSinceMs: number;
  /** Some attempt reached the network. */
  sent: boolean;
  /** Some attempt reached the network, and no answer proved that it was not logged. */
  lost: boolean;
  /**
   * Epoch in which a primary has said that it has its LSN, 0 for none. It was permitted then, and as long as that epoch
   * lasts, what is asked for is its reply; a later primary may not have it.
   */
  loggedIn: number;
  /** It shall not be done any more; it ends with this when it cannot take effect later. */
  calledBack: CalledBack | undefined;
}

export interface CalledBack {
  readonly error: SystemError;
  readonly sinceMs: number;
  /** Its error says that it was not done: if it was, it has another end. */
  readonly claimsUndone: boolean;
}

/** Why another attempt must not be made under the volume's newest state, if so. */
export function refusalOf({ permit, loggedIn }: Routed): SystemError | undefined {
  if (!permit || loggedIn > 0) return undefined;
  try {
    permit();
    return undefined;
  } catch (thrown) {
    return toSystemError(thrown);
  }
}

type Begun = Pick<Routed, "startedMs" | "resolve" | "reject" | "onAbort" | "place" | "resets">;

/** One that has not been tried yet. */
export const routedOf = (
  work: ChunkWork,
  { signal, path, permit }: OperationOptions,
  begun: Begun,
): Routed => ({
  work,
  opId: undefined,
  signal,
  path,
  permit,
  startedMs: begun.startedMs,
  resolve: begun.resolve,
  reject: begun.reject,
  onAbort: begun.onAbort,
  place: begun.place,
  resets: begun.resets,
  request: undefined,
  pause: undefined,
  epoch: 0,
  generation: 0,
  pauseMs: 0,
  reason: "",
  reasonSinceMs: 0,
  sent: false,
  lost: false,
  loggedIn: 0,
  calledBack: undefined,
});

/** Whether the mirror is newer than what the last attempt went by. */
export function knowsMore(view: CatalogView, routed: Routed): boolean {
  const { work, epoch, generation, loggedIn, calledBack } = routed;
  const { epoch: newest = epoch } = view.chunk(work.chunk) ?? {};
  if (newest !== epoch) return true;
  if (calledBack || loggedIn > 0) return false;
  return view.volumes.get(work.volume)?.generation !== generation;
}

/** Notes why an attempt failed. */
export function failedFor(routed: Routed, reason: string, nowMs: number): void {
  if (routed.reason !== reason) routed.reasonSinceMs = nowMs;
  routed.reason = reason;
}

/** What an answer ends the operation with, if it does. */
export function finalOf(
  routed: Routed,
  { status }: OperationReply,
  nowMs: number,
): Final | undefined {
  const disposition = DISPOSITION_OF_STATUS[status];
  if (disposition.kind === "final") return disposition;
  if (disposition.kind !== "again" || !disposition.inTheEnd) return undefined;
  const { afterMs, final } = disposition.inTheEnd;
  const isOld = routed.reason === status && nowMs - routed.reasonSinceMs >= afterMs;
  // Of an attempt that was lost nobody has said yet what became of it.
  return isOld && !routed.lost ? final : undefined;
}

/** Payload in either direction. */
export const bytesOf = ({ kind, length }: ChunkWork): number => (kind === "unmap" ? 0 : length);

/** Spelled out for each kind: spreading a common head costs microseconds. */
export function operationOf(
  { work, epoch }: Pick<Routed, "work" | "epoch">,
  now: {
    readonly opId: OpId;
    readonly generation: number;
    readonly token: number;
    readonly lowestUnresolvedSeq: number;
  },
): Operation {
  const { chunk, offset, length } = work;
  const { opId, generation, token, lowestUnresolvedSeq } = now;
  switch (work.kind) {
    case "read":
    case "unmap":
      return {
        kind: work.kind,
        chunk,
        layer: 0,
        epoch,
        opId,
        lowestUnresolvedSeq,
        token,
        generation,
        offset,
        length,
      };
    case "write":
    case "compareAndWrite":
    case "orWrite":
      return {
        kind: work.kind,
        chunk,
        layer: 0,
        epoch,
        opId,
        lowestUnresolvedSeq,
        token,
        generation,
        offset,
        length,
        data: work.data,
        checksums: work.checksums,
      };
  }
}

/** Of an operation that may have been logged. */
export const cancellationOf = ({ work, opId, epoch }: Routed): Cancellation => ({
  chunk: work.chunk,
  epoch,
  opId: present(opId, "what was sent has its opId until it is known not to be logged"),
});

export interface SettledOutcome {
  readonly kind: "reply";
  readonly reply: OperationReply & { readonly status: "cancelled" | "logged" };
}

/** Whether a primary has said that the operation has its LSN, or gets none any more. */
export const isSettled = (outcome: OperationOutcome): outcome is SettledOutcome =>
  outcome.kind === "reply" &&
  (outcome.reply.status === "cancelled" || outcome.reply.status === "logged");

export const gatewayStops = (): SystemError =>
  new SystemError("operation/aborted", "the gateway stops");

/** Of an operation that was begun before its unit was reset. */
export const unitReset = (): SystemError =>
  new SystemError("operation/aborted", "the logical unit was reset");

/** What came while it was called back for another reason, and found it so. */
export function endedSince(
  view: CatalogView,
  { work, resets, signal }: Routed,
): SystemError | undefined {
  if (view.volumes.get(work.volume)?.resets !== resets) return unitReset();
  return signal.aborted ? toSystemError(signal.reason, "operation/aborted") : undefined;
}

/** Of an operation whose budget is used up. */
export const overdue = (routed: Routed): SystemError =>
  notDone(routed, `not done in ${RETRY_BUDGET_MS / 1000} s`);

/** Of an operation of which nobody will say any more whether it was done. */
export function unknownEnd(routed: Routed): SystemError {
  const { calledBack } = routed;
  return calledBack && !calledBack.claimsUndone
    ? calledBack.error
    : notDone(routed, "not known whether it was done");
}

/** Its host is told BUSY, or hears nothing of a compare-and-write whose outcome it would rely on. */
export function notDone(routed: Routed, what: string): SystemError {
  const { work } = routed;
  const sent = routed.sent || routed.request?.sent === true;
  const reason = routed.reason || "no answer";
  const code = work.kind === "compareAndWrite" && sent ? "operation/timeout" : "chunk/unavailable";
  return new SystemError(code, `${what}: ${reason}`, { chunk: work.chunk, reason });
}

/**
 * What a final refusal means: an attempt that was lost before did not take effect, or the primary would
 * have found its opId and answered good (P10).
 */
export function finalError(
  { work }: Routed,
  reply: OperationReply,
  { code, message }: Final,
): SystemError {
  return new SystemError(code, message, { chunk: work.chunk, offset: reply.value });
}

/** A read's payload is what was asked for and matches its checksums. */
export function isIntact(work: ChunkWork, reply: OperationReply): boolean {
  if (work.kind !== "read") return true;
  if (scatterLength(reply.data) !== work.length) return false;
  return hasChecksums(work.chunk, work.offset, reply);
}
