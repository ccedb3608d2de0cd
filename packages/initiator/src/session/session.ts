// Joins the session machine to a wire and a clock: promises for commands, timeouts, keep-alive.
import { setMaxListeners } from "node:events";
import { assertNever, SystemError } from "@ashlar/core";
import { KEY, LOGIN_STATUS, TASK_FUNCTION, type TextPair } from "@ashlar/iscsi";
import type { Clock, Timer } from "@ashlar/runtime";
import type { CommandExecutor, ScsiCommand, ScsiResult } from "../scsi/command.ts";
import { formatPortal, type PortalAddress } from "../url.ts";
import type { LoginRefused, SessionEffect } from "./effects.ts";
import { OFFERED_DEFAULT, type SessionParameters } from "./parameters.ts";
import { type Begun, SessionMachine } from "./session-machine.ts";
import {
  CHAP_OFFER_DEFAULT,
  type SessionDependencies,
  type SessionOptions,
  type SessionPlace,
  TIMERS_DEFAULT,
  type Timers,
} from "./session-options.ts";
import type { TaskManagement } from "./task-management.ts";
import type { Dial, Wire } from "./wire.ts";

export interface DiscoveredTarget {
  readonly name: string;
  /** As the target wrote them: `host:port,tag`. */
  readonly addresses: readonly string[];
}

/** How often silence is looked for. */
const WATCH_STEP_MS = 1_000;

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: SystemError) => void;
}

interface PendingCommand extends Waiter<ScsiResult> {
  /** Why it is being aborted, once it is: the error its caller will see. */
  ending: SystemError | undefined;
  readonly release: () => void;
}

export class Session implements CommandExecutor {
  readonly portal: PortalAddress;
  /** Where to log in again once it is over: not where it was redirected to for now. */
  readonly home: PortalAddress;
  /** Resolves when the session is over, with the reason. */
  readonly closed: Promise<SystemError>;
  private readonly clock: Clock;
  private readonly dial: Dial;
  private readonly timers: Timers;
  private readonly machine: SessionMachine;
  private readonly commands = new Map<number, PendingCommand>();
  private readonly managements = new Map<number, Waiter<number>>();
  private readonly texts = new Map<number, Waiter<readonly TextPair[]>>();
  private readonly pings = new Map<number, Waiter<void>>();
  private login: Waiter<LoginRefused | undefined> | undefined;
  private wire: Wire | undefined;
  private negotiated: SessionParameters | undefined;
  private endReason: SystemError | undefined;
  private heardAtMs = 0;
  private keepAlive: Timer | undefined;
  private onLogoutRequested: ((withinSeconds: number) => void) | undefined;
  private onIdle = (): void => {};
  private resolveClosed: (reason: SystemError) => void = () => {};

  /** Use openSession. */
  constructor(
    { portal, home }: SessionPlace,
    options: SessionOptions,
    { clock, dial, random }: Required<SessionDependencies>,
  ) {
    this.portal = portal;
    this.home = home;
    this.clock = clock;
    this.dial = dial;
    this.timers = { ...TIMERS_DEFAULT, ...options };
    const { initiatorName, isid, targetName, authentication } = options;
    const offer = { ...OFFERED_DEFAULT, ...options.offer };
    const algorithms = options.chapAlgorithms ?? CHAP_OFFER_DEFAULT;
    const randomBytes = (length: number): Buffer => random.bytes(length);
    const proof = authentication && { ...authentication, algorithms, randomBytes };
    this.machine = new SessionMachine({ initiatorName, isid, targetName, proof }, offer);
    this.closed = new Promise((resolve) => {
      this.resolveClosed = resolve;
    });
  }

  /** Connects and logs in; the target's refusal is a result, everything else rejects. */
  async open(): Promise<LoginRefused | undefined> {
    const { loginTimeoutMs } = this.timers;
    const late = new AbortController();
    const timer = this.clock.after(loginTimeoutMs, () => {
      late.abort();
      this.end(new SystemError("rpc/deadline", `no login within ${loginTimeoutMs} ms`));
    });
    try {
      this.wire = await this.dial(
        this.portal,
        {
          onBytes: (bytes) => this.onBytes(bytes),
          onClose: (error) => this.end(error),
        },
        { signal: late.signal },
      );
      const refused = await new Promise<LoginRefused | undefined>((resolve, reject) => {
        this.login = { resolve, reject };
        this.apply(this.machine.start());
      });
      this.login = undefined;
      if (refused) this.end(loginError(this.portal, refused));
      else this.watch();
      return refused;
    } catch (thrown) {
      this.end(new SystemError("rpc/unavailable", "the login failed", {}, thrown));
      throw thrown;
    } finally {
      timer.cancel();
    }
  }

  get isOpen(): boolean {
    return this.negotiated !== undefined && this.endReason === undefined;
  }

  /** What the login agreed on. */
  get parameters(): SessionParameters {
    if (this.negotiated) return this.negotiated;
    throw new SystemError("rpc/disconnected", "the session has not logged in");
  }

  /** Called when the target asks for a logout; without it the session stays until it is dropped. */
  whenLogoutRequested(call: (withinSeconds: number) => void): void {
    this.onLogoutRequested = call;
  }

  execute(command: ScsiCommand): Promise<ScsiResult> {
    const { signal, timeoutMs = this.timers.commandTimeoutMs } = command;
    if (this.endReason) return Promise.reject(this.endReason);
    if (signal?.aborted) return Promise.reject(new SystemError("operation/aborted", "aborted"));
    return new Promise((resolve, reject) => {
      const { tag, effects } = this.machine.execute(command);
      const onAbort = (): void =>
        this.abort(tag, new SystemError("operation/aborted", "the caller aborted the command"));
      const timer = this.clock.after(timeoutMs, () =>
        this.abort(tag, new SystemError("operation/timeout", `no status in ${timeoutMs} ms`)),
      );
      if (signal) {
        // One signal commonly stands for a whole run: as many listeners as commands in flight.
        setMaxListeners(0, signal);
        signal.addEventListener("abort", onAbort, { once: true });
      }
      const release = (): void => {
        timer.cancel();
        signal?.removeEventListener("abort", onAbort);
      };
      this.commands.set(tag, { resolve, reject, ending: undefined, release });
      this.apply(effects);
    });
  }

  /** Sends a task management request; resolves with the response code (TASK_RESPONSE). */
  manageTasks(request: TaskManagement, timeoutMs = this.timers.abortTimeoutMs): Promise<number> {
    return this.request(this.managements, () => this.machine.manage(request), timeoutMs);
  }

  resetLogicalUnit(lun: number): Promise<number> {
    return this.manageTasks({ function: TASK_FUNCTION.logicalUnitReset, lun });
  }

  /** NOP-Out and its answer. */
  ping(): Promise<void> {
    return this.request(this.pings, () => this.machine.ping(), this.timers.nopTimeoutMs);
  }

  /** SendTargets: all targets in a discovery session, this session's own target otherwise. */
  async discover(which = "All"): Promise<DiscoveredTarget[]> {
    const pairs = await this.request(
      this.texts,
      () => this.machine.negotiate([[KEY.sendTargets, which]]),
      this.timers.loginTimeoutMs,
    );
    const targets: { name: string; addresses: string[] }[] = [];
    for (const [key, value] of pairs) {
      if (key === KEY.targetName) targets.push({ name: value, addresses: [] });
      if (key === KEY.targetAddress) targets.at(-1)?.addresses.push(value);
    }
    return targets;
  }

  /** Ends the session in order; commands still outstanding fail. */
  async logout(): Promise<void> {
    if (this.endReason) return;
    const { loginTimeoutMs } = this.timers;
    const timer = this.clock.after(loginTimeoutMs, () =>
      this.end(new SystemError("rpc/deadline", "the logout was not answered")),
    );
    this.apply(this.machine.logout());
    await this.closed;
    timer.cancel();
  }

  /** Logs out when no command is outstanding, at the latest after `withinMs`. */
  async logoutWhenIdle(withinMs: number): Promise<void> {
    if (this.commands.size > 0 && !this.endReason) {
      await new Promise<void>((resolve) => {
        const timer = this.clock.after(withinMs, resolve);
        this.onIdle = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    await this.logout();
  }

  /** Drops the connection without a word. */
  drop(): void {
    this.end(new SystemError("rpc/disconnected", "the initiator dropped the connection"));
  }

  private onBytes(bytes: Buffer): void {
    if (this.endReason) return;
    this.heardAtMs = this.clock.nowMs();
    this.apply(this.machine.receive(bytes));
  }

  private apply(effects: readonly SessionEffect[]): void {
    for (const effect of effects) this.applyOne(effect);
  }

  private applyOne(effect: SessionEffect): void {
    switch (effect.kind) {
      case "send":
        this.wire?.send(effect.buffers);
        return;
      case "completed": {
        const command = this.takeCommand(effect.tag);
        command?.resolve(effect.result);
        return;
      }
      case "failed": {
        const command = this.takeCommand(effect.tag);
        command?.reject(command.ending ?? effect.error);
        return;
      }
      case "loggedIn":
        this.negotiated = effect.parameters;
        this.login?.resolve(undefined);
        return;
      case "loginRefused":
        this.login?.resolve(effect);
        return;
      case "taskManaged":
        settle(this.managements, effect.tag)?.resolve(effect.response);
        return;
      case "text":
        settle(this.texts, effect.tag)?.resolve(effect.pairs);
        return;
      case "pong":
        settle(this.pings, effect.tag)?.resolve();
        return;
      case "loggedOut":
        this.end(new SystemError("rpc/disconnected", "the session is logged out"));
        return;
      case "logoutRequested":
        this.onLogoutRequested?.(effect.withinSeconds);
        return;
      case "broken":
        this.end(new SystemError("rpc/bad-frame", `the target broke a rule: ${effect.rule}`));
        return;
      default:
        assertNever(effect);
    }
  }

  private request<T>(
    waiters: Map<number, Waiter<T>>,
    begin: () => Begun,
    timeoutMs: number,
  ): Promise<T> {
    if (this.endReason) return Promise.reject(this.endReason);
    return new Promise((resolve, reject) => {
      const { tag, effects } = begin();
      const timer = this.clock.after(timeoutMs, () =>
        this.end(new SystemError("rpc/disconnected", `no answer within ${timeoutMs} ms`)),
      );
      waiters.set(tag, {
        resolve: (value) => {
          timer.cancel();
          resolve(value);
        },
        reject: (error) => {
          timer.cancel();
          reject(error);
        },
      });
      this.apply(effects);
    });
  }

  /**
   * Aborts a command at the target. Its promise is settled only when the target has answered, so
   * that a caller who sees it knows that the command can no longer take effect.
   */
  private abort(tag: number, reason: SystemError): void {
    const command = this.commands.get(tag);
    if (!command || command.ending || this.endReason) return;
    command.ending = reason;
    const begun = this.machine.abort(tag);
    // Not sent yet: it has failed on the spot, and nothing is left to be answered.
    if (begun.tag === tag) {
      this.apply(begun.effects);
      return;
    }
    void this.request(this.managements, () => begun, this.timers.abortTimeoutMs)
      .then((response) => {
        if (!this.commands.has(tag)) return;
        this.end(new SystemError("rpc/bad-frame", `ABORT TASK was answered ${response}`));
      })
      // The session's end has settled the command already.
      .catch(() => {});
  }

  /** Pings an idle connection, and ends it when it stays silent. */
  private watch(): void {
    const { nopIntervalMs } = this.timers;
    this.heardAtMs = this.clock.nowMs();
    this.keepAlive = this.clock.every(Math.min(nopIntervalMs, WATCH_STEP_MS), () => {
      const silentMs = this.clock.nowMs() - this.heardAtMs;
      if (this.endReason || this.pings.size > 0 || silentMs < nopIntervalMs) return;
      // An unanswered ping ends the session; nothing is left to do here.
      this.ping().catch(() => {});
    });
  }

  private takeCommand(tag: number): PendingCommand | undefined {
    const command = settle(this.commands, tag);
    command?.release();
    if (this.commands.size === 0) this.onIdle();
    return command;
  }

  private end(reason: SystemError): void {
    if (this.endReason) return;
    this.endReason = reason;
    this.keepAlive?.cancel();
    this.wire?.close();
    this.login?.reject(reason);
    for (const tag of [...this.commands.keys()]) {
      const command = this.takeCommand(tag);
      command?.reject(new SystemError("rpc/disconnected", reason.message, {}, reason));
    }
    for (const waiters of [this.managements, this.texts, this.pings]) {
      for (const [tag, waiter] of waiters) {
        waiters.delete(tag);
        waiter.reject(reason);
      }
    }
    this.resolveClosed(reason);
  }
}

function settle<T>(waiters: Map<number, T>, tag: number): T | undefined {
  const waiter = waiters.get(tag);
  waiters.delete(tag);
  return waiter;
}

export function loginError(portal: PortalAddress, { status }: LoginRefused): SystemError {
  const text = `${formatPortal(portal)} refuses the login with status ${status.toString(16)}h`;
  const code =
    status === LOGIN_STATUS.notFound || status === LOGIN_STATUS.removed
      ? "volume/not-found"
      : status >> 8 === 3
        ? "cluster/unavailable"
        : "argument/invalid";
  return new SystemError(code, text, { status });
}
