// The storage node's end of an operations carrier: frames become operations, answers become frames.
// The first frame says which of its gateway's streams this is (operation-streams.ts); from then on
// the stream issues tokens, by which the age of what comes on it is known. What is in hand is kept by
// the slot its gateway gave it, so that it can be counted, and called back when the stream is over.
import { assert, SystemError, toSystemError } from "@ashlar/core";
import type { Cancellation, Operation, OperationReply } from "@ashlar/replica";
import type { Clock, Random, Timer } from "@ashlar/runtime";
import type { Carrier, ReceivedFrame } from "./carrier.ts";
import { badFrame } from "./frame-codec.ts";
import {
  decodeCancellation,
  decodeHello,
  decodeOperation,
  encodeReply,
  encodeToken,
  OPERATION_FRAME,
  OPERATION_SLOTS_MAX,
} from "./operation-codec.ts";
import type { OperationStream, OperationStreams } from "./operation-streams.ts";
import {
  IssuedTokens,
  NONCE_LIMIT,
  QUIET_AFTER_MS,
  TOKEN_INTERVAL_MS,
} from "./operation-tokens.ts";

type Reply = (reply: OperationReply) => void;

/** What is done with what comes. Answers may come later; after the carrier closed they go nowhere. */
export interface OperationHandler {
  /**
   * Does one operation and answers exactly once.
   * @param deadlineMs of the clock given to the server: it gets no LSN later (P9).
   */
  operate(operation: Operation, deadlineMs: number, reply: Reply): void;
  /** Calls one back. `reply`, if any, is answered exactly once. */
  cancel(cancellation: Cancellation, reply: Reply | undefined): void;
}

export interface OperationServerDependencies {
  /** Shared by all streams of a node. */
  readonly streams: OperationStreams;
  readonly clock: Clock;
  readonly random: Random;
}

interface InHand {
  readonly bytes: number;
  /** How to call it back; undefined for what changes nothing. */
  readonly cancellation: Cancellation | undefined;
}

export class OperationServer implements OperationStream {
  readonly carrier: Carrier;
  private readonly dependencies: OperationServerDependencies;
  private readonly handler: OperationHandler;
  private readonly tokens: IssuedTokens;
  private readonly slots: (InHand | undefined)[] = [];
  private greeted = false;
  private issuing: Timer | undefined;
  private usedAtMs = 0;
  private over = false;
  private operations = 0;
  private bytes = 0;

  /** Takes over `carrier`, in the turn it was accepted. */
  constructor(
    carrier: Carrier,
    dependencies: OperationServerDependencies,
    handler: OperationHandler,
  ) {
    const { clock, random } = dependencies;
    this.carrier = carrier;
    this.dependencies = dependencies;
    this.handler = handler;
    this.tokens = new IssuedTokens(1 + random.below(NONCE_LIMIT - 1), () => clock.nowMs());
    carrier.onFrame((frame) => this.onFrame(frame));
    carrier.onClose((reason) => this.end(reason));
  }

  /** Operations taken and not yet answered. */
  get inFlight(): { readonly operations: number; readonly bytes: number } {
    return { operations: this.operations, bytes: this.bytes };
  }

  /** What came and has no LSN gets none; nothing more is taken. */
  end(reason: Error): void {
    if (this.over) return;
    this.over = true;
    this.issuing?.cancel();
    for (const inHand of this.slots) {
      if (inHand?.cancellation) this.handler.cancel(inHand.cancellation, undefined);
    }
    this.carrier.close(reason);
  }

  private onFrame(frame: ReceivedFrame): void {
    if (this.over) return;
    let act: () => void;
    try {
      act = this.read(frame);
    } catch (thrown) {
      this.end(toSystemError(thrown, "rpc/bad-frame"));
      return;
    }
    act();
  }

  /** What a frame asks for, its bounds checked. @throws SystemError rpc/bad-frame. */
  private read({ type, id, body }: ReceivedFrame): () => void {
    if (!this.greeted) {
      if (type !== OPERATION_FRAME.hello) throw badFrame("no hello first");
      const serial = decodeHello(body, this.carrier.version);
      return () => this.greet(serial);
    }
    if (type === OPERATION_FRAME.wake) return () => this.use();
    if (this.slots[id % OPERATION_SLOTS_MAX]) {
      throw badFrame(`request ${id} takes the place of another`);
    }
    switch (type) {
      case OPERATION_FRAME.operation: {
        const operation = decodeOperation(body, this.carrier.version);
        return () => this.operate(id, operation, body.length);
      }
      case OPERATION_FRAME.cancel: {
        const cancellation = decodeCancellation(body, this.carrier.version);
        return () => {
          const reply = this.enter(id, { bytes: 0, cancellation: undefined });
          this.handler.cancel(cancellation, reply);
        };
      }
      default:
        throw badFrame(`type ${type}`);
    }
  }

  private greet(serial: number): void {
    if (!this.dependencies.streams.enter(this, serial)) {
      this.end(new SystemError("rpc/disconnected", "its gateway has a newer stream"));
      return;
    }
    this.greeted = true;
    this.use();
  }

  /** From now on there are tokens, the first at once. */
  private use(): void {
    const { clock } = this.dependencies;
    this.usedAtMs = clock.nowMs();
    if (this.issuing) return;
    this.issuing = clock.every(TOKEN_INTERVAL_MS, () => this.issue());
    this.issue();
  }

  private issue(): void {
    if (this.dependencies.clock.nowMs() - this.usedAtMs > QUIET_AFTER_MS) {
      this.issuing?.cancel();
      this.issuing = undefined;
      return;
    }
    const body = encodeToken(this.tokens.issue(), this.carrier.version);
    this.carrier.send({ type: OPERATION_FRAME.token, id: 0, body });
  }

  private operate(id: number, operation: Operation, bytes: number): void {
    const { kind, chunk, epoch, opId, token } = operation;
    const changes = kind !== "read";
    const reply = this.enter(id, {
      bytes,
      cancellation: changes ? { chunk, epoch, opId } : undefined,
    });
    const deadlineMs = changes ? this.tokens.deadlineMs(token) : Number.POSITIVE_INFINITY;
    this.handler.operate(operation, deadlineMs, reply);
  }

  private enter(id: number, inHand: InHand): Reply {
    this.use();
    const slot = id % OPERATION_SLOTS_MAX;
    this.slots[slot] = inHand;
    this.operations += 1;
    this.bytes += inHand.bytes;
    return (reply) => {
      assert(this.slots[slot] === inHand, "a request is answered once");
      this.slots[slot] = undefined;
      this.operations -= 1;
      this.bytes -= inHand.bytes;
      this.carrier.send({
        type: OPERATION_FRAME.reply,
        id,
        body: encodeReply(reply, this.carrier.version),
      });
    };
  }
}
