// Seeded simulations with the invariants asked after every step; a failure names its seed.
import { describe, expect, it } from "vitest";
import { SimulatedGroup } from "./testing/index.ts";

const SEEDS = 10;
const STEPS = 6000;

describe.each([
  { members: 3, asyncStorage: false },
  { members: 3, asyncStorage: true },
  { members: 5, asyncStorage: false },
  { members: 5, asyncStorage: true },
])("$members members, asynchronous storage $asyncStorage", (options) => {
  it("keeps its invariants under loss, duplication, reordering, cuts and crashes", () => {
    let reads = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const group = new SimulatedGroup({ ...options, seed, steps: STEPS, faults: true });
      try {
        reads += group.run().reads;
      } catch (thrown) {
        throw new Error(`seed ${seed}`, { cause: thrown });
      }
    }
    expect(reads).toBeGreaterThan(SEEDS);
  });

  it("does the same for the same seed", () => {
    const run = () => new SimulatedGroup({ ...options, seed: 7, steps: STEPS, faults: true }).run();
    expect(run()).toEqual(run());
  });
});
