// Brings each operation to its chunk's primary and keeps at it within its budget: an attempt that was
// refused, was lost, or went to a primary that has been replaced is made again. One router per gateway.
//
// It has an opId from the moment it is sent, and keeps it as long as it may be logged under it (P10). What
// waits here, and was never sent or is known to be in no log, has none and holds up no chunk's window.
//
// Only the catalog's word moves an operation: a new epoch of its chunk in the mirror starts the next
// attempt at once, whether the last one was refused or is still waiting for a dead node's answer.
//
// What was sent and shall not be done after all - its task was aborted, its budget is used up - is
// called back, behind it on its stream or wherever it would be sent next, and is over when a primary
// has said that it has its LSN or gets none any more (P9).

import type { CatalogChange } from "@ashlar/catalog";
import {
  hasCode,
  type NodeId,
  type OperationOptions,
  SystemError,
  toSystemError,
} from "@ashlar/core";
import { OPERATION_AGE_MAX_MS, type OperationReply } from "@ashlar/replica";
import type { CatalogClient, OperationOutcome } from "@ashlar/rpc";
import type { Clock, Timer } from "@ashlar/runtime";
import {
  DISPOSITION_OF_DAMAGE,
  DISPOSITION_OF_FAILURE,
  DISPOSITION_OF_STATUS,
  type Patience,
  PROVES_NOT_LOGGED,
} from "./disposition.ts";
import { OperationIds } from "./operation-ids.ts";
import type {
  OperationRouterDependencies,
  OperationRouterOptions,
} from "./operation-router-ports.ts";
import type { ReplicaRequest } from "./replica-client.ts";
import { ReplicaClients } from "./replica-clients.ts";
import {
  bytesOf,
  type ChunkWork,
  cancellationOf,
  endedSince,
  failedFor,
  finalError,
  finalOf,
  gatewayStops,
  isIntact,
  isSettled,
  knowsMore,
  OUTLIVED_MS,
  operationOf,
  overdue,
  RETRY_BUDGET_MS,
  type Routed,
  refusalOf,
  routedOf,
  type SettledOutcome,
  unitReset,
  unknownEnd,
} from "./routed-operation.ts";
import { servingNodes } from "./serving-nodes.ts";
import { VolumeMetrics } from "./volume-metrics.ts";

/** How late the end of a budget may be noticed; also how old a path's proof gets while work waits. */
const SWEEP_MS: number = OPERATION_AGE_MAX_MS / 4;
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
  private readonly onTakenForDead: (refused: number) => void;
  private closed = false;

  constructor(
    { client, dialer, clock, log, metrics }: OperationRouterDependencies,
    { incarnation, onTakenForDead = () => {} }: OperationRouterOptions,
  ) {
    this.onTakenForDead = onTakenForDead;
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
    this.sweep = clock.every(SWEEP_MS, () => this.look());
    this.stopListening = client.onChanges((changes) => this.onChanges(changes));
  }

  /**
   * Resolves with a good reply, its payload verified. When the signal aborts, what changes something
   * is called back first: it rejects when it cannot take effect any more.
   * @throws SystemError disk/no-space, volume/out-of-range, volume/not-found, operation/miscompare,
   *   operation/aborted, chunk/unavailable (budget used up, or the catalog took this gateway for dead; a
   *   write may have been done), operation/timeout (the same of a compare-and-write that was sent).
   */
  execute(work: ChunkWork, options: OperationOptions): Promise<OperationReply> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      if (this.closed || signal.aborted) {
        reject(this.closed ? gatewayStops() : toSystemError(signal.reason, "operation/aborted"));
        return;
      }
      const onAbort = (): void =>
        this.callBack(routed, toSystemError(signal.reason, "operation/aborted"));
      const { resets = 0 } = this.client.view.volumes.get(work.volume) ?? {};
      const now = { startedMs: this.clock.nowMs(), place: this.active.length, resets };
      const routed = routedOf(work, options, { ...now, resolve, reject, onAbort });
      this.active.push(routed);
      signal.addEventListener("abort", routed.onAbort);
      this.attempt(routed);
    });
  }

  /**
   * Resolves when nothing that a former process of this gateway sent to storage nodes can take effect
   * any more: they know of this one's streams, or what may be left there has become too old (P9).
   */
  outliveFormer(): Promise<void> {
    return this.clients.outlive(servingNodes(this.client.view), OUTLIVED_MS);
  }

  /** Fails everything outstanding and closes the connections. */
  close(): void {
    this.closed = true;
    this.sweep.cancel();
    this.stopListening();
    for (const routed of [...this.active]) this.fail(routed, gatewayStops());
    this.clients.close();
  }

  private attempt(routed: Routed): void {
    const { work, calledBack } = routed;
    const { view } = this.client;
    const volume = view.volumes.get(work.volume);
    if (!volume) {
      this.fail(routed, new SystemError("volume/not-found", `volume ${work.volume} is gone`));
      return;
    }
    const config = view.chunk(work.chunk);
    const epoch = config?.epoch ?? 0;
    if (routed.loggedIn !== epoch) routed.loggedIn = 0;
    const refusal = calledBack ? undefined : refusalOf(routed);
    if (refusal) {
      this.callBack(routed, refusal, { claimsUndone: hasCode(refusal, "volume/reserved") });
      return;
    }
    // What was permitted earlier, and is logged, goes under that generation: nobody takes it in anew.
    if (!calledBack && routed.loggedIn === 0) routed.generation = volume.generation;
    routed.epoch = epoch;
    if (!config) {
      this.again(routed, "unknownChunk", DISPOSITION_OF_FAILURE.patience);
      return;
    }
    const { generation } = routed;
    const transmit: ReplicaRequest["transmit"] = calledBack
      ? (client, _, settle) => client.cancel(cancellationOf(routed), settle)
      : (client, token, settle) => {
          routed.opId ??= this.ids.of(work);
          const { opId } = routed;
          const lowestUnresolvedSeq = this.ids.lowestUnresolvedSeq(work.chunk, opId);
          const now = { opId, generation, token, lowestUnresolvedSeq };
          client.request(operationOf(routed, now), settle);
        };
    const request: ReplicaRequest = {
      line: work.volume,
      bytes: calledBack ? 0 : bytesOf(work),
      path: calledBack || work.kind === "read" ? undefined : routed.path,
      transmit,
      settle: (outcome) => {
        if (routed.request !== request) return;
        routed.request = undefined;
        if (calledBack) this.onCalledBack(routed, outcome);
        else this.onOutcome(routed, request, outcome);
      },
      abandoned: false,
      sent: false,
      stream: undefined,
    };
    routed.request = request;
    this.clients.submit(config.primary.node, request);
  }

  private onOutcome(routed: Routed, request: ReplicaRequest, outcome: OperationOutcome): void {
    routed.sent ||= request.sent;
    if (outcome.kind === "failed") {
      routed.lost ||= request.sent;
      this.again(routed, outcome.error.code, DISPOSITION_OF_FAILURE.patience);
      return;
    }
    const { reply } = outcome;
    const disposition = DISPOSITION_OF_STATUS[reply.status];
    if (disposition.kind === "done" && isIntact(routed.work, reply)) {
      this.succeed(routed, reply);
      return;
    }
    routed.lost ||= !PROVES_NOT_LOGGED[reply.status];
    const { opId } = routed;
    if (!routed.lost) this.forgetId(routed);
    const final = finalOf(routed, reply, this.clock.nowMs());
    if (routed.calledBack && !routed.lost) this.fail(routed, routed.calledBack.error);
    else if (disposition.kind === "done") {
      this.again(routed, "damagedReply", DISPOSITION_OF_DAMAGE.patience);
    } else if (final) {
      this.fail(routed, finalError(routed, reply, final));
    } else if (disposition.kind === "renew") {
      if (opId) this.onTakenForDead(opId.incarnation);
      this.renew(routed, reply.status, disposition.patience);
    } else if (disposition.kind === "again") {
      this.again(routed, reply.status, disposition.patience);
    }
  }

  /** Ends the operation with this error as soon as it is certain that it cannot take effect later. */
  private callBack(routed: Routed, error: SystemError, { claimsUndone = false } = {}): void {
    if (routed.calledBack || routed.place < 0) return;
    const { work, request } = routed;
    const isOnItsWay = request?.sent === true;
    if (work.kind === "read" || !(isOnItsWay || routed.lost)) {
      this.fail(routed, error);
      return;
    }
    routed.calledBack = { error, sinceMs: this.clock.nowMs(), claimsUndone };
    if (isOnItsWay) {
      // Behind it: should the stream break, its own failure leads to the next attempt.
      const { epoch } = routed;
      request.stream?.cancel(cancellationOf(routed), (outcome) => {
        if (isSettled(outcome)) this.endCalledBack(routed, outcome, epoch);
      });
      return;
    }
    this.leaveAttempt(routed);
    this.attempt(routed);
  }

  private onCalledBack(routed: Routed, outcome: OperationOutcome): void {
    if (isSettled(outcome)) this.endCalledBack(routed, outcome, routed.epoch);
    else if (outcome.kind === "failed") {
      this.again(routed, outcome.error.code, DISPOSITION_OF_FAILURE.patience);
    } else {
      const { status } = outcome.reply;
      const disposition = DISPOSITION_OF_STATUS[status];
      const { patience } = disposition.kind === "again" ? disposition : DISPOSITION_OF_FAILURE;
      this.again(routed, status, patience);
    }
  }

  private endCalledBack(routed: Routed, outcome: SettledOutcome, epoch: number): void {
    const { calledBack } = routed;
    if (!calledBack) return;
    if (!calledBack.claimsUndone || outcome.reply.status !== "logged") {
      this.fail(routed, calledBack.error);
      return;
    }
    routed.calledBack = undefined;
    routed.loggedIn = epoch;
    const ended = endedSince(this.client.view, routed);
    if (ended) this.fail(routed, ended);
    else this.redirect(routed);
  }

  /**
   * No primary said in time what became of it: without an LSN it is too old for one by now,
   * wherever it lies. A change of the volume's generation would settle as well whether it was logged before.
   */
  private endUnanswered(routed: Routed): void {
    this.metrics.retried("unansweredCancel");
    this.fail(routed, unknownEnd(routed));
  }

  /** The gateway was taken for dead: what may be done under its old opId is never done under another. */
  private renew(routed: Routed, reason: string, patience: Patience): void {
    failedFor(routed, reason, this.clock.nowMs());
    if (routed.work.kind !== "read" && routed.lost) {
      // Nothing more comes of it, which is what a call back waits for.
      this.fail(routed, unknownEnd(routed));
      return;
    }
    this.forgetId(routed);
    this.again(routed, reason, patience);
  }

  /** The next attempt: after a pause, or when the mirror knows more than the last one did. */
  private again(routed: Routed, reason: string, patience: Patience): void {
    failedFor(routed, reason, this.clock.nowMs());
    this.metrics.retried(reason);
    routed.pauseMs = Math.min(patience.lastMs, Math.max(patience.firstMs, routed.pauseMs * 2));
    const pauseMs = knowsMore(this.client.view, routed) ? 0 : routed.pauseMs;
    routed.pause = this.clock.after(pauseMs, () => {
      routed.pause = undefined;
      this.attempt(routed);
    });
  }

  private onChanges(changes: readonly CatalogChange[]): void {
    const { view } = this.client;
    let nodesChanged = false;
    for (const change of changes) {
      if (change.kind !== "node") continue;
      nodesChanged = true;
      this.clients.onNodeChanged(change.record);
    }
    for (const routed of [...this.active]) {
      const epoch = view.chunk(routed.work.chunk)?.epoch ?? 0;
      const { generation, resets } = view.volumes.get(routed.work.volume) ?? routed;
      const isDue = nodesChanged || generation !== routed.generation;
      // Before it could be sent under the next generation.
      if (resets !== routed.resets) this.callBack(routed, unitReset());
      if (routed.place < 0) continue;
      if (epoch !== routed.epoch || (isDue && routed.pause)) this.redirect(routed);
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

  /** Every SWEEP_MS. */
  private look(): void {
    const nowMs = this.clock.nowMs();
    for (const routed of [...this.active]) {
      const { calledBack, startedMs, path, work } = routed;
      if (calledBack) {
        if (nowMs - calledBack.sinceMs >= OUTLIVED_MS) this.endUnanswered(routed);
      } else if (nowMs - startedMs >= RETRY_BUDGET_MS) this.callBack(routed, overdue(routed));
      // So that whatever is sent again can be sent at once.
      else if (work.kind !== "read" && nowMs - path.provenAtMs() > SWEEP_MS) {
        path.prove(nowMs - SWEEP_MS);
      }
    }
  }

  private succeed(routed: Routed, reply: OperationReply): void {
    if (!this.leave(routed)) return;
    const { kind, length } = routed.work;
    this.metrics.done(kind, length, this.clock.nowMs() - routed.startedMs);
    routed.resolve(reply);
  }

  private fail(routed: Routed, error: SystemError): void {
    this.leaveAttempt(routed);
    if (!this.leave(routed)) return;
    this.metrics.failed(error.code);
    routed.reject(error);
  }

  /** Whether it was still there. */
  private leave(routed: Routed): boolean {
    if (routed.place < 0) return false;
    const last = this.active.pop();
    if (last && last !== routed) {
      this.active[routed.place] = last;
      last.place = routed.place;
    }
    routed.place = -1;
    this.forgetId(routed);
    routed.signal.removeEventListener("abort", routed.onAbort);
    return true;
  }

  /** It is never sent again under the one it had. */
  private forgetId(routed: Routed): void {
    if (routed.opId) this.ids.resolve(routed.work.chunk, routed.opId);
    routed.opId = undefined;
  }
}
