// One iSCSI connection at the target: bytes in, effects out; the driver owns socket and clock. A
// connection logs in, is handed over to its session, and then serves commands in the order of CmdSN,
// while pings, task management and logout are answered even when the back end stands still.
// Error recovery level 0: whatever breaks the byte stream ends the connection (RFC 7143, 7).
import { assertNever } from "@ashlar/core";
import type { CommandResult, Nexus, ScsiTarget } from "@ashlar/scsi";
import { Answers } from "./answers.ts";
import { CommandWindow } from "./command-window.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import type { TargetDirectory, TargetLookup } from "./directory.ts";
import type { CloseReason, ConnectionEffect, Management } from "./effect.ts";
import { Login, type LoginStep, type SessionIdentity } from "./login.ts";
import { RECEIVE_SEGMENT_MAX, type SessionParameters } from "./negotiation.ts";
import { NopExchange } from "./nop-exchange.ts";
import {
  ASYNC_EVENT,
  LOGIN_STATUS,
  LOGOUT_REASON,
  LOGOUT_RESPONSE,
  type LoginStatus,
  REJECT_REASON,
  TASK_RESPONSE,
} from "./opcode.ts";
import { PathTimes } from "./path-proof.ts";
import type {
  Digests,
  InitiatorPdu,
  LoginRequest,
  LogoutRequest,
  ScsiCommand,
  TaskManagementRequest,
  TextRequest,
  UnknownPdu,
} from "./pdu.ts";
import { initiatorPduDecoder } from "./pdu-decoder.ts";
import { COMMAND_WINDOW, Session } from "./session.ts";
import type { Task } from "./task.ts";
import { TextExchange } from "./text-exchange.ts";
import { Transmitter } from "./transmitter.ts";

/** A login that takes longer is given up; initiators wait as long. */
const LOGIN_TIMEOUT_MS = 15_000;
/** Ticks without a byte from the initiator after which it is pinged, and given up. */
const PING_AFTER_TICKS = 5;
const DEAD_AFTER_TICKS = 15;
/** The same while held: it is not listened to then, and a slow link takes its time to drain. */
const STUCK_AFTER_TICKS = 60;
/** How often the driver calls `tick`, in milliseconds. */
export const TICK_INTERVAL_MS = 1_000;

type State =
  | { readonly kind: "login"; readonly login: Login }
  | { readonly kind: "lookup"; readonly login: Login; readonly request: LoginRequest }
  | { readonly kind: "opening"; readonly request: LoginRequest; readonly step: OpenStep }
  | { readonly kind: "normal"; readonly session: Session }
  | { readonly kind: "discovery" }
  | { readonly kind: "closed" };
type OpenStep = Extract<LoginStep, { kind: "open" }>;

export class Connection {
  private readonly directory: TargetDirectory;
  private readonly options: ConnectionOptions;
  private readonly decoder = initiatorPduDecoder({ dataSegmentMax: RECEIVE_SEGMENT_MAX });
  private readonly openedAtMs: number;
  private readonly times: PathTimes;
  private readonly transmitter: Transmitter;
  private readonly answers: Answers;
  private state: State;
  private window = new CommandWindow({ first: 0, size: COMMAND_WINDOW });
  private texts: TextExchange | undefined;
  private effects: ConnectionEffect[] = [];
  private nops: NopExchange | undefined;
  private silentTicks = 0;
  private held = false;

  constructor(directory: TargetDirectory, options: ConnectionOptions) {
    this.directory = directory;
    this.options = options;
    this.openedAtMs = options.nowMs();
    this.times = new PathTimes(options.nowMs);
    this.transmitter = new Transmitter(this.times);
    this.answers = new Answers(this.transmitter, () => this.window);
    this.state = { kind: "login", login: new Login(options) };
  }

  /** The session in its full-feature phase, unless it is for discovery. */
  get session(): { readonly nexus: Nexus; readonly scsi: ScsiTarget } | undefined {
    return this.state.kind === "normal" ? this.state.session : undefined;
  }

  /** Digests in force, from the full-feature phase on. */
  get digests(): Digests {
    return this.transmitter.digests;
  }

  /** The initiator held this path then, or later (P9). */
  get provenAtMs(): number {
    return this.times.provenAtMs;
  }

  /** Asks for a proof of the path no older than `sinceMs`, unless that is under way. */
  prove(sinceMs: number): ConnectionEffect[] {
    if (this.state.kind === "normal") this.nops?.prove(sinceMs);
    return this.takeEffects();
  }

  /** Takes what the socket delivered; the bytes must not change afterwards. */
  receive(bytes: Buffer): ConnectionEffect[] {
    this.silentTicks = 0;
    const fault = this.decoder.push(bytes, (pdu) => this.handle(pdu));
    if (fault) this.close(fault.reason);
    return this.takeEffects();
  }

  /** The result of a task that `execute` was emitted for. */
  complete(task: Task, result: CommandResult): ConnectionEffect[] {
    if (result.fateUnknown) this.close("fateUnknown");
    if (this.state.kind === "normal") this.state.session.complete(task, result);
    return this.takeEffects();
  }

  /** What `findTarget` was emitted for. */
  targetFound(found: TargetLookup): ConnectionEffect[] {
    if (this.state.kind === "lookup") {
      const { login, request } = this.state;
      this.state = { kind: "login", login };
      this.takeLoginStep(request, login.resolve(found));
    }
    return this.takeEffects();
  }

  /** The session is established under this TSIH, which is not 0. */
  sessionOpened(tsih: number): ConnectionEffect[] {
    if (this.state.kind !== "opening") return this.takeEffects();
    const { request, step } = this.state;
    this.answers.login(request, step.answer, { status: LOGIN_STATUS.success, tsih });
    this.enterFullFeature(step.identity, step.parameters);
    return this.takeEffects();
  }

  sessionRefused(status: LoginStatus): ConnectionEffect[] {
    if (this.state.kind === "opening") this.refuseLogin(this.state.request, status);
    return this.takeEffects();
  }

  /** All tasks that a management function or logout hit are dead; or the function was not done. */
  managed(
    { kind, itt }: Management,
    response: number = TASK_RESPONSE.complete,
  ): ConnectionEffect[] {
    if (this.state.kind === "closed") return this.takeEffects();
    if (kind === "taskManagement") {
      this.answers.management(itt, response);
    } else {
      this.answers.logout(itt, LOGOUT_RESPONSE.closed);
      this.close("logout");
    }
    return this.takeEffects();
  }

  /** While held, no new command is begun; pings and task management still are answered. */
  hold(held: boolean): ConnectionEffect[] {
    this.held = held;
    this.silentTicks = 0;
    if (this.state.kind === "normal") this.state.session.hold(held);
    return this.takeEffects();
  }

  /** Aborts the session's tasks of a LUN, or all; returns those that still run. */
  abortTasks(lun: number | undefined): Task[] {
    return this.state.kind === "normal" ? this.state.session.abortAll(lun) : [];
  }

  /** Interrupts tasks that the nexus may not do any more. */
  interruptForbidden(): void {
    if (this.state.kind === "normal") this.state.session.interruptForbidden();
  }

  /** Called every TICK_INTERVAL_MS. Counts ticks, so that a stalled process blames nobody. */
  tick(nowMs: number): ConnectionEffect[] {
    if (!this.isFullFeature) {
      if (nowMs - this.openedAtMs > LOGIN_TIMEOUT_MS) this.close("loginTimeout");
      return this.takeEffects();
    }
    this.silentTicks += 1;
    const isDead = this.silentTicks >= (this.held ? STUCK_AFTER_TICKS : DEAD_AFTER_TICKS);
    if (isDead) this.close("pingTimeout");
    else if (!this.held && this.silentTicks % PING_AFTER_TICKS === 0) this.nops?.ping();
    return this.takeEffects();
  }

  /** Asks the initiator to log out within that time, and to come again where it is sent then. */
  requestLogout(withinSeconds: number): ConnectionEffect[] {
    if (this.isFullFeature) this.answers.event(ASYNC_EVENT.logoutRequested, { withinSeconds });
    return this.takeEffects();
  }

  /** Ends the connection from outside, and says so if `told`; returns the tasks that still run. */
  end({ told = false }: { readonly told?: boolean } = {}): {
    readonly effects: ConnectionEffect[];
    readonly running: Task[];
  } {
    const running = this.abortTasks(undefined);
    if (told && this.isFullFeature) this.answers.event(ASYNC_EVENT.sessionDropped);
    this.close("sessionEnded");
    return { effects: this.takeEffects(), running };
  }

  private get isFullFeature(): boolean {
    return this.state.kind === "normal" || this.state.kind === "discovery";
  }

  private takeEffects(): ConnectionEffect[] {
    const buffers = this.transmitter.take();
    const { effects } = this;
    this.effects = [];
    if (buffers.length === 0) return effects;
    // First, because whatever the effects lead to comes after it in the order of StatSN.
    return [{ kind: "send", buffers }, ...effects];
  }

  private close(reason: CloseReason): void {
    if (this.state.kind === "closed") return;
    this.abortTasks(undefined);
    this.state = { kind: "closed" };
    this.effects.push({ kind: "close", reason });
  }

  private handle(pdu: InitiatorPdu | UnknownPdu): void {
    if (pdu.kind !== "unknown") this.times.acknowledged(pdu.expStatSn);
    switch (this.state.kind) {
      case "login":
        if (pdu.kind === "loginRequest") this.handleLogin(this.state.login, pdu);
        else this.close("protocolError");
        return;
      case "lookup":
      case "opening":
        // The initiator must wait for the login's answer.
        this.close("protocolError");
        return;
      case "normal":
      case "discovery":
        this.handleFullFeature(pdu);
        return;
      case "closed":
        return;
      default:
        assertNever(this.state);
    }
  }

  private handleLogin(login: Login, request: LoginRequest): void {
    if (this.window.expCmdSn !== request.cmdSn) {
      this.window = new CommandWindow({ first: request.cmdSn, size: COMMAND_WINDOW });
    }
    this.takeLoginStep(request, login.receive(request));
  }

  private takeLoginStep(request: LoginRequest, step: LoginStep): void {
    switch (step.kind) {
      case "lookup":
        if (this.state.kind === "login") this.state = { ...this.state, kind: "lookup", request };
        this.effects.push({ ...step, kind: "findTarget" });
        return;
      case "respond":
        this.answers.login(request, step.answer, { status: LOGIN_STATUS.success, tsih: 0 });
        return;
      case "open":
        this.state = { kind: "opening", request, step };
        this.effects.push({ kind: "openSession", identity: step.identity });
        return;
      case "refuse":
        this.refuseLogin(request, step.status);
        return;
      case "redirect":
        this.answers.redirect(request, step.address);
        this.close("redirected");
        return;
      default:
        assertNever(step);
    }
  }

  private refuseLogin(request: LoginRequest, status: LoginStatus): void {
    this.answers.loginEnds(request, status);
    this.close("loginRefused");
  }

  private enterFullFeature(identity: SessionIdentity, parameters: SessionParameters): void {
    const { transmitter, times, window, directory } = this;
    const digests = { header: parameters.headerDigest, data: parameters.dataDigest };
    transmitter.digests = digests;
    this.decoder.digests = digests;
    const ownTarget = identity.kind === "normal" ? identity.targetName : undefined;
    const segmentMax = parameters.sendSegmentMax;
    const { initiatorName } = identity;
    const asking = { initiatorName, ownTarget, segmentMax };
    this.texts = new TextExchange({ transmitter, window, directory }, asking);
    this.nops = new NopExchange({ transmitter, window, times }, { segmentMax });
    if (identity.kind === "discovery") {
      this.state = { kind: "discovery" };
      return;
    }
    const { tpgt, pathProof } = this.options;
    const emit = (effect: ConnectionEffect): number => this.effects.push(effect);
    const path = { transmitter, times, window, parameters };
    const session = new Session(identity, path, { tpgt, pathProof, emit });
    this.state = { kind: "normal", session };
  }

  private handleFullFeature(pdu: InitiatorPdu | UnknownPdu): void {
    switch (pdu.kind) {
      case "dataOut":
        if (this.state.kind === "normal") this.state.session.collect(pdu);
        return;
      case "unknown":
        this.answers.reject(REJECT_REASON.commandNotSupported, pdu.header);
        return;
      case "loginRequest":
        this.close("protocolError");
        return;
      default:
        if (pdu.immediate) this.deliver(pdu);
        else this.window.offer(pdu.cmdSn, () => this.deliver(pdu));
    }
  }

  /** A numbered PDU in its turn, or an immediate one at once. */
  private deliver(pdu: Exclude<InitiatorPdu, { kind: "dataOut" | "loginRequest" }>): void {
    if (!this.isFullFeature) return;
    if (pdu.kind !== "scsiCommand") this.admitMore();
    switch (pdu.kind) {
      case "scsiCommand":
        this.deliverCommand(pdu);
        return;
      case "nopOut":
        this.nops?.answer(pdu);
        return;
      case "textRequest":
        this.handleText(pdu);
        return;
      case "taskManagementRequest":
        this.handleManagement(pdu);
        return;
      case "logoutRequest":
        this.handleLogout(pdu);
        return;
      default:
        assertNever(pdu);
    }
  }

  private deliverCommand(pdu: ScsiCommand): void {
    const { state } = this;
    const refusal =
      state.kind === "normal" ? state.session.deliver(pdu) : REJECT_REASON.protocolError;
    if (refusal === undefined) return;
    this.admitMore();
    this.answers.rejectPdu(refusal, pdu);
  }

  /** A numbered PDU that became no task leaves its place in the window at once. */
  private admitMore(): void {
    this.window.admit(this.state.kind === "normal" ? this.state.session.taskCount : 0);
  }

  private handleText(pdu: TextRequest): void {
    if (this.texts && !this.texts.receive(pdu))
      this.answers.rejectPdu(REJECT_REASON.protocolError, pdu);
  }

  private handleManagement(pdu: TaskManagementRequest): void {
    if (this.state.kind !== "normal") {
      this.answers.rejectPdu(REJECT_REASON.protocolError, pdu);
      return;
    }
    const step = this.state.session.manage(pdu);
    if (step.kind === "answer") {
      this.answers.management(pdu.itt, step.response);
      return;
    }
    const { tasks, reset } = step;
    const management: Management = { kind: "taskManagement", itt: pdu.itt, tasks, reset };
    this.effects.push({ kind: "manage", management });
  }

  private handleLogout(pdu: LogoutRequest): void {
    if (pdu.reason === LOGOUT_REASON.recovery) {
      this.answers.logout(pdu.itt, LOGOUT_RESPONSE.recoveryNotSupported);
      return;
    }
    const tasks = this.abortTasks(undefined);
    const management: Management = { kind: "logout", itt: pdu.itt, tasks, reset: undefined };
    this.effects.push({ kind: "manage", management });
  }
}
