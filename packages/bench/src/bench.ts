// The order of a measurement: fill, then every workload between two samples of every process.
import { MIB } from "@ashlar/core";
import { nodeClock, sleep } from "@ashlar/runtime";
import { fill, runOwnWorkload } from "./generator.ts";
import { describeMachine } from "./machine.ts";
import type { BenchOptions } from "./options.ts";
import type { Outcome } from "./outcome.ts";
import { type ObservedProcess, sampleProcesses, usageBetween } from "./process-usage.ts";
import { PROFILES, type Workload } from "./profiles.ts";
import { planQemuWorkload, runQemuWorkload } from "./qemu-workload.ts";
import type { BenchReport, IdleReport, WorkloadReport } from "./report.ts";
import { openSubject, type Subject } from "./subject.ts";

export interface BenchProgress {
  /** A line for the person who waits. */
  say(text: string): void;
}

interface MeasureOptions {
  readonly seconds: number;
  readonly sizeBytes: number;
  readonly signal: AbortSignal;
}

export async function measure(
  options: BenchOptions,
  progress: BenchProgress,
  { signal }: { readonly signal: AbortSignal },
): Promise<BenchReport> {
  const machine = await describeMachine();
  progress.say("preparing");
  const subject = await openSubject(options, { signal });
  try {
    progress.say("idle");
    const idle = await measureIdle(subject, { seconds: options.seconds, signal });
    progress.say(`filling ${options.sizeBytes / MIB} MiB`);
    await fill(subject.url, { sizeBytes: options.sizeBytes, signal });
    const workloads: WorkloadReport[] = [];
    for (const workload of PROFILES[options.profile].workloads) {
      progress.say(`${workload.name} (${workload.tool})`);
      workloads.push(await measureWorkload(subject, workload, { ...options, signal }));
    }
    return {
      version: 1,
      machine,
      subject: subject.description,
      profile: options.profile,
      secondsPerWorkload: options.seconds,
      sizeBytes: options.sizeBytes,
      idle,
      workloads,
    };
  } finally {
    progress.say("cleaning up");
    await subject.close();
  }
}

/** What the processes spend when nobody asks anything of them. */
async function measureIdle(
  subject: Subject,
  { seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
): Promise<IdleReport> {
  const processes = await subject.processes();
  const before = await sampleProcesses(processes);
  const beganMs = nodeClock.nowMs();
  await sleep(nodeClock, seconds * 1000, { signal });
  const elapsed = (nodeClock.nowMs() - beganMs) / 1000;
  const after = await sampleProcesses(processes);
  const usage = usageBetween(processes, { before, after }, 0);
  const sum = (field: "cpuSeconds" | "rssBytes"): number =>
    usage.reduce((total, process) => total + (process[field] ?? 0), 0);
  return {
    seconds: elapsed,
    cpuPercentOfOneCore: (100 * sum("cpuSeconds")) / elapsed,
    rssBytes: sum("rssBytes"),
    processes: usage.map(({ id, cpuSeconds, rssBytes }) => ({ id, cpuSeconds, rssBytes })),
  };
}

async function measureWorkload(
  subject: Subject,
  workload: Workload,
  options: MeasureOptions,
): Promise<WorkloadReport> {
  const own: ObservedProcess = { id: "bench", pid: process.pid };
  const run = await prepare(subject, workload, options);
  const processes = [...(await subject.processes()), own];
  const before = await sampleProcesses(processes);
  const { operations, seconds, latency, errors } = await run();
  const after = await sampleProcesses(processes);
  return {
    name: workload.name,
    tool: workload.tool,
    operations,
    seconds,
    operationsPerSecond: operations / seconds,
    megabytesPerSecond: (operations * workload.size) / seconds / 1e6,
    latency,
    errors,
    processes: usageBetween(processes, { before, after }, operations),
  };
}

/** Does what must not be measured; the result does the rest. */
async function prepare(
  { url }: Subject,
  workload: Workload,
  options: MeasureOptions,
): Promise<() => Promise<Outcome>> {
  if (workload.tool === "initiator") return () => runOwnWorkload(url, workload, options);
  const operations = await planQemuWorkload(url, workload, options);
  return () => runQemuWorkload(url, workload, { operations, signal: options.signal });
}
