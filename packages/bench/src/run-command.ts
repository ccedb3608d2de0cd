// Runs a program to its end and gives its output; a failure carries what it said.
import { spawn } from "node:child_process";
import { SystemError } from "@ashlar/core";

/** Kept of what a program writes to stderr, for the error. */
const STDERR_MAX = 16 * 1024;

/** @throws SystemError process/not-found, process/failed or operation/aborted */
export function runCommand(
  program: string,
  args: readonly string[],
  { signal }: { readonly signal: AbortSignal },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { stdio: ["ignore", "pipe", "pipe"], signal });
    const stdout: Buffer[] = [];
    let stderr = "";
    child.stdout.on("data", (bytes: Buffer) => stdout.push(bytes));
    child.stderr.on("data", (bytes: Buffer) => {
      stderr = (stderr + bytes.toString("utf8")).slice(-STDERR_MAX);
    });
    child.once("error", (cause: NodeJS.ErrnoException) => {
      if (signal.aborted) reject(new SystemError("operation/aborted", "the bench was interrupted"));
      else if (cause.code === "ENOENT") reject(missing(program, cause));
      else reject(new SystemError("process/failed", `${program}: ${cause.message}`, {}, cause));
    });
    child.once("close", (code, killedBy) => {
      if (code === 0) {
        resolve(Buffer.concat(stdout).toString("utf8"));
        return;
      }
      const text = stderr.trim() || Buffer.concat(stdout).toString("utf8").trim();
      const end = killedBy ?? `exit status ${code}`;
      reject(new SystemError("process/failed", `${program} ${args[0] ?? ""}: ${end}: ${text}`));
    });
  });
}

const missing = (program: string, cause: unknown): SystemError =>
  new SystemError(
    "process/not-found",
    `${program} is not installed`,
    { hint: "run scripts/setup --test, or choose --profile own" },
    cause,
  );
