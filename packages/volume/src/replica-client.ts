// One storage node as a gateway sees it: a carrier opened on demand and shared by all volumes, bounded
// work in flight on it, a fair line behind it, and redialling with back-off when it breaks.
//
// What was in flight when the carrier broke fails with rpc/disconnected (fate unknown). What was still
// in line stays there: it was never sent. It fails with rpc/unavailable when a dial fails.
import { type NodeId, SystemError, toSystemError } from "@ashlar/core";
import type { Operation } from "@ashlar/replica";
import { type CarrierDialer, OperationClient, type OperationOutcome } from "@ashlar/rpc";
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
  readonly operation: Operation;
  /** Called once, never within submit; also for abandoned requests that were sent. */
  readonly settle: (outcome: OperationOutcome) => void;
  /** Set by the owner when it no longer waits: what is still in line is then never sent. */
  abandoned: boolean;
  /** Set when it went to the network: its fate is no longer in our hands. */
  sent: boolean;
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
  private state: State = { kind: "idle" };
  private redialMs = 0;

  constructor(dependencies: ReplicaClientDependencies, node: NodeId) {
    this.dependencies = dependencies;
    this.node = node;
  }

  /** Sent and not answered. */
  get inFlight(): number {
    return this.state.kind === "open" ? this.state.client.inFlight.operations : 0;
  }

  get waiting(): number {
    return this.queue.length;
  }

  submit(request: ReplicaRequest): void {
    const { state } = this;
    if (state.kind === "open" && this.queue.length === 0 && hasRoom(state.client, request)) {
      this.send(state.client, request);
      return;
    }
    if (this.queue.length >= WAITING_OPERATIONS_MAX) {
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
    this.state = { kind: "idle" };
    if (this.queue.length > 0) this.dial();
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
    request.sent = true;
    client.request(request.operation, (outcome) => {
      request.settle(outcome);
      if (this.queue.length > 0 && this.state.kind === "open" && this.state.client === client) {
        this.pump(client);
      }
    });
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
      this.state = { kind: "idle" };
      if (this.queue.length > 0) this.dial();
    });
    const client = new OperationClient(carrier);
    this.state = { kind: "open", client, incarnation: carrier.peer.incarnation };
    return client;
  }

  private onDialFailed(error: SystemError): void {
    if (this.state.kind === "closed") return;
    this.redialMs = Math.min(REDIAL_MAX_MS, Math.max(REDIAL_MIN_MS, this.redialMs * 2));
    const timer = this.dependencies.clock.after(this.redialMs, () => {
      this.state = { kind: "idle" };
      if (this.queue.length > 0) this.dial();
    });
    this.state = { kind: "backingOff", timer };
    this.failWaiting(error);
  }

  private failWaiting(error: SystemError): void {
    for (const request of this.queue.drain()) {
      if (!request.abandoned) request.settle({ kind: "failed", error });
    }
  }
}

function hasRoom(client: OperationClient, { operation }: ReplicaRequest): boolean {
  const { operations, bytes } = client.inFlight;
  if (operations === 0) return true;
  const length = operation.kind === "unmap" ? 0 : operation.length;
  return operations < IN_FLIGHT_OPERATIONS_MAX && bytes + length <= IN_FLIGHT_BYTES_MAX;
}
