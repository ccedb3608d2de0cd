import { describe, expect, it } from "vitest";
import { SimCluster } from "./testing/simulation/sim-cluster.ts";

/** Seeds of a normal run; SIM_SEEDS and SIM_FIRST search further. */
const { SIM_SEEDS = "120", SIM_FIRST = "1" } = process.env;
const SEEDS = Number(SIM_SEEDS);
const FIRST = Number(SIM_FIRST);

interface Shape {
  readonly name: string;
  readonly nodes: number;
  readonly isrSize: number;
  readonly faultsPerMille: number;
  readonly stopsPercent: number;
  readonly flipsPercent: number;
}

const SHAPES: readonly Shape[] = [
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
    name: "three replicas whose disks rot",
    nodes: 3,
    isrSize: 3,
    faultsPerMille: 30,
    stopsPercent: 5,
    flipsPercent: 75,
  },
];

function simulate(seed: number, { name: _, ...shape }: Shape): SimCluster {
  const cluster = new SimCluster({ seed, steps: 4_000, ...shape });
  try {
    cluster.run();
  } catch (thrown) {
    throw new Error(`seed ${seed}: ${(thrown as Error).message}`, { cause: thrown });
  }
  return cluster;
}

describe("seeded simulation of one chunk", () => {
  for (const shape of SHAPES) {
    it(`${shape.name}: acked writes survive, replicas agree, sectors are registers (P3, P6, P14)`, () => {
      const sums = { acked: 0, reads: 0, readsAtDeposed: 0, active: 0, crashes: 0, pauses: 0 };
      const copies = { resyncs: 0, admitted: 0, flips: 0, repaired: 0 };
      for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
        const { counts, faults, clients, arrivals } = simulate(seed, shape);
        sums.acked += clients.acked;
        sums.reads += clients.reads;
        sums.readsAtDeposed += arrivals.readsAtDeposed;
        sums.active += counts.active;
        sums.crashes += faults.crashes;
        sums.pauses += faults.pauses;
        copies.resyncs += counts.resyncs;
        copies.admitted += counts.admitted;
        copies.flips += faults.flips;
        copies.repaired += counts.repaired;
      }
      expect(sums.acked, "clients got answers").toBeGreaterThan(SEEDS * 3);
      expect(sums.reads, "reads were answered").toBeGreaterThan(SEEDS * 5);
      if (shape.stopsPercent > 0) {
        expect(sums.readsAtDeposed, "reads came to deposed primaries").toBeGreaterThan(SEEDS / 20);
      }
      expect(sums.crashes, "nodes crashed").toBeGreaterThan(SEEDS / 2);
      expect(sums.pauses, "nodes were stopped").toBeGreaterThan(SEEDS);
      expect(copies.admitted, "copies came back").toBeGreaterThan(SEEDS / 2);
      expect(copies.resyncs, "extents were copied").toBeGreaterThan(SEEDS / 4);
      expect(copies.flips, "bits flipped").toBeGreaterThan(SEEDS / 8);
      if (shape.flipsPercent > 50) {
        expect(copies.repaired, "units were repaired").toBeGreaterThan(SEEDS);
      }
    }, 240_000);
  }
});
