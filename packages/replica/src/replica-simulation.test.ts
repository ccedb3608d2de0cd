import { describe, expect, it } from "vitest";
import { SimCluster } from "./testing/simulation/sim-cluster.ts";

/** Seeds of a normal run; SIM_SEEDS and SIM_FIRST search further. */
const { SIM_SEEDS = "60", SIM_FIRST = "1" } = process.env;
const SEEDS = Number(SIM_SEEDS);
const FIRST = Number(SIM_FIRST);

interface Shape {
  readonly name: string;
  readonly nodes: number;
  readonly isrSize: number;
  readonly faultsPerMille: number;
}

const SHAPES: readonly Shape[] = [
  { name: "three replicas", nodes: 3, isrSize: 3, faultsPerMille: 8 },
  { name: "two replicas", nodes: 2, isrSize: 2, faultsPerMille: 8 },
  {
    name: "two replicas and a learner that holds nothing",
    nodes: 3,
    isrSize: 2,
    faultsPerMille: 5,
  },
  { name: "three replicas under a storm of faults", nodes: 3, isrSize: 3, faultsPerMille: 30 },
];

function simulate(seed: number, { nodes, isrSize, faultsPerMille }: Shape): SimCluster {
  const cluster = new SimCluster({ seed, nodes, isrSize, steps: 4_000, faultsPerMille });
  try {
    cluster.run();
  } catch (thrown) {
    throw new Error(`seed ${seed}: ${(thrown as Error).message}`, { cause: thrown });
  }
  return cluster;
}

describe("seeded simulation of one chunk", () => {
  for (const shape of SHAPES) {
    it(`${shape.name}: acked writes survive, replicas agree, sectors are registers`, () => {
      const sums = { acked: 0, active: 0, crashes: 0, resyncs: 0, admitted: 0 };
      for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
        const { counts, clients } = simulate(seed, shape);
        sums.acked += clients.acked;
        for (const [name, count] of Object.entries(counts)) sums[name as "active"] += count;
      }
      expect(sums.acked, "clients got answers").toBeGreaterThan(SEEDS * 5);
      expect(sums.crashes, "nodes crashed").toBeGreaterThan(SEEDS);
      expect(sums.admitted, "copies came back").toBeGreaterThan(SEEDS / 2);
      expect(sums.resyncs, "extents were copied").toBeGreaterThan(SEEDS / 4);
    }, 240_000);
  }
});
