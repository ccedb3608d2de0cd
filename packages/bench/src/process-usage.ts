// What processes spent: CPU from /proc/<pid>/stat, memory from /proc/<pid>/status. CPU per operation
// is the figure that survives a noisy machine.
import { readFile } from "node:fs/promises";

export interface ObservedProcess {
  readonly id: string;
  readonly pid: number;
}

export interface ProcessSample {
  readonly id: string;
  readonly pid: number;
  /** User and system time since the process began, seconds. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

export interface ProcessUsage {
  readonly id: string;
  /** Null when the process was not the same one at both ends. */
  readonly cpuSeconds: number | null;
  readonly cpuMicrosecondsPerOperation: number | null;
  readonly rssBytes: number | null;
}

/** Ticks per second of utime and stime: USER_HZ, 100 on every Linux that Node runs on. */
const USER_HZ = 100;

/** A sample of each process; those that are gone are left out. */
export async function sampleProcesses(
  processes: readonly ObservedProcess[],
): Promise<ProcessSample[]> {
  const samples = await Promise.all(processes.map(sampleProcess));
  return samples.filter((sample) => sample !== undefined);
}

async function sampleProcess({ id, pid }: ObservedProcess): Promise<ProcessSample | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    const status = await readFile(`/proc/${pid}/status`, "latin1");
    return { id, pid, cpuSeconds: cpuSecondsOf(stat), rssBytes: rssBytesOf(status) };
  } catch {
    return undefined;
  }
}

/** utime and stime of /proc/<pid>/stat; the command in parentheses may hold spaces. */
export function cpuSecondsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / USER_HZ;
}

export function rssBytesOf(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

/** What each process spent between two samples, per operation. */
export function usageBetween(
  processes: readonly ObservedProcess[],
  { before, after }: { before: readonly ProcessSample[]; after: readonly ProcessSample[] },
  operations: number,
): ProcessUsage[] {
  return processes.map(({ id, pid }) => {
    const begin = before.find((sample) => sample.pid === pid);
    const end = after.find((sample) => sample.pid === pid);
    const cpuSeconds = begin && end ? end.cpuSeconds - begin.cpuSeconds : null;
    const perOperation = cpuSeconds === null ? null : (cpuSeconds * 1e6) / Math.max(1, operations);
    return {
      id,
      cpuSeconds,
      cpuMicrosecondsPerOperation: perOperation,
      rssBytes: end?.rssBytes ?? null,
    };
  });
}
