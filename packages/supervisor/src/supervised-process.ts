// Keeps one role process running, or down, as wanted. The policy says when to start again; this
// driver owns the process and the timer. At any time exactly one of three holds: a process runs, a
// timer will start one, or it is down.
import { SHUT_DOWN_STATUS } from "@ashlar/core";
import type { Clock, Timer } from "@ashlar/runtime";
import type { ProcessSpec } from "./config.ts";
import { NO_RESTARTS, type RestartRecord, restartAfter } from "./restart-policy.ts";
import type { ExitStatus, RoleProcess } from "./role-process.ts";

/** A process that does not end on SIGINT in this time is killed; roles give themselves 10 s. */
export const STOP_TIMEOUT_MS = 12_000;

export interface ProcessExit extends ExitStatus {
  readonly bootId: string;
}

export interface ProcessStatus {
  readonly id: string;
  readonly kind: ProcessSpec["kind"];
  readonly state: "running" | "waiting" | "down";
  /** Null unless it runs. */
  readonly pid: number | null;
  readonly wanted: "up" | "down";
  /** Restarts since it last was stable. */
  readonly restarts: number;
  /** Null until it ended for the first time. */
  readonly lastExit: ExitStatus | null;
}

type State =
  | { readonly kind: "running"; readonly process: RoleProcess; readonly startedMs: number }
  | { readonly kind: "waiting"; readonly timer: Timer }
  | { readonly kind: "down" };

export interface ProcessDependencies {
  readonly clock: Clock;
  /** Starts the process under a new boot id, which it records first. */
  readonly launch: (spec: ProcessSpec) => RoleProcess;
  /** Called for each end of a process, before it is started again. */
  readonly onExit: (spec: ProcessSpec, exit: ProcessExit) => void;
  /** Called when a start failed in the supervisor itself. */
  readonly onLaunchFailed: (spec: ProcessSpec, thrown: unknown) => void;
}

export class SupervisedProcess {
  readonly spec: ProcessSpec;
  wanted: "up" | "down";
  private readonly dependencies: ProcessDependencies;
  private state: State = { kind: "down" };
  private record: RestartRecord = NO_RESTARTS;
  private lastExit: ExitStatus | null = null;

  constructor(spec: ProcessSpec, wanted: "up" | "down", dependencies: ProcessDependencies) {
    this.spec = spec;
    this.wanted = wanted;
    this.dependencies = dependencies;
  }

  status(): ProcessStatus {
    const { id, kind } = this.spec;
    return {
      id,
      kind,
      state: this.state.kind,
      pid: this.state.kind === "running" ? (this.state.process.pid ?? null) : null,
      wanted: this.wanted,
      restarts: this.record.restarts,
      lastExit: this.lastExit,
    };
  }

  /** Takes over a process that runs already. */
  adopt(process: RoleProcess): void {
    this.watch(process);
  }

  /** Starts it now unless it runs; its record of deaths is cleared. */
  start(): void {
    this.wanted = "up";
    if (this.state.kind === "running") return;
    if (this.state.kind === "waiting") this.state.timer.cancel();
    this.record = NO_RESTARTS;
    this.launch();
  }

  /** Ends it and keeps it down; resolves when the process is gone. */
  async stop({ kill }: { readonly kill: boolean }): Promise<void> {
    this.wanted = "down";
    if (this.state.kind === "waiting") {
      this.state.timer.cancel();
      this.state = { kind: "down" };
    }
    if (this.state.kind !== "running") return;
    const { process } = this.state;
    process.kill(kill ? "SIGKILL" : "SIGINT");
    const timer = this.dependencies.clock.after(STOP_TIMEOUT_MS, () => process.kill("SIGKILL"));
    await process.exited;
    timer.cancel();
  }

  private launch(): void {
    try {
      this.watch(this.dependencies.launch(this.spec));
    } catch (thrown) {
      this.dependencies.onLaunchFailed(this.spec, thrown);
      this.startAgain(0);
    }
  }

  private watch(process: RoleProcess): void {
    const startedMs = this.dependencies.clock.nowMs();
    this.state = { kind: "running", process, startedMs };
    void process.exited.then((exit) => {
      this.lastExit = exit;
      this.dependencies.onExit(this.spec, { ...exit, bootId: process.bootId });
      // It ended with the whole cluster, and rests until it is started, or the next supervisor is.
      if (exit.status === SHUT_DOWN_STATUS) this.state = { kind: "down" };
      else this.startAgain(this.dependencies.clock.nowMs() - startedMs);
    });
  }

  private startAgain(livedMs: number): void {
    if (this.wanted === "down") {
      this.state = { kind: "down" };
      return;
    }
    const { delayMs, record } = restartAfter(this.record, livedMs);
    this.record = record;
    const timer = this.dependencies.clock.after(delayMs, () => this.launch());
    this.state = { kind: "waiting", timer };
  }
}
