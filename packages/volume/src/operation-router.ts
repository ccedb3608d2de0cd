// Brings each chunk operation to the chunk's primary and keeps at it: an attempt that was refused, was
// lost with its connection, or went to a primary that has been replaced meanwhile is made again with
// the same opId, within the operation's budget. One router serves all volumes of a gateway.
//
// Only the catalog's word moves an operation: a new epoch of its chunk in the mirror starts the next
// attempt at once, whether the last one was refused or is still waiting for a dead node's answer.

import type { CatalogChange } from "@ashlar/catalog";
import {
  type ChunkId,
  type NodeId,
  type ScatterList,
  SystemError,
  scatterLength,
  toSystemError,
  unitChecksums,
  type VolumeId,
} from "@ashlar/core";
import type { Operation, OperationReply, OpId } from "@ashlar/replica";
import type { CarrierDialer, CatalogClient, OperationOutcome } from "@ashlar/rpc";
import type { Clock, Log, Registry, Timer } from "@ashlar/runtime";
import {
  DISPOSITION_OF_DAMAGE,
  DISPOSITION_OF_FAILURE,
  DISPOSITION_OF_STATUS,
  type Disposition,
  type Patience,
} from "./disposition.ts";
import { OperationIds } from "./operation-ids.ts";
import type { ReplicaRequest } from "./replica-client.ts";
import { ReplicaClients } from "./replica-clients.ts";
import { VolumeMetrics } from "./volume-metrics.ts";

/** After this the host is told BUSY; its own timers are longer. */
export const RETRY_BUDGET_MS = 20_000;
/** How late the end of a budget may be noticed. */
const SWEEP_MS = 250;

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
      readonly kind: "write" | "compareAndWrite";
      readonly data: ScatterList;
      readonly checksums: Uint32Array;
    }
);

/** An operation on its way. */
interface Routed {
  readonly work: ChunkWork;
  readonly opId: OpId;
  readonly signal: AbortSignal;
  readonly startedMs: number;
  readonly resolve: (reply: OperationReply) => void;
  readonly reject: (error: SystemError) => void;
  readonly onAbort: () => void;
  /** Place in the router's list. */
  place: number;
  /** The attempt that is waited for. */
  request: ReplicaRequest | undefined;
  /** Until the next attempt, while there is none. */
  pause: Timer | undefined;
  /** Epoch of the configuration the last attempt went by; 0 when there was none. */
  epoch: number;
  pauseMs: number;
  /** Why the last attempt failed. */
  reason: string;
  /** Some attempt reached the network. */
  sent: boolean;
  /** Some attempt reached the network and was not answered by a primary that still led. */
  lost: boolean;
}

export interface OperationRouterDependencies {
  readonly client: CatalogClient;
  readonly dialer: CarrierDialer;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Registry;
}

export class OperationRouter {
  private readonly client: CatalogClient;
  private readonly clock: Clock;
  private readonly ids: OperationIds;
  private readonly clients: ReplicaClients;
  private readonly metrics: VolumeMetrics;
  /**
   * In no order; each knows its place, and the last one takes the place of one that leaves. (A Set
   * that lives long and changes fast makes the garbage collector promote what it held.)
   */
  private readonly active: Routed[] = [];
  private readonly sweep: Timer;
  private readonly stopListening: () => void;
  private closed = false;

  /** @param incarnation this gateway's, as the catalog last gave it. */
  constructor(
    { client, dialer, clock, log, metrics }: OperationRouterDependencies,
    { incarnation }: { readonly incarnation: () => number },
  ) {
    this.client = client;
    this.clock = clock;
    this.ids = new OperationIds(incarnation);
    this.clients = new ReplicaClients({
      dialer,
      clock,
      log: log.child({ component: "volume" }),
      addressOf: (node: NodeId) => client.view.nodes.get(node)?.address,
    });
    this.metrics = new VolumeMetrics(metrics, {
      inFlight: () => this.clients.inFlight,
      waiting: () => this.clients.waiting,
    });
    this.sweep = clock.every(SWEEP_MS, () => this.endOverdue());
    this.stopListening = client.onChanges((changes) => this.onChanges(changes));
  }

  /**
   * Resolves with a good reply, its payload verified. Aborting the signal stops the waiting and the
   * retries; what was sent may still take effect.
   * @throws SystemError disk/no-space, volume/out-of-range, volume/not-found, operation/miscompare,
   *   operation/aborted, chunk/unavailable (budget used up; nothing is known of a write's fate),
   *   operation/timeout (the same of a compare-and-write that was sent).
   */
  execute(work: ChunkWork, { signal }: { readonly signal: AbortSignal }): Promise<OperationReply> {
    return new Promise((resolve, reject) => {
      if (this.closed || signal.aborted) {
        reject(
          this.closed
            ? new SystemError("operation/aborted", "the gateway stops")
            : toSystemError(signal.reason, "operation/aborted"),
        );
        return;
      }
      const routed: Routed = {
        work,
        opId: this.ids.next(),
        signal,
        startedMs: this.clock.nowMs(),
        resolve,
        reject,
        onAbort: () => this.fail(routed, toSystemError(signal.reason, "operation/aborted")),
        place: this.active.length,
        request: undefined,
        pause: undefined,
        epoch: 0,
        pauseMs: 0,
        reason: "",
        sent: false,
        lost: false,
      };
      this.active.push(routed);
      signal.addEventListener("abort", routed.onAbort);
      this.attempt(routed);
    });
  }

  /** Fails everything outstanding and closes the connections. */
  close(): void {
    this.closed = true;
    this.sweep.cancel();
    this.stopListening();
    for (const routed of [...this.active]) {
      this.fail(routed, new SystemError("operation/aborted", "the gateway stops"));
    }
    this.clients.close();
  }

  private attempt(routed: Routed): void {
    const { work } = routed;
    const { view } = this.client;
    const volume = view.volumes.get(work.volume);
    if (!volume) {
      this.fail(routed, new SystemError("volume/not-found", `volume ${work.volume} is gone`));
      return;
    }
    const config = view.chunk(work.chunk);
    routed.epoch = config?.epoch ?? 0;
    if (!config) {
      this.again(routed, "unknownChunk", DISPOSITION_OF_FAILURE.patience);
      return;
    }
    const operation = this.operation(routed, config.epoch, volume.generation);
    const request: ReplicaRequest = {
      line: work.volume,
      operation,
      settle: (outcome) => this.onOutcome(routed, request, outcome),
      abandoned: false,
      sent: false,
    };
    routed.request = request;
    this.clients.submit(config.primary.node, request);
  }

  /** Spelled out for each kind: spreading a common head costs microseconds. */
  private operation({ work, opId }: Routed, epoch: number, generation: number): Operation {
    const { chunk, offset, length } = work;
    const lowestUnresolvedSeq = this.ids.lowestUnresolvedSeq;
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
          token: 0,
          generation,
          offset,
          length,
        };
      case "write":
      case "compareAndWrite":
        return {
          kind: work.kind,
          chunk,
          layer: 0,
          epoch,
          opId,
          lowestUnresolvedSeq,
          token: 0,
          generation,
          offset,
          length,
          data: work.data,
          checksums: work.checksums,
        };
    }
  }

  private onOutcome(routed: Routed, request: ReplicaRequest, outcome: OperationOutcome): void {
    if (routed.request !== request) return;
    routed.request = undefined;
    routed.sent ||= request.sent;
    if (outcome.kind === "failed") {
      routed.lost ||= request.sent;
      this.again(routed, outcome.error.code, DISPOSITION_OF_FAILURE.patience);
      return;
    }
    const { reply } = outcome;
    const disposition = DISPOSITION_OF_STATUS[reply.status];
    switch (disposition.kind) {
      case "done":
        if (isIntact(routed.work, reply)) this.succeed(routed, reply);
        else this.again(routed, "damagedReply", DISPOSITION_OF_DAMAGE.patience);
        break;
      case "final":
        this.fail(routed, finalError(routed, reply, disposition));
        break;
      case "again":
        routed.lost ||= reply.status === "notPrimary" || reply.status === "staleEpoch";
        this.again(routed, reply.status, disposition.patience);
        break;
    }
  }

  /** The next attempt: after a pause, or when the mirror knows more than the last one did. */
  private again(routed: Routed, reason: string, patience: Patience): void {
    routed.reason = reason;
    this.metrics.retried(reason);
    const known = this.client.view.chunk(routed.work.chunk);
    routed.pauseMs = Math.min(patience.lastMs, Math.max(patience.firstMs, routed.pauseMs * 2));
    const pauseMs = known && known.epoch !== routed.epoch ? 0 : routed.pauseMs;
    routed.pause = this.clock.after(pauseMs, () => {
      routed.pause = undefined;
      this.attempt(routed);
    });
  }

  private onChanges(changes: readonly CatalogChange[]): void {
    let nodesChanged = false;
    for (const change of changes) {
      if (change.kind !== "node") continue;
      nodesChanged = true;
      this.clients.onNodeChanged(change.record);
    }
    for (const routed of [...this.active]) {
      const epoch = this.client.view.chunk(routed.work.chunk)?.epoch ?? 0;
      if (epoch !== routed.epoch || (nodesChanged && routed.pause)) this.redirect(routed);
    }
  }

  /** Stops waiting for what the last attempt or pause would give, and tries at once. */
  private redirect(routed: Routed): void {
    if (routed.request) {
      routed.reason = "newEpoch";
      this.metrics.retried(routed.reason);
    }
    this.leaveAttempt(routed);
    routed.pauseMs = 0;
    this.attempt(routed);
  }

  private leaveAttempt(routed: Routed): void {
    if (routed.request) {
      routed.request.abandoned = true;
      routed.sent ||= routed.request.sent;
      routed.lost ||= routed.request.sent;
      routed.request = undefined;
    }
    routed.pause?.cancel();
    routed.pause = undefined;
  }

  private endOverdue(): void {
    const limit = this.clock.nowMs() - RETRY_BUDGET_MS;
    const late = this.active.filter(({ startedMs }) => startedMs <= limit);
    for (const routed of late) this.fail(routed, overdue(routed));
  }

  private succeed(routed: Routed, reply: OperationReply): void {
    this.leave(routed);
    const { kind, length } = routed.work;
    this.metrics.done(kind, length, this.clock.nowMs() - routed.startedMs);
    routed.resolve(reply);
  }

  private fail(routed: Routed, error: SystemError): void {
    this.leaveAttempt(routed);
    this.leave(routed);
    this.metrics.failed(error.code);
    routed.reject(error);
  }

  private leave(routed: Routed): void {
    const last = this.active.pop();
    if (last && last !== routed) {
      this.active[routed.place] = last;
      last.place = routed.place;
    }
    this.ids.resolve(routed.opId);
    routed.signal.removeEventListener("abort", routed.onAbort);
  }
}

function overdue(routed: Routed): SystemError {
  const { work } = routed;
  const sent = routed.sent || routed.request?.sent === true;
  const reason = routed.reason || "no answer";
  const meta = { chunk: work.chunk, reason };
  const seconds = RETRY_BUDGET_MS / 1000;
  return work.kind === "compareAndWrite" && sent
    ? new SystemError("operation/timeout", `fate unknown after ${seconds} s: ${reason}`, meta)
    : new SystemError("chunk/unavailable", `not done in ${seconds} s: ${reason}`, meta);
}

/**
 * What a final refusal means. A primary that started anew may have forgotten the opIds it had
 * committed, so a miscompare after a lost attempt may be that attempt's own success.
 */
function finalError(
  { work, lost }: Routed,
  reply: OperationReply,
  { code, message }: Extract<Disposition, { kind: "final" }>,
): SystemError {
  const meta = { chunk: work.chunk, offset: reply.value };
  if (code !== "operation/miscompare" || !lost) return new SystemError(code, message, meta);
  return new SystemError("operation/timeout", "fate unknown: an attempt was lost before", meta);
}

/** A read's payload is what was asked for and matches its checksums. */
function isIntact(work: ChunkWork, reply: OperationReply): boolean {
  if (work.kind !== "read") return true;
  if (scatterLength(reply.data) !== work.length) return false;
  const sums = unitChecksums(work.offset, reply.data);
  if (sums.length !== reply.checksums.length) return false;
  return sums.every((sum, index) => sum === reply.checksums[index]);
}
