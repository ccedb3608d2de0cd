// One SCSI task at the target: data-out being collected, then the command running. Data-Out must
// come in order (DataPDUInOrder and DataSequenceInOrder are Yes, one R2T is open at a time), so it is
// kept as a list of the slices that the decoder delivered.
import {
  type OperationOptions,
  type PathProof,
  type ScatterList,
  scatterLength,
  scatterSlice,
} from "@ashlar/core";
import type { DataOutOffer, PreparedCommand } from "@ashlar/scsi";
import type { DataOut, ScsiCommand } from "./pdu.ts";

/** `waiting` for memory, `collecting` data-out, `running` in the device server, `ended`. */
export type TaskState = "waiting" | "collecting" | "running" | "ended";

/** What a Data-Out did to its task. */
export type Collected = "more" | "burstComplete" | "ignored";

export class Task implements OperationOptions {
  readonly itt: number;
  readonly lun: number;
  readonly command: PreparedCommand;
  /** Of the connection it came on. */
  readonly path: PathProof;
  /** The initiator's expected data transfer length, by direction. */
  readonly expectedIn: number;
  readonly expectedOut: number;
  /** Bytes of data-out to collect: what both the CDB and the initiator want. */
  readonly wanted: number;
  /** Bytes of payload that the task holds at most; counted against the session's memory. */
  readonly memory: number;
  state: TaskState = "waiting";
  /** Aborted: runs out without a response. */
  aborted = false;
  /** The data-out came wrongly; the command must fail and not be executed. */
  faulty = false;
  /** R2T and Data-In PDUs sent so far. */
  dataSn = 0;
  received = 0;
  private parts: Buffer[];
  /** When the open burst was solicited. */
  solicitedAtMs = Number.NEGATIVE_INFINITY;
  private ttt = 0;
  private burstEnd = 0;
  private expectedDataSn = 0;
  private controller: AbortController | undefined;

  constructor(pdu: ScsiCommand, command: PreparedCommand, path: PathProof) {
    this.itt = pdu.itt;
    this.lun = pdu.lun;
    this.command = command;
    this.path = path;
    this.expectedIn = pdu.read ? pdu.expectedLength : 0;
    this.expectedOut = pdu.write ? pdu.expectedLength : 0;
    const [dataOutLength, dataInLength] =
      command.kind === "ready" ? [command.dataOutLength, command.dataInLength] : [0, 0];
    this.wanted = Math.min(dataOutLength, this.expectedOut);
    // All that the CDB asks for is read, however little of it the initiator takes.
    this.memory = this.wanted + dataInLength;
    const immediate = scatterLength(pdu.data);
    if (immediate > this.wanted) {
      this.parts = scatterSlice(pdu.data, 0, this.wanted);
      this.received = this.wanted;
    } else {
      this.parts = [...pdu.data];
      this.received = immediate;
    }
  }

  get permit(): (() => void) | undefined {
    return this.command.kind === "ready" ? this.command.permit : undefined;
  }

  get complete(): boolean {
    return this.received === this.wanted;
  }

  get offer(): DataOutOffer {
    const data: ScatterList = this.parts;
    return { data, offeredLength: this.expectedOut };
  }

  /** Made when first asked for: most commands never look. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    return this.controller.signal;
  }

  get isForbidden(): boolean {
    return this.command.kind === "ready" && this.command.forbidden() !== undefined;
  }

  /** Tells whoever runs the command to give up, for an abort: there is no response. */
  cancel(): void {
    this.aborted = true;
    this.interrupt();
  }

  /** Tells whoever runs the command to give up; what comes of it is the response. */
  interrupt(): void {
    this.controller ??= new AbortController();
    this.controller.abort();
  }

  /** Opens the next burst and returns its length. */
  beginBurst(ttt: number, burstMax: number): number {
    const length = Math.min(burstMax, this.wanted - this.received);
    this.state = "collecting";
    this.ttt = ttt;
    this.burstEnd = this.received + length;
    this.expectedDataSn = 0;
    return length;
  }

  /** Takes a Data-Out of the open burst. */
  collect(pdu: DataOut): Collected {
    if (this.state !== "collecting" || pdu.ttt !== this.ttt) return "ignored";
    const end = this.received + scatterLength(pdu.data);
    const inOrder =
      pdu.dataSn === this.expectedDataSn &&
      pdu.bufferOffset === this.received &&
      end <= this.burstEnd &&
      (!pdu.final || end === this.burstEnd);
    if (!inOrder) this.faulty = true;
    this.expectedDataSn += 1;
    if (!this.faulty) {
      for (const part of pdu.data) this.parts.push(part);
      this.received = end;
    }
    // Without its F bit too: a command that has all its data must not wait for ever.
    return pdu.final || this.received === this.burstEnd ? "burstComplete" : "more";
  }

  /** Lets the payload go before the task itself does. */
  release(): void {
    this.parts = [];
  }
}
