// The bench's document (--json, a stable contract) and its tables for people.
import { formatSize } from "@ashlar/core";
import type { LatencySummary } from "@ashlar/runtime";
import type { MachineDescription } from "./machine.ts";
import type { ProcessUsage } from "./process-usage.ts";

export interface WorkloadReport {
  readonly name: string;
  readonly tool: string;
  readonly operations: number;
  readonly seconds: number;
  readonly operationsPerSecond: number;
  /** Millions of bytes per second. */
  readonly megabytesPerSecond: number;
  /** Null where the tool measures none. */
  readonly latency: LatencySummary | null;
  readonly errors: number;
  readonly processes: readonly ProcessUsage[];
}

/** Before the first workload, with the volume made and nobody using it. */
export interface IdleReport {
  readonly seconds: number;
  readonly cpuPercentOfOneCore: number;
  /** Of all role processes together. */
  readonly rssBytes: number;
  readonly processes: readonly Pick<ProcessUsage, "id" | "cpuSeconds" | "rssBytes">[];
}

export interface BenchReport {
  readonly version: 1;
  readonly machine: MachineDescription;
  readonly subject: string;
  readonly profile: string;
  readonly secondsPerWorkload: number;
  readonly sizeBytes: number;
  readonly idle: IdleReport;
  readonly workloads: readonly WorkloadReport[];
}

export function formatReport(report: BenchReport): string {
  const { machine } = report;
  const lines = [
    `${report.subject}, profile ${report.profile}, ${formatSize(report.sizeBytes)} filled`,
    `${machine.cores} x ${machine.cpuModel}, ${formatSize(machine.memoryBytes)} memory, ` +
      `Linux ${machine.kernel}, Node ${machine.node}, commit ${machine.commit ?? "unknown"}`,
    `idle: ${report.idle.cpuPercentOfOneCore.toFixed(1)} % of one core, ` +
      `${formatSize(report.idle.rssBytes)} resident in ${report.idle.processes.length} processes`,
    "",
    ...formatTable(
      ["workload", "tool", "per second", "MB/s", "p50 ms", "p99 ms", "max ms", "errors"],
      report.workloads.map(rateRow),
    ),
    "",
    "CPU microseconds per operation, by process; memory after the last workload",
    ...cpuTable(report.workloads),
  ];
  return `${lines.join("\n")}\n`;
}

function rateRow(workload: WorkloadReport): string[] {
  const { latency } = workload;
  const ms = (value: number | undefined): string => (value === undefined ? "-" : value.toFixed(2));
  return [
    workload.name,
    workload.tool,
    String(Math.round(workload.operationsPerSecond)),
    workload.megabytesPerSecond.toFixed(1),
    ms(latency?.p50Ms),
    ms(latency?.p99Ms),
    ms(latency?.maxMs),
    String(workload.errors),
  ];
}

function cpuTable(workloads: readonly WorkloadReport[]): string[] {
  const ids = [...new Set(workloads.flatMap(({ processes }) => processes.map(({ id }) => id)))];
  const rows = workloads.map(({ name, processes }) => [
    name,
    ...ids.map((id) => {
      const usage = processes.find((each) => each.id === id);
      return usage?.cpuMicrosecondsPerOperation?.toFixed(0) ?? "-";
    }),
  ]);
  const last = workloads.at(-1)?.processes ?? [];
  const memory = ids.map((id) => {
    const rss = last.find((each) => each.id === id)?.rssBytes ?? null;
    return rss === null ? "-" : formatSize(rss);
  });
  return formatTable(["workload", ...ids], [...rows, ["resident memory", ...memory]]);
}

/** Columns as wide as their widest cell; the first one left, the others right. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  const all = [header, ...rows];
  const widths = header.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? "").length)),
  );
  return all.map((row) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? "";
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd(),
  );
}
