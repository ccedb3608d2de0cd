// The worlds that simulations of one chunk begin with.
import { SimCluster } from "./sim-cluster.ts";
import type { SimOptions } from "./sim-options.ts";

export type SimShape = Omit<SimOptions, "seed" | "steps"> & { readonly name: string };

const STEPS = 4_000;

export const SIM_SHAPES: readonly SimShape[] = [
  {
    name: "three replicas",
    nodes: 3,
    isrSize: 3,
    faultsPerMille: 8,
    stopsPercent: 20,
    flipsPercent: 10,
  },
  {
    name: "two replicas",
    nodes: 2,
    isrSize: 2,
    faultsPerMille: 8,
    stopsPercent: 20,
    flipsPercent: 10,
  },
  {
    name: "two replicas and a learner that holds nothing",
    nodes: 3,
    isrSize: 2,
    faultsPerMille: 5,
    stopsPercent: 20,
    flipsPercent: 10,
  },
  {
    name: "three replicas whose primary is stopped again and again",
    nodes: 3,
    isrSize: 3,
    faultsPerMille: 6,
    stopsPercent: 80,
    flipsPercent: 10,
  },
  {
    name: "three replicas under a storm of faults",
    nodes: 3,
    isrSize: 3,
    faultsPerMille: 30,
    stopsPercent: 0,
    flipsPercent: 10,
  },
  {
    name: "three replicas of a volume that is changed again and again",
    nodes: 3,
    isrSize: 3,
    faultsPerMille: 8,
    stopsPercent: 30,
    flipsPercent: 5,
    changes: true,
  },
  {
    name: "three replicas whose disks rot",
    nodes: 3,
    isrSize: 3,
    faultsPerMille: 30,
    stopsPercent: 5,
    flipsPercent: 75,
  },
];

/** What happened in simulations: a kind of event that never did shows a workload that lacks it. */
export interface SimFigures {
  readonly acked: number;
  readonly reads: number;
  readonly readsAtDeposed: number;
  readonly active: number;
  readonly crashes: number;
  readonly pauses: number;
  readonly resyncs: number;
  readonly admitted: number;
  readonly flips: number;
  readonly repaired: number;
  readonly knownFromWindows: number;
  readonly gateways: number;
  readonly refusedAsDead: number;
  /** Changes of the volume that were answered. */
  readonly changes: number;
}

/** Runs one world to its end; throws when a rule is broken. */
export function simulate(seed: number, { name: _, ...shape }: SimShape): SimFigures {
  const cluster = new SimCluster({ seed, steps: STEPS, ...shape });
  cluster.run();
  const { counts, faults, clients, arrivals } = cluster;
  return {
    acked: clients.acked,
    reads: clients.reads,
    readsAtDeposed: arrivals.readsAtDeposed,
    knownFromWindows: arrivals.knownFromWindows,
    gateways: faults.gateways,
    refusedAsDead: clients.refusedAsDead,
    active: counts.active,
    crashes: faults.crashes,
    pauses: faults.pauses,
    resyncs: counts.resyncs,
    admitted: counts.admitted,
    flips: faults.flips,
    repaired: counts.repaired,
    changes: cluster.generations.changes,
  };
}
