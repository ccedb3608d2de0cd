// What a fault did to hosts: the part of a receipt that drills with faults have, and the rehearsal of a validation
// has not. Part of the stable contract of `--json` and of receipt files. Times are milliseconds since `beganAt`.
import type { Stall } from "./stall-meter.ts";

export interface ImpactEvent {
  readonly atMs: number;
  /** `fault` to `repair`: the fault lasts. `whole`: no copy is missing any more. */
  readonly kind: "fault" | "repair" | "whole";
  /** Counted from 1. */
  readonly round: number;
  readonly text: string;
}

export interface ImpactRound {
  readonly round: number;
  readonly fault: string;
  /** How it is known that the fault took place; null: it is not, and the round has failed. */
  readonly trace: string | null;
  readonly faultAtMs: number;
  /** Null when the fault ended with the drill. */
  readonly repairAtMs: number | null;
  /** The longest stall of any volume from the fault on. */
  readonly stallMs: number;
  /** From the end of the fault until no chunk of the cluster was degraded; null: not within the drill's patience. */
  readonly redundancyMs: number | null;
}

/** What hosts saw of one volume, or of one path to it. */
export interface ImpactSeries {
  readonly volume: string;
  readonly host: string;
  /** The portal, or `all paths`. */
  readonly path: string;
  readonly operations: number;
  /** Longest time with something asked and nothing answered. */
  readonly longest: Stall;
  /** Of the rounds. */
  readonly medianMs: number;
  readonly slowest: Stall;
  /** Times from 500 ms on, in order; the longest 25 of them. */
  readonly stalls: readonly Stall[];
  /** Times without a session (of a volume: without any path), in order. */
  readonly down: readonly Stall[];
  readonly timeline: { readonly bucketMs: number; readonly completed: readonly number[] };
}

export interface ImpactVolume {
  readonly name: string;
  readonly replicas: number;
  readonly sizeBytes: number;
  readonly operations: number;
  /** Operations that failed at the initiator, after all it does to make them succeed. */
  readonly errors: number;
  /** Blocks read back or read meanwhile and compared. */
  readonly blocksChecked: number;
  /** Acknowledged, and not there. */
  readonly lost: number;
  /** An older write in the place of an acknowledged one. */
  readonly stale: number;
  /** What was never written there. */
  readonly wrong: number;
  /** A mix of writes. */
  readonly torn: number;
  /** What the initiator had to swallow, by kind. */
  readonly incidents: Readonly<Record<string, number>>;
}

export type Measure = "command" | "volume" | "path" | "noPath";

/** What a default timer of a host would have made of it. */
export interface ImpactTimer {
  readonly host: string;
  readonly setting: string;
  readonly meaning: string;
  readonly limitMs: number;
  /** What is measured beside it. */
  readonly of: Measure;
  readonly measured: string;
  readonly measuredMs: number;
  readonly within: boolean;
  /** Whether the verdict hangs on it in this drill. */
  readonly decides: boolean;
}

export interface ImpactGoal {
  readonly name: string;
  readonly goalMs: number;
  readonly measuredMs: number;
  readonly met: boolean;
}

export interface Impact {
  readonly site: string;
  /** Choices of the drill and workload of its hosts follow from it. */
  readonly seed: number;
  readonly beganAt: string;
  readonly endedMs: number;
  readonly rounds: readonly ImpactRound[];
  readonly events: readonly ImpactEvent[];
  readonly volumes: readonly ImpactVolume[];
  readonly series: readonly ImpactSeries[];
  readonly timers: readonly ImpactTimer[];
  readonly goals: readonly ImpactGoal[];
  /** The longest of the rounds; null when one did not become whole. */
  readonly redundancyMs: number | null;
  readonly copied: {
    /** Null when no process could be asked. */
    readonly bytes: number | null;
    readonly source: string;
  };
}
