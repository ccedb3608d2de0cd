// Runs a program to its end and gives its output; a failure carries what it said.
import { spawn } from "node:child_process";
import { SystemError } from "@ashlar/core";

/** Kept of what a program writes to stderr, for the error. */
const STDERR_MAX = 16 * 1024;

export interface RunOptions {
  readonly signal: AbortSignal;
  /** On top of our own environment: secrets, which arguments and messages would show. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Rejects only once the program is gone, also when the signal ended it: cleaning up may follow.
 * @throws SystemError process/not-found, process/failed or operation/aborted
 */
export function runCommand(
  program: string,
  args: readonly string[],
  { signal, env = {} }: RunOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = spawn(program, [...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    const stdout: Buffer[] = [];
    let stderr = "";
    const onAbort = (): void => void child.kill("SIGTERM");
    signal.addEventListener("abort", onAbort, { once: true });
    child.stdout.on("data", (bytes: Buffer) => stdout.push(bytes));
    child.stderr.on("data", (bytes: Buffer) => {
      stderr = (stderr + bytes.toString("utf8")).slice(-STDERR_MAX);
    });
    child.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") reject(missing(program, cause));
      else reject(new SystemError("process/failed", `${program}: ${cause.message}`, {}, cause));
    });
    child.once("close", (code, killedBy) => {
      signal.removeEventListener("abort", onAbort);
      const output = Buffer.concat(stdout).toString("utf8");
      if (code === 0) resolve(output);
      else if (signal.aborted) reject(new SystemError("operation/aborted", "interrupted"));
      else reject(failed(program, { end: killedBy ?? `exit status ${code}`, output, stderr }));
    });
  });
}

/** What a failing program said: `{"error":…}` of an `ashlar` command, stderr, or its output. */
function failed(
  program: string,
  {
    end,
    output,
    stderr,
  }: { readonly end: string; readonly output: string; readonly stderr: string },
): SystemError {
  return new SystemError("process/failed", `${program}: ${end}: ${stderr.trim() || output.trim()}`);
}

const missing = (program: string, cause: unknown): SystemError =>
  new SystemError(
    "process/not-found",
    `${program} is not installed`,
    { hint: "run scripts/setup --test, or choose --profile own" },
    cause,
  );
