// An initiator made of the PDU codec, so that it can misbehave, and be told what a kind one is not.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import {
  encodeInitiatorPdu,
  type InitiatorPdu,
  NO_DIGESTS,
  type TargetPdu,
  targetPduDecoder,
  type UnknownPdu,
} from "@ashlar/iscsi";

export class RawInitiator {
  private readonly socket: Socket;
  private readonly decoder = targetPduDecoder({ dataSegmentMax: 2 ** 20 });
  private readonly received: (TargetPdu | UnknownPdu)[] = [];
  private readonly closing: Promise<unknown>;
  private wake: () => void = () => {};

  constructor(address: string) {
    const [host = "", port = ""] = address.split(":");
    this.socket = connect(Number(port), host);
    this.closing = once(this.socket, "close");
    this.socket.on("error", () => {});
    this.socket.on("data", (bytes: Buffer) => {
      this.decoder.push(bytes, (pdu) => this.received.push(pdu));
      this.wake();
    });
  }

  send(pdu: InitiatorPdu): void {
    const out: Buffer[] = [];
    encodeInitiatorPdu(pdu, NO_DIGESTS, out);
    this.socket.write(Buffer.concat(out));
  }

  async next(): Promise<TargetPdu | UnknownPdu> {
    for (;;) {
      const pdu = this.received.shift();
      if (pdu) return pdu;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  async ask(pdu: InitiatorPdu): Promise<TargetPdu | UnknownPdu> {
    this.send(pdu);
    return this.next();
  }

  async closed(): Promise<void> {
    await this.closing;
  }

  close(): void {
    this.socket.destroy();
  }
}
