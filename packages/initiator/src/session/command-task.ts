// One SCSI command on its way: what goes out with it and on R2T, what came in (RFC 7143, 11.3, 11.4,
// 11.7, 11.8). Every rule a target must keep is checked; the answer to a broken one is its name.
import { type ScatterList, scatterLength, scatterSlice } from "@ashlar/core";
import {
  type DataIn,
  type DataOut,
  type R2t,
  type ScsiCommand as ScsiCommandPdu,
  type ScsiResponse,
  serialAdd,
  TAG_NONE,
  TASK_ATTRIBUTE,
} from "@ashlar/iscsi";
import type { Residual, ScsiCommand, ScsiResult } from "../scsi/command.ts";
import { parseSense } from "../scsi/sense.ts";
import type { SessionParameters } from "./parameters.ts";

export interface Violation {
  readonly kind: "violation";
  readonly rule: string;
}

const violation = (rule: string): Violation => ({ kind: "violation", rule });
const NOTHING: ScatterList = [];

export class CommandTask {
  readonly itt: number;
  readonly command: ScsiCommand;
  /** Set when the command goes out. */
  cmdSn = 0;
  private readonly dataOut: ScatterList;
  private readonly dataOutLength: number;
  private readonly dataInLength: number;
  private readonly dataIn: Buffer[] = [];
  private received = 0;
  /** Bytes of data out sent or promised by an R2T so far. */
  private sent = 0;
  private dataSn = 0;

  constructor(itt: number, command: ScsiCommand) {
    this.itt = itt;
    this.command = command;
    this.dataOut = command.dataOut ?? NOTHING;
    this.dataOutLength = scatterLength(this.dataOut);
    this.dataInLength = command.dataInLength ?? 0;
  }

  /** The command with its immediate data, and unsolicited Data-Out where that is agreed. */
  start(
    { cmdSn, expStatSn }: { readonly cmdSn: number; readonly expStatSn: number },
    parameters: SessionParameters,
  ): (ScsiCommandPdu | DataOut)[] {
    this.cmdSn = cmdSn;
    const { firstBurstLength, targetDataSegmentMax } = parameters;
    const burst = Math.min(this.dataOutLength, firstBurstLength);
    const immediate = parameters.immediateData ? Math.min(burst, targetDataSegmentMax) : 0;
    const unsolicited = parameters.initialR2t ? immediate : burst;
    this.sent = unsolicited;
    const pdu: ScsiCommandPdu = {
      kind: "scsiCommand",
      immediate: false,
      final: unsolicited === immediate,
      read: this.dataInLength > 0,
      write: this.dataOutLength > 0,
      attribute: TASK_ATTRIBUTE.simple,
      lun: this.command.lun,
      itt: this.itt,
      expectedLength: this.dataOutLength > 0 ? this.dataOutLength : this.dataInLength,
      cmdSn,
      expStatSn,
      cdb: this.command.cdb,
      data: immediate > 0 ? scatterSlice(this.dataOut, 0, immediate) : NOTHING,
    };
    if (unsolicited === immediate) return [pdu];
    const rest = { ttt: TAG_NONE, offset: immediate, length: unsolicited - immediate };
    return [pdu, ...this.sequence(rest, expStatSn, targetDataSegmentMax)];
  }

  /** The Data-Out sequence an R2T asks for. */
  onR2t(r2t: R2t, expStatSn: number, parameters: SessionParameters): DataOut[] | Violation {
    const { bufferOffset: offset, desiredLength: length, ttt } = r2t;
    if (r2t.r2tSn !== this.dataSn) {
      return violation(`R2TSN is ${r2t.r2tSn}, not ${this.dataSn}`);
    }
    if (ttt === TAG_NONE) return violation("an R2T has no target transfer tag");
    if (length === 0 || length > parameters.maxBurstLength) {
      return violation(`an R2T asks for ${length} bytes, more than MaxBurstLength or none`);
    }
    if (offset !== this.sent || offset + length > this.dataOutLength) {
      return violation(`an R2T asks for ${offset}+${length}, next byte is ${this.sent}`);
    }
    this.dataSn = serialAdd(this.dataSn, 1);
    this.sent += length;
    return this.sequence({ ttt, offset, length }, expStatSn, parameters.targetDataSegmentMax);
  }

  onDataIn(pdu: DataIn): ScsiResult | Violation | undefined {
    const length = scatterLength(pdu.data);
    if (pdu.dataSn !== this.dataSn) {
      return violation(`Data-In DataSN is ${pdu.dataSn}, not ${this.dataSn}`);
    }
    if (pdu.bufferOffset !== this.received) {
      return violation(`Data-In at ${pdu.bufferOffset}, expected at ${this.received}`);
    }
    if (this.received + length > this.dataInLength) {
      return violation(`Data-In goes beyond the expected ${this.dataInLength} bytes`);
    }
    this.dataSn = serialAdd(this.dataSn, 1);
    this.received += length;
    this.dataIn.push(...pdu.data);
    return pdu.hasStatus ? this.finish(pdu, NOTHING) : undefined;
  }

  onResponse(pdu: ScsiResponse): ScsiResult | Violation {
    if (pdu.response !== 0) return violation(`the target failed with response ${pdu.response}`);
    return this.finish(pdu, pdu.data);
  }

  private finish(
    pdu: {
      readonly status: number;
      readonly underflow: boolean;
      readonly overflow: boolean;
      readonly residual: number;
    },
    data: ScatterList,
  ): ScsiResult | Violation {
    const { status, residual: bytes } = pdu;
    const residual: Residual = pdu.underflow
      ? { kind: "underflow", bytes }
      : pdu.overflow
        ? { kind: "overflow", bytes }
        : { kind: "none" };
    const missing = this.dataInLength - this.received;
    const counted = residual.kind === "underflow" ? bytes : 0;
    if (status === 0 && this.dataInLength > 0 && missing !== counted) {
      return violation(`${missing} bytes of data are missing, the residual count is ${counted}`);
    }
    const sense = senseOf(data);
    return { status, dataIn: this.dataIn, residual, ...(sense && { sense }) };
  }

  private sequence(
    {
      ttt,
      offset,
      length,
    }: { readonly ttt: number; readonly offset: number; readonly length: number },
    expStatSn: number,
    segmentMax: number,
  ): DataOut[] {
    const pdus: DataOut[] = [];
    for (let at = 0; at < length; at += segmentMax) {
      const part = Math.min(segmentMax, length - at);
      pdus.push({
        kind: "dataOut",
        final: at + part === length,
        lun: this.command.lun,
        itt: this.itt,
        ttt,
        expStatSn,
        dataSn: pdus.length,
        bufferOffset: offset + at,
        data: scatterSlice(this.dataOut, offset + at, part),
      });
    }
    return pdus;
  }
}

function senseOf(data: ScatterList): ReturnType<typeof parseSense> {
  if (data.length === 0) return undefined;
  const joined = Buffer.concat(data);
  if (joined.length < 2) return undefined;
  return parseSense(joined.subarray(2, 2 + joined.readUInt16BE(0)));
}
