// NOPs in both directions (RFC 7143, 11.18, 11.19): an initiator's ping is echoed at once, whatever
// the back end does; our own finds out whether a silent initiator still is there, and its answer
// proves the path as of the time it was sent (P9).
import { KIB, type ScatterList, scatterLength, scatterSlice } from "@ashlar/core";
import type { CommandWindow } from "./command-window.ts";
import { TAG_NONE } from "./opcode.ts";
import type { PathTimes } from "./path-proof.ts";
import type { NopOut } from "./pdu.ts";
import type { Transmitter } from "./transmitter.ts";

/** Bytes of a ping that are echoed at most. */
const ECHO_MAX = 8 * KIB;
/** Pings without an answer: one for each token that work may wait with, and no more. */
const PINGS_MAX = 8;

export class NopExchange {
  private readonly transmitter: Transmitter;
  private readonly window: CommandWindow;
  private readonly echoMax: number;
  private readonly times: PathTimes;
  private pingTtt = 0;
  /** Not answered, oldest first. */
  private pings: { readonly ttt: number; readonly sentMs: number }[] = [];

  constructor(
    path: {
      readonly transmitter: Transmitter;
      readonly window: CommandWindow;
      readonly times: PathTimes;
    },
    { segmentMax }: { readonly segmentMax: number },
  ) {
    this.transmitter = path.transmitter;
    this.window = path.window;
    this.times = path.times;
    this.echoMax = Math.min(ECHO_MAX, segmentMax);
  }

  answer({ itt, ttt, data }: NopOut): void {
    if (ttt !== TAG_NONE) this.onPingAnswered(ttt);
    // Without a task tag it answers our ping, or only tells ExpStatSN.
    if (itt === TAG_NONE) return;
    const echo = scatterLength(data) > this.echoMax ? scatterSlice(data, 0, this.echoMax) : data;
    this.send({ itt, ttt: TAG_NONE, statSn: this.transmitter.takeStatSn(), data: echo });
  }

  /** Asks for a sign of life; any byte from the initiator counts as one. */
  ping(): void {
    this.pingTtt = (this.pingTtt + 1) & 0x7fffffff;
    if (this.pings.length === PINGS_MAX) this.pings.shift();
    this.pings.push({ ttt: this.pingTtt, sentMs: this.times.now() });
    const statSn = this.transmitter.showStatSn();
    this.send({ itt: TAG_NONE, ttt: this.pingTtt, statSn, data: [] });
  }

  /** Asks for a proof of the path no older than `sinceMs`, unless that is under way. */
  prove(sinceMs: number): void {
    const last = this.pings.at(-1);
    if (last && (last.sentMs >= sinceMs || this.pings.length === PINGS_MAX)) return;
    this.ping();
  }

  private onPingAnswered(ttt: number): void {
    const at = this.pings.findIndex((ping) => ping.ttt === ttt);
    const ping = this.pings[at];
    if (!ping) return;
    this.pings.splice(0, at + 1);
    this.times.answered(ping.sentMs);
  }

  private send(fields: { itt: number; ttt: number; statSn: number; data: ScatterList }): void {
    const { expCmdSn, maxCmdSn } = this.window;
    this.transmitter.send({ kind: "nopIn", lun: 0, ...fields, expCmdSn, maxCmdSn });
  }
}
