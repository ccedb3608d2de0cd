// From a command's result to PDUs: Data-In cut to what the initiator takes, GOOD collapsed into the
// last Data-In, residuals (RFC 7143, 11.4.5, 11.7).
import { type ScatterList, scatterLength, scatterSlice } from "@ashlar/core";
import { type CommandResult, STATUS } from "@ashlar/scsi";
import type { CommandWindow } from "./command-window.ts";
import type { SessionParameters } from "./negotiation.ts";
import { TAG_NONE } from "./opcode.ts";
import type { PathTimes } from "./path-proof.ts";
import type { Task } from "./task.ts";
import type { Transmitter } from "./transmitter.ts";

interface Residual {
  readonly overflow: boolean;
  readonly underflow: boolean;
  readonly residual: number;
}

const NO_RESIDUAL: Residual = { overflow: false, underflow: false, residual: 0 };

/** `actual` is what the command moves or wanted to move, `expected` what the initiator told. */
function residualOf(actual: number, expected: number): Residual {
  if (actual === expected) return NO_RESIDUAL;
  return actual > expected
    ? { overflow: true, underflow: false, residual: actual - expected }
    : { overflow: false, underflow: true, residual: expected - actual };
}

function taskResidual(task: Task, dataInLength: number): Residual {
  const { command, expectedOut } = task;
  const asked = command.kind === "ready" ? command.dataOutLength : 0;
  const untold = command.kind === "ready" && command.listLengthUntold;
  const dataOutLength = untold ? Math.min(asked, expectedOut) : asked;
  if (expectedOut === 0 && dataOutLength === 0) {
    return residualOf(dataInLength, task.expectedIn);
  }
  return residualOf(dataOutLength, expectedOut);
}

export interface ResponsePath {
  readonly transmitter: Transmitter;
  readonly times: PathTimes;
  readonly window: CommandWindow;
  readonly parameters: SessionParameters;
}

const NOTHING: ScatterList = [];

function sendStatus(
  path: ResponsePath,
  task: Task,
  { status, sense }: CommandResult,
  residual: Residual,
): void {
  let data = NOTHING;
  if (sense) {
    const length = Buffer.allocUnsafe(2);
    length.writeUInt16BE(sense.length, 0);
    data = [length, sense];
  }
  path.transmitter.send({
    kind: "scsiResponse",
    overflow: residual.overflow,
    underflow: residual.underflow,
    residual: residual.residual,
    response: 0,
    status,
    itt: task.itt,
    statSn: path.transmitter.takeStatSn(),
    expCmdSn: path.window.expCmdSn,
    maxCmdSn: path.window.maxCmdSn,
    expDataSn: task.dataSn,
    data,
  });
}

/** Sends everything a finished task has to say. */
export function sendResult(path: ResponsePath, task: Task, result: CommandResult): void {
  const available = scatterLength(result.dataIn);
  const residual = taskResidual(task, available);
  const length = Math.min(available, task.expectedIn);
  if (length === 0) {
    sendStatus(path, task, result, residual);
    return;
  }
  const collapses = result.status === STATUS.good;
  const { maxBurstLength, sendSegmentMax } = path.parameters;
  for (let at = 0; at < length; ) {
    const burstEnd = Math.min(length, (Math.floor(at / maxBurstLength) + 1) * maxBurstLength);
    const end = Math.min(burstEnd, at + sendSegmentMax);
    const whole = at === 0 && end === available;
    const hasStatus = end === length && collapses;
    const told = hasStatus ? residual : NO_RESIDUAL;
    path.transmitter.send({
      kind: "dataIn",
      final: end === burstEnd,
      acknowledge: false,
      overflow: told.overflow,
      underflow: told.underflow,
      residual: told.residual,
      hasStatus,
      status: hasStatus ? result.status : 0,
      lun: 0,
      itt: task.itt,
      ttt: TAG_NONE,
      statSn: hasStatus ? path.transmitter.takeStatSn() : 0,
      expCmdSn: path.window.expCmdSn,
      maxCmdSn: path.window.maxCmdSn,
      dataSn: task.dataSn,
      bufferOffset: at,
      data: whole ? result.dataIn : scatterSlice(result.dataIn, at, end - at),
    });
    task.dataSn += 1;
    at = end;
  }
  if (!collapses) sendStatus(path, task, result, residual);
}
