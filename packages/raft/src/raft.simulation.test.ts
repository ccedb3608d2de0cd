// Seeded simulations in virtual time with the invariants R1..R10 asked after every step; a failure names
// its seed. `npm run sim:raft` runs any number of them.
import { FIRST_SEED, soaked } from "@ashlar/core/testing";
import { describe, expect, it } from "vitest";
import { addFigures, noFigures, SimulatedGroup, zeroFigures } from "./testing/index.ts";

const SEEDS = soaked(120);
const SECONDS = 60;
/** What once broke a rule, by its size. */
const SEEDS_THAT_BROKE: ReadonlyMap<number, readonly number[]> = new Map([
  // A torn write left a commit index without the entries that it was about; a leader was not told of a
  // later term by the only other voter, which did not count it as one yet.
  [3, [7737, 18673]],
]);

describe.each([{ members: 3 }, { members: 5 }])("$members members", ({ members }) => {
  it("keep their invariants under loss, cuts, crashes, pauses and drifting clocks, and recover", {
    timeout: soaked(300_000),
  }, () => {
    const sum = noFigures();
    const seeds = Array.from({ length: SEEDS }, (_, at) => FIRST_SEED + at);
    for (const seed of [...(SEEDS_THAT_BROKE.get(members) ?? []), ...seeds]) {
      try {
        addFigures(sum, new SimulatedGroup({ seed, members, seconds: SECONDS }).run().figures);
      } catch (thrown) {
        throw new Error(`seed ${seed}`, { cause: thrown });
      }
    }
    expect(zeroFigures(sum)).toEqual([]);
  });

  it("do the same for the same seed", () => {
    const run = () => new SimulatedGroup({ seed: 7, members, seconds: SECONDS }).run();
    expect(run()).toEqual(run());
  });

  it("do something else for another seed", () => {
    const [one, other] = [7, 8].map((seed) =>
      new SimulatedGroup({ seed, members, seconds: SECONDS }).run(),
    );
    expect(one?.trace).not.toBe(other?.trace);
  });
});
