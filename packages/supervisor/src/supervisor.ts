// The parent of the role processes of one machine. It starts them, starts again what dies, tells the
// metadata service of each death (so that failover need not wait for missed pings) and stops them in
// an order that costs no copy its place: gateways first, so that nothing is written any more, then
// metadata, so that nobody declares a storage node down, then storage.
//
// Role processes survive the supervisor. One that starts finds the survivors of its predecessor by
// the boot ids in the state file and adopts them.
import { randomUUID } from "node:crypto";
import { present, SystemError, toSystemError } from "@ashlar/core";
import type { Clock, Log } from "@ashlar/runtime";
import { PROCESS_KINDS, type ProcessSpec, type SupervisorConfig } from "./config.ts";
import { adopt, launch, type RoleProcess } from "./role-process.ts";
import {
  findSurvivors,
  type ProcessState,
  readStates,
  removeStates,
  writeStates,
} from "./state-file.ts";
import { type ProcessExit, type ProcessStatus, SupervisedProcess } from "./supervised-process.ts";

/** Tells the metadata service that a process ended. */
export interface ExitReporter {
  /** Rejects with a SystemError when nobody could be told; pings then find it out. */
  report(exit: ProcessExit & { readonly id: string }): Promise<void>;
}

export interface SupervisorDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly reporter: ExitReporter;
  /** The command that a role is started with: `node SCRIPT KIND --config FILE`. */
  readonly script: string;
}

export class Supervisor {
  private readonly dependencies: SupervisorDependencies;
  private readonly statePath: string;
  /** In the order of the configuration. */
  private readonly processes = new Map<string, SupervisedProcess>();
  private readonly bootIds = new Map<string, string>();
  private stopping = false;

  constructor(dependencies: SupervisorDependencies, { statePath }: { readonly statePath: string }) {
    this.dependencies = dependencies;
    this.statePath = statePath;
  }

  /** Adopts what an earlier supervisor left running and starts the rest of what is wanted. */
  start(config: SupervisorConfig): void {
    const states = readStates(this.statePath);
    const survivors = findSurvivors(this.statePath);
    for (const [id, { bootId }] of Object.entries(states)) {
      if (bootId !== undefined) this.bootIds.set(id, bootId);
    }
    // All are known before the first is started: each start writes the whole state file.
    for (const spec of config.processes) this.add(spec, states[spec.id]?.wanted ?? "up");
    for (const [id, supervised] of this.processes) {
      const survivor = survivors.get(id);
      if (survivor) {
        supervised.adopt(
          adopt(survivor, present(this.bootIds.get(id), "a survivor has a boot id")),
        );
        this.dependencies.log.info({ process: id, pid: survivor.pid }, "process adopted");
      } else if (supervised.wanted === "up") supervised.start();
    }
    this.save();
  }

  /** Starts the processes that the configuration has gained; others stay as they are. */
  reload(config: SupervisorConfig): void {
    for (const spec of config.processes) {
      if (!this.processes.has(spec.id)) this.add(spec, "up").start();
    }
  }

  status(): ProcessStatus[] {
    return [...this.processes.values()].map((supervised) => supervised.status());
  }

  /** @throws SystemError process/not-found */
  startProcess(id: string): void {
    this.find(id).start();
    this.save();
  }

  /**
   * Ends a process and keeps it down, over a restart of the supervisor too; resolves when it is gone.
   * @throws SystemError process/not-found
   */
  async stopProcess(id: string, options: { readonly kill: boolean }): Promise<void> {
    const supervised = this.find(id);
    const stopped = supervised.stop(options);
    this.save();
    await stopped;
  }

  /** Stops everything in order and forgets the state: the next start starts all. */
  async shutdown(): Promise<void> {
    this.stopping = true;
    for (const kind of PROCESS_KINDS) {
      const some = [...this.processes.values()].filter(({ spec }) => spec.kind === kind);
      await Promise.all(some.map((supervised) => supervised.stop({ kill: false })));
    }
    removeStates(this.statePath);
  }

  private find(id: string): SupervisedProcess {
    const supervised = this.processes.get(id);
    if (supervised) return supervised;
    const known = [...this.processes.keys()].join(", ");
    throw new SystemError("process/not-found", `no process is called "${id}"`, {
      hint: `give one of ${known}`,
    });
  }

  private add(spec: ProcessSpec, wanted: "up" | "down"): SupervisedProcess {
    const supervised = new SupervisedProcess(spec, wanted, {
      clock: this.dependencies.clock,
      launch: (launched) => this.launch(launched),
      onExit: (ended, exit) => this.onExit(ended, exit),
      onLaunchFailed: ({ id }, thrown) => {
        const error = toSystemError(thrown);
        this.dependencies.log.error({ process: id, error: error.message }, "process not started");
      },
    });
    this.processes.set(spec.id, supervised);
    return supervised;
  }

  private launch(spec: ProcessSpec): RoleProcess {
    const bootId = randomUUID();
    this.bootIds.set(spec.id, bootId);
    this.save();
    const started = launch(spec, this.dependencies.script, bootId);
    this.dependencies.log.info({ process: spec.id, pid: started.pid, bootId }, "process started");
    return started;
  }

  private onExit({ id, kind }: ProcessSpec, exit: ProcessExit): void {
    this.dependencies.log.info({ process: id, ...exit }, "process ended");
    if (this.stopping || kind === "metadata") return;
    this.dependencies.reporter.report({ id, ...exit }).then(
      () => this.dependencies.log.info({ process: id }, "exit reported"),
      (thrown: unknown) => {
        const error = toSystemError(thrown);
        this.dependencies.log.warn({ process: id, error: error.message }, "exit not reported");
      },
    );
  }

  private save(): void {
    const states: Record<string, ProcessState> = {};
    for (const [id, { wanted }] of this.processes) {
      const bootId = this.bootIds.get(id);
      states[id] = bootId === undefined ? { wanted } : { wanted, bootId };
    }
    writeStates(this.statePath, states);
  }
}
