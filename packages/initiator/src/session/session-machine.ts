// An iSCSI session of one connection, seen from the initiator (RFC 7143): bytes in, effects out. No
// clock, no socket, no promise; timeouts and retries belong to session.ts. Error recovery level 0:
// a target that breaks a rule ends the session, and the effect names the rule. Handlers of PDUs
// return the rule that was broken, or undefined.
//
// Invariants: a non-immediate PDU goes out only while its CmdSN lies in the target's window; every
// tag in `tasks` or `requests` ends in exactly one effect, unless the session itself ends.
import { assertNever, type ScatterList, SystemError } from "@ashlar/core";
import {
  ASYNC_EVENT,
  type AsyncMessage,
  encodeInitiatorPdu,
  formatText,
  type InitiatorPdu,
  LOGOUT_REASON,
  NO_DIGESTS,
  type NopIn,
  type PduDecoder,
  parseText,
  type Reject,
  TAG_NONE,
  TASK_FUNCTION,
  type TargetPdu,
  TextAssembler,
  type TextPair,
  type TextResponse,
  targetPduDecoder,
  type UnknownPdu,
} from "@ashlar/iscsi";
import type { ScsiCommand, ScsiResult } from "../scsi/command.ts";
import { CommandTask, type Violation } from "./command-task.ts";
import type { SessionEffect } from "./effects.ts";
import { InitiatorLogin, type LoginIdentity } from "./initiator-login.ts";
import type { OfferedParameters, SessionParameters } from "./parameters.ts";
import { FIRST_CMD_SN, Serials } from "./serials.ts";
import { ENDED, endsTask, type TaskManagement } from "./task-management.ts";

type State =
  | { readonly kind: "login"; readonly login: InitiatorLogin }
  | { readonly kind: "ready"; readonly parameters: SessionParameters }
  | { readonly kind: "ended" };

type Request =
  | { readonly kind: "ping" }
  | { readonly kind: "logout" }
  | { readonly kind: "text"; readonly text: TextAssembler }
  | {
      readonly kind: "taskManagement";
      readonly request: TaskManagement;
      /** Commands begun before it: those a reset of their LUN ends. */
      readonly before: ReadonlySet<number>;
    };

/** A PDU's tag and what it makes the machine do next. */
export interface Begun {
  readonly tag: number;
  readonly effects: SessionEffect[];
}

type Rule = string | undefined;

/** Commands waiting for the target's window; more would mean nobody limits the depth. */
const WAITING_MAX = 4096;
/** Where a header that came back in a Reject holds its initiator task tag. */
const ITT_AT = 16;

export class SessionMachine {
  private readonly decoder: PduDecoder<TargetPdu | UnknownPdu>;
  private readonly serials = new Serials();
  private readonly tasks = new Map<number, CommandTask>();
  private readonly requests = new Map<number, Request>();
  /** PDUs that wait for the window, oldest first; each call sends one. */
  private waiting: { readonly tag: number; readonly issue: () => void }[] = [];
  private state: State;
  private digests = NO_DIGESTS;
  private nextItt = 1;
  private effects: SessionEffect[] = [];
  private outgoing: Buffer[] = [];

  constructor(identity: LoginIdentity, offer: OfferedParameters) {
    this.decoder = targetPduDecoder({ dataSegmentMax: offer.maxRecvDataSegmentLength });
    this.state = { kind: "login", login: new InitiatorLogin(identity, offer, FIRST_CMD_SN) };
  }

  /** Begins the login. */
  start(): SessionEffect[] {
    if (this.state.kind === "login") this.send(this.state.login.first());
    return this.take();
  }

  /** Feeds bytes from the connection; they must not change later. */
  receive(bytes: Buffer): SessionEffect[] {
    const fault = this.decoder.push(bytes, (pdu) => {
      if (this.state.kind === "ended") return;
      const rule = this.onPdu(pdu);
      if (rule !== undefined) this.break(rule);
      else this.sendWaiting();
    });
    if (fault && this.state.kind !== "ended") this.break(`unreadable PDU: ${fault.reason}`);
    return this.take();
  }

  /** Begins a command. Only in full feature phase. */
  execute(command: ScsiCommand): Begun {
    const parameters = this.parameters();
    if (this.waiting.length >= WAITING_MAX) {
      throw new SystemError("node/busy", `${WAITING_MAX} commands wait for the target's window`);
    }
    const task = new CommandTask(this.newTag(), command);
    this.tasks.set(task.itt, task);
    this.whenOpen(task.itt, () => {
      for (const pdu of task.start(this.serials.take(), parameters)) this.send(pdu);
    });
    return { tag: task.itt, effects: this.take() };
  }

  /** Sends a task management request; answered by a taskManaged effect. */
  manage(request: TaskManagement): Begun {
    this.parameters();
    const referencedItt = request.referencedTag ?? TAG_NONE;
    const before = new Set(this.tasks.keys());
    const itt = this.begin({ kind: "taskManagement", request, before });
    this.send({
      kind: "taskManagementRequest",
      immediate: true,
      function: request.function,
      lun: request.lun,
      itt,
      referencedItt,
      ...this.serials.show(),
      refCmdSn: this.tasks.get(referencedItt)?.cmdSn ?? 0,
      expDataSn: 0,
    });
    return { tag: itt, effects: this.take() };
  }

  /**
   * Ends a command early: one that still waits for the window fails at once (and the tag is its
   * own), one that went out is aborted at the target (and the tag is that of the ABORT TASK).
   */
  abort(tag: number): Begun {
    const task = this.tasks.get(tag);
    if (!task) return { tag, effects: [] };
    if (this.waiting.some((each) => each.tag === tag)) {
      this.waiting = this.waiting.filter((each) => each.tag !== tag);
      this.fail(tag, "the command was aborted before it was sent");
      return { tag, effects: this.take() };
    }
    const { lun } = task.command;
    return this.manage({ function: TASK_FUNCTION.abortTask, lun, referencedTag: tag });
  }

  /** Sends text keys; answered by a text effect. */
  negotiate(pairs: readonly TextPair[]): Begun {
    this.parameters();
    const tag = this.begin({ kind: "text", text: new TextAssembler() });
    this.whenOpen(tag, () => this.sendText(tag, TAG_NONE, formatText(pairs)));
    return { tag, effects: this.take() };
  }

  /** Asks for a sign of life; answered by a pong effect. */
  ping(): Begun {
    this.parameters();
    const tag = this.begin({ kind: "ping" });
    this.sendNop({ lun: 0, itt: tag, ttt: TAG_NONE, data: [] });
    return { tag, effects: this.take() };
  }

  /** Ends the session in order; answered by a loggedOut effect. */
  logout(): SessionEffect[] {
    this.parameters();
    const itt = this.begin({ kind: "logout" });
    const reason = LOGOUT_REASON.closeSession;
    const serials = this.serials.show();
    this.send({ kind: "logoutRequest", immediate: true, reason, itt, cid: 0, ...serials });
    return this.take();
  }

  private onPdu(pdu: TargetPdu | UnknownPdu): Rule {
    if (pdu.kind === "unknown") return `unknown opcode ${pdu.opcode.toString(16)}h`;
    if (this.state.kind === "login") return this.onLogin(pdu, this.state.login);
    return this.serials.note(pdu) ?? this.dispatch(pdu);
  }

  private dispatch(pdu: TargetPdu): Rule {
    switch (pdu.kind) {
      case "dataIn":
        return this.settle(pdu.itt, (task) => task.onDataIn(pdu));
      case "scsiResponse":
        return this.settle(pdu.itt, (task) => task.onResponse(pdu));
      case "r2t": {
        const { expStatSn } = this.serials;
        const answer = this.tasks.get(pdu.itt)?.onR2t(pdu, expStatSn, this.parameters());
        if (answer === undefined) return undefined;
        if (!Array.isArray(answer)) return answer.rule;
        for (const dataOut of answer) this.send(dataOut);
        return undefined;
      }
      case "nopIn":
        return this.onNopIn(pdu);
      case "taskManagementResponse":
        return this.onTaskManaged(pdu.itt, pdu.response);
      case "textResponse":
        return this.onText(pdu);
      case "logoutResponse":
        if (!this.takeRequest(pdu.itt, "logout")) return "a logout response unasked";
        this.effects.push({ kind: "loggedOut", response: pdu.response });
        this.state = { kind: "ended" };
        return undefined;
      case "asyncMessage":
        return this.onAsync(pdu);
      case "reject":
        return this.onReject(pdu);
      case "loginResponse":
        return "a login response in full feature phase";
      default:
        return assertNever(pdu);
    }
  }

  private onLogin(pdu: TargetPdu, login: InitiatorLogin): Rule {
    if (pdu.kind !== "loginResponse") return `${pdu.kind} during login`;
    const outcome = login.receive(pdu);
    switch (outcome.kind) {
      case "continue":
        this.send(outcome.request);
        return undefined;
      case "loginRefused":
        this.effects.push(outcome);
        this.state = { kind: "ended" };
        return undefined;
      case "violation":
        return outcome.rule;
      case "done": {
        const { parameters } = outcome;
        this.state = { kind: "ready", parameters };
        this.digests = { header: parameters.headerDigest, data: parameters.dataDigest };
        this.decoder.digests = this.digests;
        this.serials.begin(pdu);
        this.effects.push({ kind: "loggedIn", parameters });
        return undefined;
      }
      default:
        return assertNever(outcome);
    }
  }

  /** A tag that is not in `tasks` belongs to a command that was aborted: its rest is swallowed. */
  private settle(
    tag: number,
    take: (task: CommandTask) => ScsiResult | Violation | undefined,
  ): Rule {
    const task = this.tasks.get(tag);
    const outcome = task && take(task);
    if (outcome === undefined) return undefined;
    if ("rule" in outcome) return outcome.rule;
    this.tasks.delete(tag);
    this.effects.push({ kind: "completed", tag, result: outcome });
    return undefined;
  }

  private onNopIn(pdu: NopIn): Rule {
    if (pdu.itt !== TAG_NONE) {
      if (!this.takeRequest(pdu.itt, "ping")) return "a NOP-In answers no NOP-Out";
      this.effects.push({ kind: "pong", tag: pdu.itt });
    } else if (pdu.ttt !== TAG_NONE) {
      this.sendNop({ lun: pdu.lun, itt: TAG_NONE, ttt: pdu.ttt, data: pdu.data });
    }
    return undefined;
  }

  private onTaskManaged(tag: number, response: number): Rule {
    const managed = this.takeRequest(tag, "taskManagement");
    if (!managed) return "a task management response unasked";
    if (ENDED.has(response)) {
      for (const itt of managed.before) {
        const task = this.tasks.get(itt);
        if (task && endsTask(managed.request, task)) this.fail(itt, "the target ended the task");
      }
    }
    this.effects.push({ kind: "taskManaged", tag, response });
    return undefined;
  }

  private onText(pdu: TextResponse): Rule {
    const request = this.requests.get(pdu.itt);
    if (request?.kind !== "text") return "a text response unasked";
    if (!request.text.add(pdu.data)) return "a text response is too long";
    if (!pdu.final) {
      this.whenOpen(pdu.itt, () => this.sendText(pdu.itt, pdu.ttt, []));
      return undefined;
    }
    this.requests.delete(pdu.itt);
    const pairs = parseText(request.text.take());
    if (!pairs) return "a text response is not well formed";
    this.effects.push({ kind: "text", tag: pdu.itt, pairs });
    return undefined;
  }

  private onAsync(pdu: AsyncMessage): Rule {
    const { event } = pdu;
    if (event === ASYNC_EVENT.logoutRequested) {
      this.effects.push({ kind: "logoutRequested", withinSeconds: pdu.parameter3 });
    } else if (event === ASYNC_EVENT.connectionDropped || event === ASYNC_EVENT.sessionDropped) {
      return `the target drops the session (async event ${event})`;
    }
    return undefined;
  }

  private onReject(pdu: Reject): Rule {
    const header = Buffer.concat(pdu.data);
    const itt = header.length >= ITT_AT + 4 ? header.readUInt32BE(ITT_AT) : TAG_NONE;
    const rule = `the target rejected a PDU (reason ${pdu.reason})`;
    if (!this.tasks.has(itt)) return rule;
    this.fail(itt, rule);
    return undefined;
  }

  private fail(tag: number, why: string): void {
    this.tasks.delete(tag);
    const error = new SystemError("operation/aborted", why);
    this.effects.push({ kind: "failed", tag, error });
  }

  private break(rule: string): void {
    this.state = { kind: "ended" };
    this.effects.push({ kind: "broken", rule });
  }

  private begin(request: Request): number {
    const tag = this.newTag();
    this.requests.set(tag, request);
    return tag;
  }

  private takeRequest<K extends Request["kind"]>(
    tag: number,
    kind: K,
  ): Extract<Request, { kind: K }> | undefined {
    const request = this.requests.get(tag);
    if (request?.kind !== kind) return undefined;
    this.requests.delete(tag);
    return request as Extract<Request, { kind: K }>;
  }

  private whenOpen(tag: number, issue: () => void): void {
    this.waiting.push({ tag, issue });
    this.sendWaiting();
  }

  private sendWaiting(): void {
    while (this.waiting.length > 0 && this.state.kind === "ready" && this.serials.isOpen) {
      this.waiting.shift()?.issue();
    }
  }

  private sendText(itt: number, ttt: number, data: ScatterList): void {
    const flags = { immediate: false, final: true, continued: false } as const;
    this.send({ kind: "textRequest", ...flags, lun: 0, itt, ttt, ...this.serials.take(), data });
  }

  private sendNop(nop: {
    readonly lun: number;
    readonly itt: number;
    readonly ttt: number;
    readonly data: ScatterList;
  }): void {
    this.send({ kind: "nopOut", immediate: true, ...nop, ...this.serials.show() });
  }

  private send(pdu: InitiatorPdu): void {
    encodeInitiatorPdu(pdu, this.digests, this.outgoing);
  }

  /** The effects since the last call; everything to send in one of them, first. */
  private take(): SessionEffect[] {
    const { effects, outgoing } = this;
    this.effects = [];
    if (outgoing.length === 0) return effects;
    this.outgoing = [];
    return [{ kind: "send", buffers: outgoing }, ...effects];
  }

  private parameters(): SessionParameters {
    if (this.state.kind === "ready") return this.state.parameters;
    throw new SystemError("rpc/disconnected", "the session is not in full feature phase");
  }

  private newTag(): number {
    for (;;) {
      const tag = this.nextItt;
      this.nextItt = tag >= TAG_NONE - 1 ? 1 : tag + 1;
      if (!this.tasks.has(tag) && !this.requests.has(tag)) return tag;
    }
  }
}
