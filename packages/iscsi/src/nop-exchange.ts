// NOPs in both directions (RFC 7143, 11.18, 11.19): an initiator's ping is echoed at once, whatever
// the back end does; our own finds out whether a silent initiator still is there.
import { KIB, type ScatterList, scatterLength, scatterSlice } from "@ashlar/core";
import type { CommandWindow } from "./command-window.ts";
import { TAG_NONE } from "./opcode.ts";
import type { NopOut } from "./pdu.ts";
import type { Transmitter } from "./transmitter.ts";

/** Bytes of a ping that are echoed at most. */
const ECHO_MAX = 8 * KIB;

export class NopExchange {
  private readonly transmitter: Transmitter;
  private readonly window: CommandWindow;
  private readonly echoMax: number;
  private pingTtt = 0;

  constructor(
    path: { readonly transmitter: Transmitter; readonly window: CommandWindow },
    { segmentMax }: { readonly segmentMax: number },
  ) {
    this.transmitter = path.transmitter;
    this.window = path.window;
    this.echoMax = Math.min(ECHO_MAX, segmentMax);
  }

  answer({ itt, data }: NopOut): void {
    // Without a task tag it answers our ping, or only tells ExpStatSN.
    if (itt === TAG_NONE) return;
    const echo = scatterLength(data) > this.echoMax ? scatterSlice(data, 0, this.echoMax) : data;
    this.send({ itt, ttt: TAG_NONE, statSn: this.transmitter.takeStatSn(), data: echo });
  }

  /** Asks for a sign of life; any byte from the initiator counts as one. */
  ping(): void {
    this.pingTtt = (this.pingTtt + 1) & 0x7fffffff;
    const { statSn } = this.transmitter;
    this.send({ itt: TAG_NONE, ttt: this.pingTtt, statSn, data: [] });
  }

  private send(fields: { itt: number; ttt: number; statSn: number; data: ScatterList }): void {
    const { expCmdSn, maxCmdSn } = this.window;
    this.transmitter.send({ kind: "nopIn", lun: 0, ...fields, expCmdSn, maxCmdSn });
  }
}
