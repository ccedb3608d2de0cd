// Joins one socket to one pure Connection: brings it bytes and ticks, does its effects, and knows
// which tasks still run. A task is dead when its execution has settled; until then it may still
// reach a disk, and nothing that promises its death is answered.
import { type PathProof, toSystemError } from "@ashlar/core";
import {
  Connection,
  type ConnectionEffect,
  LOGIN_STATUS,
  type Management,
  type SessionIdentity,
  TASK_RESPONSE,
  type TargetLookup,
  type TargetQuery,
  type Task,
  TICK_INTERVAL_MS,
} from "@ashlar/iscsi";
import type { Connection as Socket } from "@ashlar/rpc";
import type { Clock, Log, Random, Timer } from "@ashlar/runtime";
import { executeCommand } from "@ashlar/scsi";
import type { GatewayMetrics } from "./gateway-metrics.ts";
import type { SessionEntry, SessionHolder, SessionRegistry } from "./session-registry.ts";
import { SocketWriter } from "./socket-writer.ts";
import type { TargetFinder } from "./target-watcher.ts";

/** A closing socket that does not take its last bytes is cut off. */
const CLOSE_TIMEOUT_MS = 2_000;

export interface DriverDependencies {
  readonly targets: TargetFinder;
  readonly registry: SessionRegistry;
  readonly metrics: GatewayMetrics;
  readonly clock: Clock;
  /** Of a cryptographic source: challenges are made of it. */
  readonly random: Random;
  readonly log: Log;
}

export class ConnectionDriver implements SessionHolder {
  private readonly socket: Socket;
  private readonly dependencies: DriverDependencies;
  private readonly tpgt: number;
  private readonly connection: Connection;
  private readonly writer: SocketWriter;
  private readonly running = new Map<Task, Promise<void>>();
  private readonly ticker: Timer;
  private readonly log: Log;
  private held = false;
  private entry: SessionEntry | undefined;
  private ending: Promise<void> | undefined;
  private ended = false;
  private readonly awaitingProof: (() => void)[] = [];
  private toldProvenAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    socket: Socket,
    dependencies: DriverDependencies,
    { tpgt }: { readonly tpgt: number },
  ) {
    this.socket = socket;
    this.dependencies = dependencies;
    this.tpgt = tpgt;
    this.writer = new SocketWriter(socket);
    this.log = dependencies.log.child({ peer: `${socket.remoteAddress}:${socket.remotePort}` });
    const { clock, random, targets } = dependencies;
    const pathProof: PathProof = {
      provenAtMs: () => this.connection.provenAtMs,
      prove: (sinceMs) => this.perform(this.connection.prove(sinceMs)),
      onProven: (call) => void this.awaitingProof.push(call),
    };
    const randomBytes = (length: number): Buffer => random.bytes(length);
    const options = { tpgt, randomBytes, nowMs: () => clock.nowMs(), pathProof };
    this.connection = new Connection(targets, options);
    this.ticker = clock.every(TICK_INTERVAL_MS, () => {
      this.perform(this.connection.tick(clock.nowMs()));
    });
    socket.on("data", (bytes: Buffer) => this.receive(bytes));
    socket.on("drain", () => this.release());
    socket.on("error", (error) => this.log.debug({ error }, "socket failed"));
    socket.on("close", () => void this.end());
  }

  get taskCount(): number {
    return this.running.size;
  }

  end({ told = false }: { readonly told?: boolean } = {}): Promise<void> {
    this.ending ??= this.endOnce(told);
    return this.ending;
  }

  requestLogout(withinSeconds: number): void {
    this.perform(this.connection.requestLogout(withinSeconds));
  }

  abortTasks(lun: number): void {
    for (const task of this.connection.abortTasks(lun)) task.cancel();
  }

  interruptForbidden(): void {
    this.connection.interruptForbidden();
  }

  private async endOnce(told: boolean): Promise<void> {
    this.ended = true;
    this.ticker.cancel();
    const { effects, running } = this.connection.end({ told });
    this.perform(effects);
    await this.untilDead([...running, ...this.running.keys()]);
    await this.leave();
  }

  private async leave(): Promise<void> {
    if (this.entry) await this.dependencies.registry.leave(this.entry);
  }

  private receive(bytes: Buffer): void {
    this.perform(this.connection.receive(bytes));
    const { provenAtMs } = this.connection;
    if (provenAtMs === this.toldProvenAtMs) return;
    this.toldProvenAtMs = provenAtMs;
    for (const proven of this.awaitingProof.splice(0)) proven();
  }

  private perform(effects: readonly ConnectionEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "send":
          this.send(effect.buffers);
          break;
        case "execute":
          this.execute(effect.task);
          break;
        case "findTarget":
          void this.findTarget(effect);
          break;
        case "openSession":
          void this.openSession(effect.identity);
          break;
        case "manage":
          void this.manage(effect.management);
          break;
        case "close":
          this.close(effect.reason);
          break;
      }
    }
  }

  private send(buffers: readonly Buffer[]): void {
    this.writer.write(buffers);
    if (this.held || !this.writer.full) return;
    this.held = true;
    this.socket.pause();
    this.perform(this.connection.hold(true));
  }

  private release(): void {
    if (!this.held) return;
    this.held = false;
    this.socket.resume();
    this.perform(this.connection.hold(false));
  }

  private execute(task: Task): void {
    this.running.set(task, this.runTask(task));
  }

  private async runTask(task: Task): Promise<void> {
    const { clock, metrics } = this.dependencies;
    const startedMs = clock.nowMs();
    const result = await executeCommand(task.command, task.offer, task);
    metrics.commandDone(task, result, clock.nowMs() - startedMs);
    this.running.delete(task);
    this.perform(this.connection.complete(task, result));
  }

  /** Tells the tasks to give up; resolves when they have settled. */
  private async untilDead(tasks: readonly Task[]): Promise<void> {
    const deaths = tasks.map((task) => this.running.get(task));
    for (const task of tasks) task.cancel();
    await Promise.all(deaths);
  }

  private async manage(management: Management): Promise<void> {
    const { reset, tasks } = management;
    const isDone = reset === undefined || (await this.reset(reset.lun));
    await this.untilDead(tasks);
    // Whoever logs in next, through whatever path, must not find the unit reserved by this session.
    if (management.kind === "logout") await this.leave();
    const response = isDone ? TASK_RESPONSE.complete : TASK_RESPONSE.rejected;
    this.perform(this.connection.managed(management, response));
  }

  /** Whether it was done: not without the metadata service, whose loss stops changes and never I/O. */
  private async reset(lun: number | undefined): Promise<boolean> {
    const { session } = this.connection;
    if (!session) return false;
    const { scsi, nexus } = session;
    const ownLun = lun === undefined ? undefined : scsi.unitAt(nexus, lun)?.ownLun;
    // Not to be seen any more, since the session asked; and a reset of the target is felt by all hosts.
    if (lun === undefined ? !scsi.showsAny(nexus) : ownLun === undefined) return false;
    try {
      await this.dependencies.targets.reset(scsi, ownLun);
      return true;
    } catch (thrown) {
      const error = toSystemError(thrown);
      this.log.warn({ lun, code: error.code, error }, "reset could not be done");
      return false;
    }
  }

  private async findTarget({ initiatorName, isid, targetName }: TargetQuery): Promise<void> {
    let found: TargetLookup = { kind: "unavailable" };
    try {
      found = await this.dependencies.targets.find({ initiatorName, isid, targetName });
    } catch (thrown) {
      this.log.warn({ error: toSystemError(thrown), target: targetName }, "target look-up failed");
    }
    this.perform(this.connection.targetFound(found));
  }

  private async openSession(identity: SessionIdentity): Promise<void> {
    const { registry } = this.dependencies;
    const entry = await registry.open(identity, { tpgt: this.tpgt, holder: this });
    if (!entry) {
      this.perform(this.connection.sessionRefused(LOGIN_STATUS.outOfResources));
      return;
    }
    if (this.ended) {
      await registry.leave(entry);
      return;
    }
    this.entry = entry;
    const effects = this.connection.sessionOpened(entry.tsih);
    const { session } = this.connection;
    if (session) registry.establish(entry, session);
    const { initiatorName, kind } = identity;
    this.log.info({ initiatorName, kind, target: session?.nexus.targetName }, "session opened");
    this.perform(effects);
  }

  private close(reason: string): void {
    this.log.info({ reason }, "connection closes");
    this.dependencies.metrics.connectionClosed(reason);
    this.writer.flush();
    this.socket.end();
    this.dependencies.clock.after(CLOSE_TIMEOUT_MS, () => this.socket.destroy());
  }
}
