// A disk that fails or is slow under the process that uses it, without root: strace stops the process at each system
// call that names the disk's file, and gives an error in its place or lets it wait. What the process does elsewhere
// goes on, a little slower. The kernel needs to allow it (ptrace of one's own processes); whether it does is tried.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SystemError, toSystemError } from "@ashlar/core";
import { type Clock, sleep } from "@ashlar/runtime";
import type { DiskFault, Inability } from "./drill-site.ts";

/** Whatever a store does with its file. */
const CALLS = "read,readv,pread64,preadv,preadv2,write,writev,pwrite64,pwritev,pwritev2";
const SYNCS = "fsync,fdatasync,sync_file_range,fallocate,ftruncate";
const ATTACH_POLL_MS = 20;
/** Threads are attached one after another; a process has some twenty. */
const ATTACH_TIMEOUT_MS = 20_000;
const MARK = /\((?:INJECTED|DELAYED)\)$/gm;

export type DiskTrouble =
  | { readonly kind: "fails" }
  | { readonly kind: "slow"; readonly delayMs: number };

const MS_IN_US = 1_000;

const injection = (trouble: DiskTrouble): string =>
  trouble.kind === "fails" ? "error=EIO" : `delay_enter=${trouble.delayMs * MS_IN_US}`;

/** Why disks cannot be made to fail here; undefined when they can. */
export async function straceInability(): Promise<Inability | undefined> {
  const hint =
    "install strace, and allow ptrace of own processes (kernel.yama.ptrace_scope=0) or be root";
  try {
    const idle = spawn("sleep", ["60"], { stdio: "ignore" });
    await once(idle, "spawn");
    try {
      const traced = spawn("strace", ["-qq", "-o", "/dev/null", "-p", String(idle.pid)], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      const said: string[] = [];
      traced.stderr.on("data", (part: Buffer) => said.push(part.toString("utf8")));
      await once(traced, "spawn");
      const ended = once(traced, "exit");
      if (await isTraced(idle.pid ?? 0, traced)) {
        traced.kill("SIGTERM");
        await ended;
        return undefined;
      }
      await ended;
      return { reason: `strace may not attach to processes (${said.join("").trim()})`, hint };
    } finally {
      idle.kill("SIGKILL");
    }
  } catch (thrown) {
    return { reason: `strace cannot be run (${toSystemError(thrown).message})`, hint };
  }
}

/** Resolves with false when the tracer has ended before. */
async function isTraced(pid: number, tracer: ChildProcess): Promise<boolean> {
  while (tracer.exitCode === null && tracer.signalCode === null) {
    if (tracerOf(pid) === tracer.pid) return true;
    await new Promise((resolve) => setTimeout(resolve, ATTACH_POLL_MS));
  }
  return false;
}

function tracerOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^TracerPid:\s+(\d+)$/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** @throws SystemError process/failed when strace does not attach. */
export async function troubleDisk(
  { clock }: { readonly clock: Clock },
  { pid, paths }: { readonly pid: number; readonly paths: readonly string[] },
  trouble: DiskTrouble,
  { signal }: { readonly signal: AbortSignal },
): Promise<DiskFault> {
  const folder = await mkdtemp(join(tmpdir(), "ashlar-drill-"));
  const log = join(folder, "calls");
  const inject = `inject=${CALLS},${SYNCS}:${injection(trouble)}`;
  const which = paths.flatMap((path) => ["-P", path]);
  const tracer = spawn(
    "strace",
    ["-f", "-qq", "-s", "0", ...which, "-e", inject, "-o", log, "-p", String(pid)],
    { stdio: "ignore" },
  );
  const ended = once(tracer, "exit").catch(() => {});
  const end = async (): Promise<void> => {
    tracer.kill("SIGTERM");
    await ended;
    last = await countedIn(log, last);
    await rm(folder, { recursive: true, force: true });
  };
  let last = 0;
  const deadlineMs = clock.nowMs() + ATTACH_TIMEOUT_MS;
  try {
    while (tracerOf(pid) !== tracer.pid) {
      if (tracer.exitCode !== null || clock.nowMs() > deadlineMs) {
        throw new SystemError("process/failed", `strace does not attach to process ${pid}`);
      }
      await sleep(clock, ATTACH_POLL_MS, { signal });
    }
  } catch (thrown) {
    await end();
    throw thrown;
  }
  return { calls: () => (last = countedNow(log, last)), end };
}

const marksIn = (text: string): number => text.match(MARK)?.length ?? 0;

function countedNow(log: string, before: number): number {
  try {
    return marksIn(readFileSync(log, "utf8"));
  } catch {
    return before;
  }
}

async function countedIn(log: string, before: number): Promise<number> {
  const text = await readFile(log, "utf8").catch(() => undefined);
  return text === undefined ? before : marksIn(text);
}
