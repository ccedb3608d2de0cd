// One storage node as a gateway sees it: a carrier opened on demand and shared by all volumes, bounded
// work in flight on it, a fair line behind it, and redialling with back-off when it breaks.
//
// What was in flight when the carrier broke fails with rpc/disconnected (fate unknown). What was still
// in line stays there: it was never sent. It fails with rpc/unavailable when a dial fails.
//
// What changes something is sent with a token of this very stream that had come before its initiator
// last proved its path (P9). Without one it is held here, and the initiator is asked for a proof.
import { type NodeId, type PathProof, SystemError, toSystemError } from "@ashlar/core";
import {
  type CarrierDialer,
  type OnOutcome,
  OperationClient,
  type OperationOutcome,
} from "@ashlar/rpc";
import type { Clock, Log, Timer } from "@ashlar/runtime";
import { WaitQueue } from "./wait-queue.ts";

/** Keeps a node's share of a gateway's memory bounded, and its queue short enough to be fair. */
export const IN_FLIGHT_OPERATIONS_MAX = 512;
/** Several round trips of a fast network; one operation may exceed it alone. */
export const IN_FLIGHT_BYTES_MAX = 32 * 1024 * 1024;
/** Beyond this a request fails as if the node were not there, and its owner tries again later. */
export const WAITING_OPERATIONS_MAX = 16_384;
const REDIAL_MIN_MS = 50;
/** A node that returns is noticed at once by its new catalog record; this is for lost networks. */
const REDIAL_MAX_MS = 1000;

export interface ReplicaRequest {
  /** Requests of one line keep their order; lines take turns. */
  readonly line: string;
  /** What it moves in either direction, for the limits. */
  readonly bytes: number;
  /** Of what changes something: whose proof it needs. */
  readonly path: PathProof | undefined;
  /** Puts it on a stream; `token` is 0 when it has no path. */
  readonly transmit: (client: OperationClient, token: number, settle: OnOutcome) => void;
  /** Called once, never within submit; also for abandoned requests that were sent. */
  readonly settle: (outcome: OperationOutcome) => void;
  /** Set by the owner when it no longer waits: what is still in line is then never sent. */
  abandoned: boolean;
  /** Set when it went to the network: its fate is no longer in our hands. */
  sent: boolean;
  /** The stream it was sent on. */
  stream: OperationClient | undefined;
}

type State =
  /** No carrier; the next request dials. */
  | { readonly kind: "idle" }
  | { readonly kind: "dialling" }
  | { readonly kind: "open"; readonly client: OperationClient; readonly incarnation: number }
  /** The last dial failed; the next one is due when the timer fires. */
  | { readonly kind: "backingOff"; readonly timer: Timer }
  | { readonly kind: "closed" };

export interface ReplicaClientDependencies {
  readonly dialer: CarrierDialer;
  /** host:port of the node's gRPC server as the catalog has it now. */
  readonly addressOf: (node: NodeId) => string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export class ReplicaClient {
  readonly node: NodeId;
  private readonly dependencies: ReplicaClientDependencies;
  private readonly closing = new AbortController();
  private readonly queue = new WaitQueue<ReplicaRequest>();
  /** Without a proof that a token of the stream may be used with; true: one was asked for. */
  private readonly held = new Map<ReplicaRequest, boolean>();
  private state: State = { kind: "idle" };
  private redialMs = 0;
  private serial = 0;
  /** Until the node has said that it knows of a stream of this process. */
  private greeting: { readonly done: Promise<void>; readonly resolve: () => void } | undefined;
  private greeted = false;

  constructor(dependencies: ReplicaClientDependencies, node: NodeId) {
    this.dependencies = dependencies;
    this.node = node;
  }

  /** Sent and not answered. */
  get inFlight(): number {
    return this.state.kind === "open" ? this.state.client.inFlight.operations : 0;
  }

  get waiting(): number {
    return this.queue.length + this.held.size;
  }

  /**
   * Resolves when the node knows a stream of this process: older streams of this gateway are over
   * there, with all that has no LSN.
   */
  greet(): Promise<void> {
    if (this.greeted) return Promise.resolve();
    if (!this.greeting) {
      let resolve = (): void => {};
      const done = new Promise<void>((resolveIt) => {
        resolve = resolveIt;
      });
      this.greeting = { done, resolve };
    }
    if (this.state.kind === "idle") this.dial();
    return this.greeting.done;
  }

  submit(request: ReplicaRequest): void {
    const { state } = this;
    if (state.kind === "open" && this.queue.length === 0 && hasRoom(state.client, request)) {
      this.send(state.client, request);
      return;
    }
    if (this.waiting >= WAITING_OPERATIONS_MAX) {
      const error = new SystemError("rpc/unavailable", `too much waits for ${this.node}`);
      queueMicrotask(() => request.settle({ kind: "failed", error }));
      return;
    }
    this.queue.push(request.line, request);
    switch (state.kind) {
      case "open":
        this.pump(state.client);
        break;
      case "idle":
        this.dial();
        break;
      case "closed":
        queueMicrotask(() =>
          this.failWaiting(new SystemError("rpc/unavailable", "the gateway stops")),
        );
        break;
      case "dialling":
      case "backingOff":
        break;
    }
  }

  /**
   * The catalog's record of the node changed. It may be back, so a back-off ends; and a carrier to an
   * older incarnation may lead to a machine that lost power, whose silence would take seconds to see.
   */
  onNodeChanged({ incarnation }: { readonly incarnation: number }): void {
    const { state } = this;
    if (state.kind === "open" && state.incarnation < incarnation) {
      state.client.close(new SystemError("rpc/disconnected", `${this.node} has started anew`));
    }
    if (state.kind !== "backingOff") return;
    state.timer.cancel();
    this.redialMs = 0;
    this.becomeIdle();
  }

  close(): void {
    const { state } = this;
    this.state = { kind: "closed" };
    const reason = new SystemError("rpc/unavailable", "the gateway stops");
    this.closing.abort(reason);
    if (state.kind === "open") state.client.close(reason);
    if (state.kind === "backingOff") state.timer.cancel();
    this.failWaiting(reason);
  }

  private pump(client: OperationClient): void {
    while (this.queue.length > 0) {
      const next = this.queue.peek();
      if (!next || !hasRoom(client, next)) return;
      this.queue.shift();
      if (!next.abandoned) this.send(client, next);
    }
  }

  private send(client: OperationClient, request: ReplicaRequest): void {
    const { path } = request;
    const token = path ? client.tokenFor(path.provenAtMs()) : 0;
    if (token === undefined) {
      this.hold(client, request);
      return;
    }
    request.sent = true;
    request.stream = client;
    request.transmit(client, token, (outcome) => {
      request.settle(outcome);
      if (this.queue.length > 0 && this.state.kind === "open" && this.state.client === client) {
        this.pump(client);
      }
    });
  }

  private hold(client: OperationClient, request: ReplicaRequest): void {
    const { path } = request;
    const sinceMs = client.newestTokenAtMs;
    this.held.set(request, sinceMs !== undefined);
    if (!path || sinceMs === undefined) {
      client.wake();
      return;
    }
    path.onProven(() => this.retryHeld(client, request));
    path.prove(sinceMs);
  }

  private retryHeld(client: OperationClient, request: ReplicaRequest): void {
    const isOurs = this.state.kind === "open" && this.state.client === client;
    if (!isOurs || !this.held.delete(request) || request.abandoned) return;
    if (hasRoom(client, request)) this.send(client, request);
    else this.queue.push(request.line, request);
  }

  private onToken(client: OperationClient): void {
    this.greeted = true;
    this.greeting?.resolve();
    this.greeting = undefined;
    for (const [request, isAsked] of [...this.held]) {
      const { abandoned, path } = request;
      const isProven = path && client.tokenFor(path.provenAtMs()) !== undefined;
      if (abandoned || isProven || !isAsked) this.retryHeld(client, request);
    }
  }

  /** A new stream has other tokens. */
  private releaseHeld(): void {
    for (const { 0: request } of this.held) this.queue.push(request.line, request);
    this.held.clear();
  }

  private becomeIdle(): void {
    this.state = { kind: "idle" };
    if (this.queue.length > 0 || this.greeting) this.dial();
  }

  private dial(): void {
    this.state = { kind: "dialling" };
    const { log } = this.dependencies;
    this.openClient().then(
      (client) => {
        this.redialMs = 0;
        this.pump(client);
      },
      (thrown) => {
        const error = toSystemError(thrown);
        log.warn({ node: this.node, code: error.code, error }, "storage node not reached");
        this.onDialFailed(error);
      },
    );
  }

  private async openClient(): Promise<OperationClient> {
    const { dialer, addressOf } = this.dependencies;
    const address = addressOf(this.node);
    if (address === undefined) {
      throw new SystemError("rpc/unavailable", `the catalog has no address of ${this.node}`);
    }
    const carrier = await dialer.dial(address, "operations", { signal: this.closing.signal });
    if (this.state.kind === "closed" || carrier.peer.node !== this.node) {
      const reason = new SystemError("rpc/unavailable", `${address} is not ${this.node}`);
      carrier.close(reason);
      throw reason;
    }
    // Registered before the client's own listener: what fails then must find this state.
    carrier.onClose(() => {
      if (this.state.kind !== "open" || this.state.client !== client) return;
      this.releaseHeld();
      this.becomeIdle();
    });
    this.serial += 1;
    const { clock } = this.dependencies;
    const options = { serial: this.serial, nowMs: () => clock.nowMs() };
    const client = new OperationClient(carrier, options);
    client.onToken(() => this.onToken(client));
    this.state = { kind: "open", client, incarnation: carrier.peer.incarnation };
    return client;
  }

  private onDialFailed(error: SystemError): void {
    if (this.state.kind === "closed") return;
    this.redialMs = Math.min(REDIAL_MAX_MS, Math.max(REDIAL_MIN_MS, this.redialMs * 2));
    const timer = this.dependencies.clock.after(this.redialMs, () => this.becomeIdle());
    this.state = { kind: "backingOff", timer };
    this.failWaiting(error);
  }

  private failWaiting(error: SystemError): void {
    this.releaseHeld();
    for (const request of this.queue.drain()) {
      if (!request.abandoned) request.settle({ kind: "failed", error });
    }
  }
}

function hasRoom(client: OperationClient, request: ReplicaRequest): boolean {
  const { operations, bytes } = client.inFlight;
  if (operations === 0) return true;
  return operations < IN_FLIGHT_OPERATIONS_MAX && bytes + request.bytes <= IN_FLIGHT_BYTES_MAX;
}
