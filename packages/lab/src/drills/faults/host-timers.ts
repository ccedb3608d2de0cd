// Default timers of hosts, named by their settings, and what a drill's figures mean beside them. A timer decides the
// verdict where its passing would have been an error or a lost disk for a host that is set up as its vendor ships it;
// where it only makes the host change its path, it is shown.
//
// Windows: Microsoft iSCSI initiator (LinkDownTime, MaxRequestHoldTime counts only without MPIO), Disk class driver
// (TimeOutValue), MPIO (PDORemovePeriod). Linux: SCSI disk (timeout), open-iscsi (noop_out_*), multipath-tools
// (fast_io_fail_tmo, which replaces recovery_tmo; no_path_retry is `fail`). ESXi: iscsi_vmk (NoopOutInterval,
// NoopOutTimeout), all-paths-down handling (Misc.APDTimeout).
import type { ImpactGoal, ImpactTimer, Measure } from "./impact.ts";
import type { Stall } from "./stall-meter.ts";

/** The longest of each kind, with the place it was at. */
export type Measured = Readonly<Record<Measure, Stall & { readonly place: SeriesPlace }>>;

export interface SeriesPlace {
  readonly volume: string;
  readonly host: string;
  readonly path: string;
}

const MEASURE_TEXT: Readonly<Record<Measure, string>> = {
  command: "the slowest command on a path",
  volume: "the longest stall of a volume",
  path: "the longest stall of a path",
  noPath: "the longest time without any path",
};

export interface HostTimer {
  readonly host: string;
  readonly setting: string;
  readonly meaning: string;
  readonly limitMs: number;
  readonly of: Measure;
  /** `always`; `while-served`: unless the fault takes the whole cluster away; `never`: it is only shown. */
  readonly decides: "always" | "while-served" | "never";
}

export const HOST_TIMERS: readonly HostTimer[] = [
  {
    host: "Windows",
    setting: "LinkDownTime",
    meaning: "requests that wait for a lost link fail",
    limitMs: 15_000,
    of: "volume",
    decides: "while-served",
  },
  {
    host: "Windows",
    setting: "MPIO PDORemovePeriod",
    meaning: "a disk without any path is removed",
    limitMs: 20_000,
    of: "noPath",
    decides: "while-served",
  },
  {
    host: "Windows",
    setting: "Disk TimeOutValue",
    meaning: "a request that is not answered fails",
    limitMs: 60_000,
    of: "volume",
    decides: "always",
  },
  {
    host: "Linux",
    setting: "multipath fast_io_fail_tmo (recovery_tmo), no_path_retry fail",
    meaning: "without any path, commands fail",
    limitMs: 5_000,
    of: "noPath",
    decides: "while-served",
  },
  {
    host: "Linux",
    setting: "open-iscsi noop_out_interval + noop_out_timeout",
    meaning: "a silent path is left for another",
    limitMs: 10_000,
    of: "path",
    decides: "never",
  },
  {
    host: "Linux",
    setting: "sd timeout",
    meaning: "a command that is not answered is aborted",
    limitMs: 30_000,
    of: "command",
    decides: "always",
  },
  {
    host: "ESXi",
    setting: "NoopOutInterval + NoopOutTimeout",
    meaning: "a silent path is left for another",
    limitMs: 25_000,
    of: "path",
    decides: "never",
  },
  {
    host: "ESXi",
    setting: "Misc.APDTimeout",
    meaning: "without any path, commands fail",
    limitMs: 140_000,
    of: "noPath",
    decides: "always",
  },
];

const GOAL_MEDIAN_MS = 3_000;
const GOAL_MAX_MS = 10_000;

const round = (ms: number): number => Math.round(ms);

/** @param servedThroughout false when the fault takes all of the cluster away. */
export function judgeTimers(measured: Measured, servedThroughout: boolean): ImpactTimer[] {
  return HOST_TIMERS.map(({ of, decides, ...timer }) => ({
    ...timer,
    of,
    measured: MEASURE_TEXT[of],
    measuredMs: round(measured[of].ms),
    within: measured[of].ms < timer.limitMs,
    decides: decides === "always" || (decides === "while-served" && servedThroughout),
  }));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/** The project's own goals: not met is told, and is no FAIL. */
export function judgeGoals(stallsMs: readonly number[]): ImpactGoal[] {
  const goal = (name: string, goalMs: number, measuredMs: number): ImpactGoal => ({
    name,
    goalMs,
    measuredMs: round(measuredMs),
    met: stallsMs.length > 0 && measuredMs < goalMs,
  });
  return [
    goal("longest stall of a volume, median of the rounds", GOAL_MEDIAN_MS, median(stallsMs)),
    goal("longest stall of a volume, of all rounds", GOAL_MAX_MS, Math.max(0, ...stallsMs)),
  ];
}
