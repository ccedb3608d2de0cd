// `ashlar supervise --config FILE`: composition root of the supervisor.
import { toSystemError } from "@ashlar/core";
import { readSupervisorConfig } from "./config.ts";
import { ControlServer } from "./control-server.ts";
import { leanClock, openLeanLog } from "./lean-runtime.ts";
import { loadClient, MetadataExitReporter } from "./metadata-exit-reporter.ts";
import { Supervisor } from "./supervisor.ts";

/** Then the processes have loaded their code and are mostly waiting for each other. */
const PREPARE_AFTER_MS = 2_000;

/**
 * Runs until it is told to shut down, by command or by SIGTERM or SIGINT: then its processes are
 * stopped in order. Killed in any other way it leaves them running.
 */
export async function main(args: {
  readonly configPath: string;
  /** What a role is started with: `node SCRIPT KIND --config FILE`. */
  readonly script: string;
}): Promise<void> {
  const log = openLeanLog({ component: "supervisor" });
  const config = await readSupervisorConfig(args.configPath);
  const reporter = new MetadataExitReporter({
    load: () => loadClient({ clock: leanClock, log }, config),
  });
  const supervisor = new Supervisor(
    { clock: leanClock, log, reporter, script: args.script },
    { statePath: config.statePath },
  );
  let ended: Promise<void> | undefined;
  const shutdown = (): Promise<void> => {
    ended ??= supervisor.shutdown().then(() => {
      log.info({}, "supervisor ends");
      void control.stop().then(() => process.exit(0));
    });
    return ended;
  };
  const control = new ControlServer(
    {
      log,
      commands: {
        status: () => ({ pid: process.pid, processes: supervisor.status() }),
        start: (id) => supervisor.startProcess(id),
        stop: (id, options) => supervisor.stopProcess(id, options),
        reload: async () => supervisor.reload(await readSupervisorConfig(args.configPath)),
        shutdown,
      },
    },
    { socketPath: config.socketPath },
  );
  await control.start();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      shutdown().catch((thrown: unknown) => {
        log.error({ error: toSystemError(thrown).message }, "shutdown failed");
        process.exit(1);
      });
    });
  }
  supervisor.start(config);
  leanClock.after(PREPARE_AFTER_MS, () => {
    reporter.prepare().catch((thrown: unknown) => {
      log.error({ error: toSystemError(thrown).message }, "exits cannot be reported");
    });
  });
  log.info({ pid: process.pid, processes: config.processes.length }, "supervisor runs");
}
