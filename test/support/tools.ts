// Runs real tools as a user would and keeps what they said for the message of a failed test.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

export interface Outcome {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Tools print little; a listing of thousands of lines still fits. */
const OUTPUT_MAX = 64 * 1024 * 1024;

/** Runs a tool to its end, whatever its exit status. */
export function outcomeOf(tool: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    execFile(tool, [...args], { maxBuffer: OUTPUT_MAX }, (error, stdout, stderr) => {
      if (error && typeof error.code !== "number") reject(error);
      else resolve({ exit: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

/** Standard output of a tool that must succeed. */
export async function run(tool: string, ...args: string[]): Promise<string> {
  const { exit, stdout, stderr } = await outcomeOf(tool, args);
  if (exit === 0) return stdout;
  throw new Error(`${tool} ${args.join(" ")}: exit ${exit}\n${stdout}\n${stderr}`);
}

export async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** Whether a process runs; one that ended and only waits to be reaped does not. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

const MEMORY_FOLDER = "/dev/shm";
/** Containers often have but 64 MiB there. */
const MEMORY_FREE_MIN = 4 * 1024 ** 3;

/** Where files do not wait for a disk, if there is such a place with enough room. */
async function memoryFolder(): Promise<string> {
  try {
    const { bavail, bsize } = await statfs(MEMORY_FOLDER);
    return bavail * bsize >= MEMORY_FREE_MIN ? MEMORY_FOLDER : tmpdir();
  } catch {
    return tmpdir();
  }
}

export interface ScratchOptions {
  /** For tests of what is said, not of what is kept: thousands of writes need not wait for a disk. */
  readonly inMemory?: boolean;
}

/** A folder for a test's files and the way to remove it. */
export async function scratchFolder({ inMemory = false }: ScratchOptions = {}): Promise<{
  path: string;
  remove: () => Promise<void>;
}> {
  const path = await mkdtemp(join(inMemory ? await memoryFolder() : tmpdir(), "ashlar-e2e-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

const POLL_MS = 200;

/** Asks until the answer is good; the last answer stands in the error when the time is over. */
export async function until<T>(
  what: string,
  deadlineMs: number,
  ask: () => Promise<T>,
  good: (answer: T) => boolean,
): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (good(answer)) return answer;
    if (Date.now() > end) {
      throw new Error(`${what}: not within ${deadlineMs} ms, last ${JSON.stringify(answer)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
