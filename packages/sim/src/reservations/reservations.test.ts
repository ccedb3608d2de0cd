// The part of the simulation of reservations that continuous integration runs: `npm run sim -- --workload
// reservations` runs as much as one likes.
import { expect, it } from "vitest";
import { Simulation } from "../simulation.ts";

/** Some ten seconds of one core. */
const SEEDS = [1, 2, 3];
const SECONDS = 8;

it(`P11: what hosts reserve and pre-empt is kept to through seeds ${SEEDS}, over a loss of power too`, async () => {
  const happened = new Map<string, number>();
  for (const seed of SEEDS) {
    const run = new Simulation({ seed, seconds: SECONDS, workload: "reservations" });
    const { figures } = await run.run();
    for (const [name, count] of Object.entries(figures)) {
      happened.set(name, (happened.get(name) ?? 0) + count);
    }
  }
  // What one seed draws changes with every change of what processes say to each other.
  for (const name of ["acked", "conflicts", "preempt", "staleWritesRefused", "restarts"]) {
    expect(happened.get(name), name).toBeGreaterThan(0);
  }
}, 240_000);
