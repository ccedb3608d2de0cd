// The part of the simulation of reservations that continuous integration runs: `npm run sim -- --workload
// reservations` runs as much as one likes.
import { expect, it } from "vitest";
import { Simulation } from "../simulation.ts";

/** Some ten seconds of one core. */
const SEEDS = [1, 2, 3];
const SECONDS = 8;

it.each(SEEDS)(
  "P11: what hosts reserve and pre-empt is kept to through seed %i, over a loss of power too",
  async (seed) => {
    const { figures } = await new Simulation({
      seed,
      seconds: SECONDS,
      workload: "reservations",
    }).run();
    for (const name of ["acked", "conflicts", "preempt", "staleWritesRefused", "restarts"]) {
      expect(figures[name], name).toBeGreaterThan(0);
    }
  },
  240_000,
);
