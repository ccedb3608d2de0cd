// The storage node's end of an operations carrier: frames become operations, answers become frames.
// What is in hand is counted, so that the node can bound it and show it.
import { assert, toSystemError } from "@ashlar/core";
import type { Operation, OperationReply } from "@ashlar/replica";
import type { Carrier, ReceivedFrame } from "./carrier.ts";
import { badFrame } from "./frame-codec.ts";
import { decodeOperation, encodeReply, OPERATION_FRAME } from "./operation-codec.ts";

/**
 * Does one operation and answers exactly once, now or later. An answer after the carrier closed goes
 * nowhere.
 */
export type OperationHandler = (
  operation: Operation,
  reply: (reply: OperationReply) => void,
) => void;

export class OperationServer {
  private readonly carrier: Carrier;
  private readonly handle: OperationHandler;
  private operations = 0;
  private bytes = 0;

  /** Takes over `carrier`, in the turn it was accepted. */
  constructor(carrier: Carrier, handle: OperationHandler) {
    this.carrier = carrier;
    this.handle = handle;
    carrier.onFrame((frame) => this.onFrame(frame));
  }

  /** Operations taken and not yet answered. */
  get inFlight(): { readonly operations: number; readonly bytes: number } {
    return { operations: this.operations, bytes: this.bytes };
  }

  private onFrame(frame: ReceivedFrame): void {
    let operation: Operation;
    try {
      if (frame.type !== OPERATION_FRAME.operation) throw badFrame(`type ${frame.type}`);
      operation = decodeOperation(frame.body);
    } catch (thrown) {
      this.carrier.close(toSystemError(thrown, "rpc/bad-frame"));
      return;
    }
    const { id } = frame;
    const bytes = frame.body.length;
    this.operations += 1;
    this.bytes += bytes;
    let answered = false;
    this.handle(operation, (reply) => {
      assert(!answered, "an operation is answered once");
      answered = true;
      this.operations -= 1;
      this.bytes -= bytes;
      this.carrier.send({ type: OPERATION_FRAME.reply, id, body: encodeReply(reply) });
    });
  }
}
