// The sending half of a connection: StatSN, the command window's numbers in every PDU, digests, and
// the buffers that wait to be handed to the socket.
import type { CommandWindow } from "./command-window.ts";
import type { PathTimes } from "./path-proof.ts";
import { type Digests, NO_DIGESTS, type TargetPdu } from "./pdu.ts";
import { encodeTargetPdu } from "./pdu-encoder.ts";
import { serialAdd } from "./serial.ts";

/** Any start is allowed; 1 keeps transcripts readable. */
const FIRST_STAT_SN = 1;

export class Transmitter {
  digests: Digests = NO_DIGESTS;
  private readonly times: PathTimes;
  private buffers: Buffer[] = [];
  private nextStatSn = FIRST_STAT_SN;

  /** @param times notes when each StatSN was first shown. */
  constructor(times: PathTimes) {
    this.times = times;
  }

  send(pdu: TargetPdu): void {
    encodeTargetPdu(pdu, this.digests, this.buffers);
  }

  /** StatSN of a PDU that carries status. */
  takeStatSn(): number {
    const statSn = this.showStatSn();
    this.nextStatSn = serialAdd(statSn, 1);
    return statSn;
  }

  /** The next StatSN, shown in R2T and pings without being used up. */
  showStatSn(): number {
    this.times.shown(this.nextStatSn);
    return this.nextStatSn;
  }

  /** Numbers of a PDU that carries status. */
  statusSerials(window: CommandWindow): {
    readonly statSn: number;
    readonly expCmdSn: number;
    readonly maxCmdSn: number;
  } {
    const { expCmdSn, maxCmdSn } = window;
    return { statSn: this.takeStatSn(), expCmdSn, maxCmdSn };
  }

  /** Everything encoded since the last call. */
  take(): Buffer[] {
    const { buffers } = this;
    this.buffers = [];
    return buffers;
  }
}
