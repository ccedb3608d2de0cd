// One start of one role process: launched as a child, or adopted from a supervisor that died. Either
// way it leads a process group of its own and writes to its log file, so it survives its parent. In a
// container it shares the output of the supervisor, which it does not survive there.
import { type SpawnOptions, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { ProcessSpec } from "./config.ts";
import { BOOT_ID_VARIABLE, isAlive, type ProcessStamp } from "./process-stat.ts";

/** SIGTERM asks a role to stop, which goes on where it is needed; SIGINT has it stop in order, SIGKILL at once. */
export type EndSignal = "SIGTERM" | "SIGINT" | "SIGKILL";

/** How a process ended; both are null when that cannot be known (adopted, or never started). */
export interface ExitStatus {
  readonly status: number | null;
  readonly signal: string | null;
}

export interface RoleProcess {
  readonly pid: number | undefined;
  readonly bootId: string;
  /** Resolves once, when the process is gone. */
  readonly exited: Promise<ExitStatus>;
  /** Does nothing when the process is gone. */
  kill(signal: EndSignal): void;
}

/** An adopted process is not our child, nothing tells that it ended: ask this often. */
const ADOPTED_POLL_MS = 100;

const UNKNOWN_EXIT: ExitStatus = { status: null, signal: null };

/**
 * `ip netns exec` would give it a mount table of its own too; this only sets the network and then
 * becomes the program, so that pid, process group and environment are those of the role.
 */
const inNamespace = ({ namespace }: ProcessSpec): string[] =>
  namespace === undefined ? [] : ["nsenter", `--net=/run/netns/${namespace}`];

/**
 * Starts `node SCRIPT KIND --config FILE`, in the namespace that the spec names.
 * @throws the system's error when the log file cannot be opened.
 */
export function launch(spec: ProcessSpec, script: string, bootId: string): RoleProcess {
  const log = spec.logPath === undefined ? undefined : openSync(spec.logPath, "a");
  try {
    const options: SpawnOptions = {
      detached: true,
      stdio: ["ignore", log ?? "inherit", log ?? "inherit"],
      env: { ...process.env, [BOOT_ID_VARIABLE]: bootId },
    };
    const role = [process.execPath, script, spec.kind, "--config", spec.configPath];
    const [program = "", ...args] = [...inNamespace(spec), ...role];
    const child = spawn(program, args, options);
    const exited = new Promise<ExitStatus>((resolve) => {
      child.once("exit", (status, signal) => resolve({ status, signal }));
      child.once("error", () => {
        if (child.pid === undefined) resolve(UNKNOWN_EXIT);
      });
    });
    return { pid: child.pid, bootId, exited, kill: (signal) => void child.kill(signal) };
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

/** Watches over a process that an earlier supervisor started. */
export function adopt(stamp: ProcessStamp, bootId: string): RoleProcess {
  const exited = new Promise<ExitStatus>((resolve) => {
    const poll = setInterval(() => {
      if (isAlive(stamp)) return;
      clearInterval(poll);
      resolve(UNKNOWN_EXIT);
    }, ADOPTED_POLL_MS);
  });
  const kill = (signal: EndSignal): void => {
    if (isAlive(stamp)) process.kill(stamp.pid, signal);
  };
  return { pid: stamp.pid, bootId, exited, kill };
}
