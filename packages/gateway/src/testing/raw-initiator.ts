// An initiator made of the PDU codec alone, so that a test decides every PDU and sees every answer.
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

/** Sense key, ASC and ASCQ of a SCSI response. */
export function senseOf(pdu: TargetPdu | UnknownPdu): number[] {
  const data = Buffer.concat("data" in pdu ? [...pdu.data] : []);
  return [2, 12, 13].map((at) => data.readUInt8(2 + at));
}
