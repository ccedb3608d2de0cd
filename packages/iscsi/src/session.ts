// A normal session in its full-feature phase: the task set of its I_T nexus. One connection per
// session, error recovery level 0. Payload memory is bounded: tasks beyond the budget wait in order
// of arrival, before their data is solicited, and the command window bounds how many can wait.

import { MIB, type PathProof } from "@ashlar/core";
import type { CommandResult, Nexus, ScsiTarget } from "@ashlar/scsi";
import { checkCondition, SENSE } from "@ashlar/scsi";
import type { CommandWindow } from "./command-window.ts";
import type { ConnectionEffect, Management } from "./effect.ts";
import type { SessionIdentity } from "./login.ts";
import { REJECT_REASON, TASK_FUNCTION, TASK_RESPONSE } from "./opcode.ts";
import type { DataOut, ScsiCommand, TaskManagementRequest } from "./pdu.ts";
import { type ResponsePath, sendResult } from "./response.ts";
import { serialAdd, serialLess } from "./serial.ts";
import { Task } from "./task.ts";

/** Commands a session may have outstanding; open-iscsi queues as many. */
export const COMMAND_WINDOW = 128;
/** Payload bytes of all tasks of a session: eight of the longest commands. */
const MEMORY_MAX = 32 * MIB;
/** Immediate commands do not count in the window; this many more are taken. */
const IMMEDIATE_MAX = 16;
/** Target transfer tags run 1 .. 2^31, so they never equal TAG_NONE. */
const TTT_LIMIT = 0x80000000;

type NormalIdentity = Extract<SessionIdentity, { kind: "normal" }>;

/** The answer to a task management function that needs no waiting, or what to wait for. */
type ManagementStep =
  | { readonly kind: "answer"; readonly response: number }
  | { readonly kind: "abort"; readonly tasks: Task[]; readonly reset: Management["reset"] };

const answer = (response: number): ManagementStep => ({ kind: "answer", response });

export class Session {
  readonly nexus: Nexus;
  readonly scsi: ScsiTarget;
  private readonly path: ResponsePath;
  private readonly pathProof: PathProof;
  private readonly effects: (effect: ConnectionEffect) => void;
  private readonly tasks = new Map<number, Task>();
  /** Tasks that wait for memory or for the connection to drain, in order. */
  private waiting: Task[] = [];
  private memoryUsed = 0;
  private nextTtt = 1;
  private held = false;

  constructor(
    identity: NormalIdentity,
    path: ResponsePath,
    options: {
      readonly tpgt: number;
      readonly pathProof: PathProof;
      readonly emit: (effect: ConnectionEffect) => void;
    },
  ) {
    this.scsi = identity.scsi;
    this.nexus = nexusOf(identity, options.tpgt);
    this.path = path;
    this.pathProof = options.pathProof;
    this.effects = options.emit;
  }

  get taskCount(): number {
    return this.tasks.size;
  }

  private get window(): CommandWindow {
    return this.path.window;
  }

  /** A command in its turn. Returns a reason to reject the PDU, if any. */
  deliver(pdu: ScsiCommand): number | undefined {
    if (this.tasks.has(pdu.itt)) return REJECT_REASON.taskInProgress;
    if (pdu.immediate && this.tasks.size >= COMMAND_WINDOW + IMMEDIATE_MAX) {
      return REJECT_REASON.immediateCommandReject;
    }
    const command = this.scsi.prepare(this.nexus, pdu.lun, pdu.cdb);
    const task = new Task(pdu, command, this.pathProof);
    this.tasks.set(task.itt, task);
    if (this.waiting.length > 0 || !this.fits(task)) this.waiting.push(task);
    else this.begin(task);
    return undefined;
  }

  /** Data-Out; what belongs to no open burst - late after an abort - is dropped silently. */
  collect(pdu: DataOut): void {
    const task = this.tasks.get(pdu.itt);
    const collected = task?.collect(pdu) ?? "ignored";
    if (!task || collected === "ignored") return;
    this.path.times.answered(task.solicitedAtMs);
    if (collected !== "burstComplete") return;
    if (task.faulty) this.finish(task, checkCondition(SENSE.dataPhaseError));
    else this.proceed(task);
  }

  /** The device server is done with a running task. */
  complete(task: Task, result: CommandResult): void {
    this.finish(task, result);
  }

  /** While held, nothing new is begun: the initiator does not read what it is sent. */
  hold(held: boolean): void {
    this.held = held;
    if (!held) this.beginWaiting();
  }

  /** Task management (RFC 7143, 11.5); the answer may have to wait for tasks to die. */
  manage(request: TaskManagementRequest): ManagementStep {
    switch (request.function) {
      case TASK_FUNCTION.abortTask:
        return this.abortTask(request);
      case TASK_FUNCTION.abortTaskSet:
        return this.onUnit(request, false);
      case TASK_FUNCTION.logicalUnitReset:
        return this.onUnit(request, true);
      case TASK_FUNCTION.targetWarmReset:
      case TASK_FUNCTION.targetColdReset:
        return { kind: "abort", tasks: this.abortAll(undefined), reset: { lun: undefined } };
      case TASK_FUNCTION.taskReassign:
        return answer(TASK_RESPONSE.reassignNotSupported);
      default:
        return answer(TASK_RESPONSE.functionNotSupported);
    }
  }

  /**
   * Aborts the tasks of a LUN, or all. Those that were not running are gone at once; returned are
   * the ones that must settle before the abort may be answered.
   */
  abortAll(lun: number | undefined): Task[] {
    const running: Task[] = [];
    for (const task of [...this.tasks.values()]) {
      if (lun === undefined || task.lun === lun) this.abort(task, running);
    }
    return running;
  }

  /**
   * Running tasks whose nexus may not do any more what they do: they give up, and are answered with what
   * forbids it. Those that do not run yet find out when they begin.
   */
  interruptForbidden(): void {
    for (const task of this.tasks.values()) {
      if (task.state === "running" && task.isForbidden) task.interrupt();
    }
  }

  private onUnit(request: TaskManagementRequest, resets: boolean): ManagementStep {
    const { lun } = request;
    if (!this.scsi.unitAt(this.nexus, lun)) return answer(TASK_RESPONSE.lunDoesNotExist);
    return { kind: "abort", tasks: this.abortAll(lun), reset: resets ? { lun } : undefined };
  }

  private abortTask(request: TaskManagementRequest): ManagementStep {
    const task = this.tasks.get(request.referencedItt);
    if (!task) {
      // A command still on its way counts as received, so that it is never executed. It was numbered
      // before the abort: a number yet to be given must not be lost.
      const { refCmdSn, cmdSn } = request;
      const onItsWay = serialLess(refCmdSn, cmdSn) && this.window.skip(refCmdSn);
      return answer(onItsWay ? TASK_RESPONSE.complete : TASK_RESPONSE.taskDoesNotExist);
    }
    const tasks: Task[] = [];
    this.abort(task, tasks);
    return { kind: "abort", tasks, reset: undefined };
  }

  private abort(task: Task, running: Task[]): void {
    task.aborted = true;
    if (task.state === "running") running.push(task);
    else this.remove(task);
  }

  private fits(task: Task): boolean {
    if (this.held) return false;
    return this.memoryUsed === 0 || this.memoryUsed + task.memory <= MEMORY_MAX;
  }

  private begin(task: Task): void {
    this.memoryUsed += task.memory;
    this.proceed(task);
  }

  /** Solicits the next burst, or runs the command when its data-out is complete. */
  private proceed(task: Task): void {
    if (task.complete) {
      task.state = "running";
      this.effects({ kind: "execute", task });
      return;
    }
    const ttt = this.nextTtt;
    this.nextTtt = ttt + 1 >= TTT_LIMIT ? 1 : ttt + 1;
    const bufferOffset = task.received;
    const desiredLength = task.beginBurst(ttt, this.path.parameters.maxBurstLength);
    task.solicitedAtMs = this.path.times.now();
    this.path.transmitter.send({
      kind: "r2t",
      lun: task.lun,
      itt: task.itt,
      ttt,
      statSn: this.path.transmitter.showStatSn(),
      expCmdSn: this.window.expCmdSn,
      maxCmdSn: this.window.maxCmdSn,
      r2tSn: task.dataSn,
      bufferOffset,
      desiredLength,
    });
    task.dataSn = serialAdd(task.dataSn, 1);
  }

  private finish(task: Task, result: CommandResult): void {
    const { aborted } = task;
    this.remove(task);
    if (!aborted) sendResult(this.path, task, result);
  }

  private remove(task: Task): void {
    if (task.state === "waiting") this.waiting = this.waiting.filter((other) => other !== task);
    else if (task.state !== "ended") this.memoryUsed -= task.memory;
    task.state = "ended";
    task.release();
    this.tasks.delete(task.itt);
    this.window.admit(this.tasks.size);
    this.beginWaiting();
  }

  private beginWaiting(): void {
    for (let first = this.waiting[0]; first && this.fits(first); first = this.waiting[0]) {
      this.waiting.shift();
      this.begin(first);
    }
  }
}

/** Initiator port and target port (RFC 7143, 4.4). */
function nexusOf(identity: NormalIdentity, tpgt: number): Nexus {
  const { initiatorName, isid, admittedAs, targetName } = identity;
  const tag = tpgt.toString(16).padStart(4, "0");
  const initiatorPort = `${initiatorName},i,0x${isid}`;
  const name = `${initiatorPort};${targetName},t,0x${tag}`;
  return { name, initiatorPort, initiatorName, admittedAs, targetName, tpgt };
}
