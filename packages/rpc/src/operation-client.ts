// The gateway's end of an operations carrier: says which stream it is, keeps the tokens that the node
// issues on it, pairs replies with requests. When the carrier breaks,
// everything outstanding fails with rpc/disconnected: its fate is unknown, so the caller re-sends
// with the same opId and the chunk's primary sorts it out (P10).
import { assert, SystemError, toSystemError } from "@ashlar/core";
import type { Cancellation, Operation, OperationReply } from "@ashlar/replica";
import type { Carrier, ReceivedFrame } from "./carrier.ts";
import { badFrame } from "./frame-codec.ts";
import {
  decodeReply,
  decodeToken,
  encodeCancellation,
  encodeHello,
  encodeOperation,
  OPERATION_FRAME,
  OPERATION_SLOTS_MAX as SLOTS_MAX,
} from "./operation-codec.ts";
import { ReceivedTokens } from "./operation-tokens.ts";

export type OperationOutcome =
  | { readonly kind: "reply"; readonly reply: OperationReply }
  /** rpc/disconnected: it may or may not have taken effect. */
  | { readonly kind: "failed"; readonly error: SystemError };

export type OnOutcome = (outcome: OperationOutcome) => void;

interface Pending {
  /** The frame's id: serial * SLOTS_MAX + slot. */
  readonly id: number;
  readonly bytes: number;
  /** 0: needed none. */
  readonly token: number;
  readonly settle: OnOutcome;
}

export interface OperationClientOptions {
  /** Rises with each stream that this gateway's process opens to the node; from 1. */
  readonly serial: number;
  /** Monotonic, the clock in which paths are proved. */
  readonly nowMs: () => number;
}

const bytesOf = (operation: Operation): number =>
  operation.kind === "unmap" ? 0 : operation.length;

export class OperationClient {
  private readonly carrier: Carrier;
  private readonly tokens: ReceivedTokens;
  private tokenListener: () => void = () => {};
  /** A token was asked for, or the first one is on its way. */
  private isAwaited = true;
  /** Requests by slot, and the slots that are free (a Map of short-lived entries costs far more). */
  private slots: (Pending | undefined)[] = [];
  private readonly free: number[] = [];
  private serial = 0;
  private operations = 0;
  private bytes = 0;
  private closedBy: SystemError | undefined;

  /** Takes over `carrier`, in the turn it was dialled. */
  constructor(carrier: Carrier, { serial, nowMs }: OperationClientOptions) {
    this.carrier = carrier;
    this.tokens = new ReceivedTokens(nowMs);
    carrier.onFrame((frame) => this.onFrame(frame));
    carrier.onClose((reason) => this.onClose(reason));
    carrier.send({
      type: OPERATION_FRAME.hello,
      id: 0,
      body: encodeHello(serial, carrier.version),
    });
  }

  /** Calls at each token. The first says that the node knows of this stream. */
  onToken(listener: () => void): void {
    this.tokenListener = listener;
  }

  /** When the newest token came that is good for something. */
  get newestTokenAtMs(): number | undefined {
    return this.tokens.newestAtMs;
  }

  /** Asks for a token: a stream that was not used for long gets none by itself. */
  wake(): void {
    if (this.isAwaited) return;
    this.isAwaited = true;
    this.carrier.send({ type: OPERATION_FRAME.wake, id: 0, body: [] });
  }

  /** A token for an operation whose initiator proved its path at that time (P9), if there is one. */
  tokenFor(provenAtMs: number): number | undefined {
    return this.tokens.before(provenAtMs);
  }

  /** Requests sent and not yet answered; `bytes` counts their payload in either direction. */
  get inFlight(): { readonly operations: number; readonly bytes: number } {
    return { operations: this.operations, bytes: this.bytes };
  }

  /**
   * Sends an operation; `settle` is called once, never within this call. The payload must not change
   * until then.
   */
  request(operation: Operation, settle: OnOutcome): void {
    const { token } = operation;
    const id = this.enter({ bytes: bytesOf(operation), token, settle });
    if (id === undefined) return;
    this.carrier.send({
      type: OPERATION_FRAME.operation,
      id,
      body: encodeOperation(operation, this.carrier.version),
    });
  }

  /** Calls back an operation that was sent here before, or elsewhere; `settle` as above. */
  cancel(cancellation: Cancellation, settle: OnOutcome): void {
    const id = this.enter({ bytes: 0, token: 0, settle });
    if (id === undefined) return;
    this.carrier.send({
      type: OPERATION_FRAME.cancel,
      id,
      body: encodeCancellation(cancellation, this.carrier.version),
    });
  }

  private enter({ bytes, token, settle }: Omit<Pending, "id">): number | undefined {
    if (this.closedBy) {
      const error = this.closedBy;
      queueMicrotask(() => settle({ kind: "failed", error }));
      return undefined;
    }
    const slot = this.free.pop() ?? this.slots.length;
    assert(slot < SLOTS_MAX, "requests in flight are bounded");
    this.serial += 1;
    const id = this.serial * SLOTS_MAX + slot;
    this.slots[slot] = { id, bytes, token, settle };
    this.operations += 1;
    this.bytes += bytes;
    return id;
  }

  /** The same as a promise; rejects with rpc/disconnected. */
  send(operation: Operation): Promise<OperationReply> {
    return new Promise((resolve, reject) => {
      this.request(operation, (outcome) => {
        if (outcome.kind === "reply") resolve(outcome.reply);
        else reject(outcome.error);
      });
    });
  }

  close(reason?: Error): void {
    this.carrier.close(reason);
  }

  private onFrame(frame: ReceivedFrame): void {
    const slot = frame.id % SLOTS_MAX;
    const pending = this.slots[slot];
    let reply: OperationReply;
    try {
      if (frame.type === OPERATION_FRAME.token) {
        this.tokens.add(decodeToken(frame.body, this.carrier.version));
        this.isAwaited = false;
        this.tokenListener();
        return;
      }
      if (frame.type !== OPERATION_FRAME.reply) throw badFrame(`type ${frame.type}`);
      if (pending?.id !== frame.id) throw badFrame(`reply to unknown request ${frame.id}`);
      reply = decodeReply(frame.body, this.carrier.version);
    } catch (thrown) {
      this.carrier.close(toSystemError(thrown, "rpc/bad-frame"));
      return;
    }
    this.slots[slot] = undefined;
    this.free.push(slot);
    this.operations -= 1;
    this.bytes -= pending.bytes;
    if (reply.status === "staleToken") this.tokens.discard(pending.token);
    pending.settle({ kind: "reply", reply });
  }

  private onClose(reason: Error): void {
    const error = new SystemError(
      "rpc/disconnected",
      `connection to ${this.carrier.peer.node} broke: ${reason.message}`,
      { node: this.carrier.peer.node },
      reason,
    );
    this.closedBy = error;
    const outstanding = this.slots;
    this.slots = [];
    this.operations = 0;
    this.bytes = 0;
    for (const pending of outstanding) pending?.settle({ kind: "failed", error });
  }
}
