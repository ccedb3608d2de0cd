// Figures mean nothing without the machine they were measured on.
import { execFile } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export interface MachineDescription {
  readonly cores: number;
  readonly cpuModel: string;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
  /** Null outside a clone. */
  readonly commit: string | null;
  readonly measuredAt: string;
}

export async function describeMachine(): Promise<MachineDescription> {
  return {
    cores: cpus().length,
    cpuModel: cpus()[0]?.model ?? "unknown",
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    commit: await currentCommit(),
    measuredAt: new Date().toISOString(),
  };
}

async function currentCommit(): Promise<string | null> {
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  try {
    const { stdout } = await promisify(execFile)("git", ["rev-parse", "--short=12", "HEAD"], {
      cwd,
    });
    return stdout.trim();
  } catch {
    return null;
  }
}
