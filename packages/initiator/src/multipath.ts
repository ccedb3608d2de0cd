// One logical unit over several portals. Each path is a session of its own, kept up by its own
// worker: login again every second after a loss, identity (VPD 83h) checked before it is used.
// Commands go round robin or to the first path that is up; when a path is lost, the commands that
// were outstanding on it go out again on another, as a host's multi-path driver does - so the target
// must see to it that the first copy of a write cannot overtake what comes later.
import { SystemError, toSystemError } from "@ashlar/core";
import { type Clock, nodeClock, nodeRandom, type Random, sleep } from "@ashlar/runtime";
import { type IncidentKind, IncidentLog } from "./incidents.ts";
import { LogicalUnit } from "./logical-unit.ts";
import type { CommandExecutor, ScsiCommand, ScsiResult } from "./scsi/command.ts";
import { openSession } from "./session/open-session.ts";
import type { Session } from "./session/session.ts";
import type { SessionOptions } from "./session/session-options.ts";
import { type Dial, dialTcp } from "./session/wire.ts";
import { formatPortal, type PortalAddress } from "./url.ts";

export type PathPolicy = "round-robin" | "active-passive";

export interface MultipathOptions {
  readonly portals: readonly PortalAddress[];
  readonly targetName: string;
  readonly lun: number;
  readonly initiatorName: string;
  readonly policy?: PathPolicy;
  /** Timers and offered keys of every path's session. */
  readonly session?: Omit<SessionOptions, "targetName" | "initiatorName" | "isid">;
  readonly loginRetryMs?: number;
  /** How long a command waits while no path is up. */
  readonly noPathTimeoutMs?: number;
}

/** Who wants to know what each path does, by the name of its portal. */
export interface PathObserver {
  /** Gives the execution back; it may be measured on its way. */
  execution<T>(path: string, execution: Promise<T>): Promise<T>;
  pathUp(path: string): void;
  pathDown(path: string): void;
}

export interface MultipathDependencies {
  readonly clock?: Clock;
  readonly dial?: Dial;
  readonly random?: Random;
  readonly observer?: PathObserver;
}

const LOGIN_RETRY_MS = 1_000;
const MS_PER_S = 1_000;
const NO_PATH_TIMEOUT_MS = 60_000;
/** Paths a command may lose before it fails: more means that it kills them itself. */
const PATH_LOSSES_MAX = 16;

interface Path {
  readonly name: string;
  /** Where to log in next: redirections for good have changed it. */
  portal: PortalAddress;
  readonly isid: string;
  session: Session | undefined;
  /** The target asked for a logout: nothing new goes this way. */
  leaving: boolean;
}

export interface PathStatus {
  readonly portal: string;
  readonly up: boolean;
}

/** An ISID of the random form (RFC 7143, 11.12.5), one per path. */
export function randomIsid(random: Random, qualifier: number): string {
  const isid = Buffer.alloc(6);
  isid.writeUInt8(0x80, 0);
  random.bytes(3).copy(isid, 1);
  isid.writeUInt16BE(qualifier, 4);
  return isid.toString("hex");
}

/** Logs in on all portals; resolves with the first path that is up, rejects when none comes up. */
export async function openMultipath(
  options: MultipathOptions,
  dependencies: MultipathDependencies = {},
): Promise<MultipathDevice> {
  const device = new MultipathDevice(options, dependencies);
  try {
    await device.open();
    return device;
  } catch (thrown) {
    await device.close();
    throw thrown;
  }
}

export class MultipathDevice implements CommandExecutor {
  readonly incidents: IncidentLog;
  private readonly options: MultipathOptions;
  private readonly clock: Clock;
  private readonly dial: Dial;
  private readonly random: Random;
  private readonly observer: PathObserver | undefined;
  private readonly paths: readonly Path[];
  private readonly closing = new AbortController();
  private workers: Promise<void>[] = [];
  private identityOfUnit: string | undefined;
  private next = 0;
  /** Called whenever a path came up or its login failed. */
  private watchers = new Set<() => void>();

  /** Use {@link openMultipath}. */
  constructor(options: MultipathOptions, dependencies: MultipathDependencies) {
    this.options = options;
    this.clock = dependencies.clock ?? nodeClock;
    this.dial = dependencies.dial ?? dialTcp;
    this.incidents = new IncidentLog(this.clock);
    const random = dependencies.random ?? nodeRandom;
    this.random = random;
    this.observer = dependencies.observer;
    this.paths = options.portals.map((portal, index) => ({
      name: formatPortal(portal),
      portal,
      isid: randomIsid(random, index),
      session: undefined,
      leaving: false,
    }));
  }

  /** One login on each path; a worker each keeps it up from then on. */
  async open(): Promise<void> {
    const attempts = this.paths.map((path) => this.connect(path));
    const outcomes = await Promise.allSettled(attempts);
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (!this.paths.some((path) => path.session)) {
      throw failed?.status === "rejected"
        ? failed.reason
        : new SystemError("argument/invalid", "no portals were given");
    }
    this.workers = this.paths.map((path) => this.maintain(path));
  }

  /** Worldwide identity of the logical unit, equal on all paths. */
  get identity(): string {
    return this.identityOfUnit ?? "";
  }

  status(): PathStatus[] {
    return this.paths.map((path) => ({ portal: path.name, up: isUp(path) }));
  }

  /** The logical unit as a block device over all paths. */
  unit(): Promise<LogicalUnit> {
    const { incidents, clock, identity: name } = this;
    return LogicalUnit.open(this, { lun: this.options.lun, incidents, clock, name });
  }

  /** The logical unit through each path that is up, by itself. */
  async unitsByPath(): Promise<{ readonly name: string; readonly device: LogicalUnit }[]> {
    const units: { readonly name: string; readonly device: LogicalUnit }[] = [];
    for (const { name, session } of this.paths) {
      if (!session?.isOpen) continue;
      const { incidents, clock } = this;
      const options = { lun: this.options.lun, incidents, clock, name };
      units.push({ name, device: await LogicalUnit.open(session, options) });
    }
    return units;
  }

  async execute(command: ScsiCommand): Promise<ScsiResult> {
    for (let losses = 0; ; losses++) {
      const path = await this.choose(command.signal);
      try {
        const execution = path.session.execute(command);
        return await (this.observer?.execution(path.name, execution) ?? execution);
      } catch (thrown) {
        const error = toSystemError(thrown);
        if (error.code === "operation/timeout") {
          this.incidents.record("command-timeout", path.name, error.message);
        }
        if (error.code !== "rpc/disconnected" || losses >= PATH_LOSSES_MAX) throw error;
        this.incidents.record("command-retried", path.name, error.message);
      }
    }
  }

  async logout(): Promise<void> {
    this.closing.abort(new SystemError("operation/aborted", "the device is closed"));
    const open = this.paths.flatMap(({ session }) => (session?.isOpen ? [session] : []));
    await Promise.allSettled(open.map((session) => session.logout()));
    await this.close();
  }

  /** Drops all paths without a logout. */
  async close(): Promise<void> {
    this.closing.abort(new SystemError("operation/aborted", "the device is closed"));
    for (const path of this.paths) path.session?.drop();
    for (const watcher of [...this.watchers]) watcher();
    await Promise.allSettled(this.workers);
  }

  private async maintain(path: Path): Promise<void> {
    const { signal } = this.closing;
    const { loginRetryMs = LOGIN_RETRY_MS } = this.options;
    while (!signal.aborted) {
      let moves = false;
      if (path.session) {
        const reason = await path.session.closed;
        this.observer?.pathDown(path.name);
        moves = path.leaving;
        path.session = undefined;
        path.leaving = false;
        if (signal.aborted) return;
        this.record(moves ? "path-moved" : "path-lost", path, reason);
      }
      // Who was asked to come again elsewhere is expected there.
      if (!moves) await sleep(this.clock, loginRetryMs, { signal }).catch(() => {});
      if (signal.aborted) return;
      await this.connect(path).then(
        () => {
          if (!moves) this.incidents.record("path-restored", path.name, "logged in again");
        },
        () => {},
      );
    }
  }

  /** Logs in and checks that the path leads to the same logical unit. */
  private async connect(path: Path): Promise<void> {
    const { targetName, initiatorName, lun, session: settings } = this.options;
    const options = { ...settings, targetName, initiatorName, isid: path.isid };
    const { clock, dial, random, incidents } = this;
    let session: Session | undefined;
    try {
      session = await openSession(path.portal, options, { clock, dial, random });
      path.portal = session.home;
      const probe = new LogicalUnit(session, { lun, incidents, clock, name: path.name });
      const identity = await probe.identity();
      this.identityOfUnit ??= identity;
      if (identity !== this.identityOfUnit) {
        const text = `${path.name} leads to ${identity}, not to ${this.identityOfUnit}`;
        throw new SystemError("argument/invalid", text);
      }
      this.closing.signal.throwIfAborted();
      session.whenLogoutRequested((withinSeconds) => this.leave(path, withinSeconds));
      path.session = session;
      this.observer?.pathUp(path.name);
    } catch (thrown) {
      session?.drop();
      if (!this.closing.signal.aborted) this.record("login-failed", path, toSystemError(thrown));
      throw thrown;
    } finally {
      for (const watcher of [...this.watchers]) watcher();
    }
  }

  /** Commands under way get half the time: a logout would end them, and others would have to repeat them. */
  private leave(path: Path, withinSeconds: number): void {
    if (path.leaving) return;
    path.leaving = true;
    void path.session?.logoutWhenIdle((withinSeconds * MS_PER_S) / 2);
  }

  private record(kind: IncidentKind, path: Path, error: SystemError): void {
    this.incidents.record(kind, path.name, `${error.code}: ${error.message}`);
  }

  private async choose(signal: AbortSignal | undefined): Promise<Path & { session: Session }> {
    const deadlineMs = this.clock.nowMs() + (this.options.noPathTimeoutMs ?? NO_PATH_TIMEOUT_MS);
    for (;;) {
      this.closing.signal.throwIfAborted();
      if (signal?.aborted) throw new SystemError("operation/aborted", "aborted by the caller");
      const path = this.pick();
      if (path) return path;
      if (this.clock.nowMs() >= deadlineMs) {
        throw new SystemError("rpc/unavailable", "no path to the logical unit is up");
      }
      await this.pathChange();
    }
  }

  private pick(): (Path & { session: Session }) | undefined {
    const roundRobin = this.options.policy !== "active-passive";
    const count = this.paths.length;
    for (let step = 0; step < count; step++) {
      const path = this.paths[(this.next + step) % count];
      if (!path || !isUp(path)) continue;
      this.next = (this.next + step + (roundRobin ? 1 : 0)) % count;
      return path;
    }
    return undefined;
  }

  /** Resolves at the next change of a path, or after a second. */
  private pathChange(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.watchers.delete(done);
        timer.cancel();
        resolve();
      };
      const timer = this.clock.after(LOGIN_RETRY_MS, done);
      this.watchers.add(done);
    });
  }
}

const isUp = (path: Path): path is Path & { session: Session } =>
  path.session?.isOpen === true && !path.leaving;
