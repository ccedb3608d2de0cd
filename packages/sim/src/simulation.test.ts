// The part of the simulation that continuous integration runs; `npm run sim` runs as much as one likes.
import { FIRST_SEED, soaked } from "@ashlar/core/testing";
import { describe, expect, it } from "vitest";
import { REGRESSION_SEEDS } from "./regression-seeds.ts";
import { Simulation, zeroFigures } from "./simulation.ts";

/** About a minute and a half on one busy core. */
const SEEDS = Array.from({ length: soaked(10) }, (_, at) => 100 + FIRST_SEED + at);
const SECONDS = 20;

const run = (seed: number, seconds: number) => new Simulation({ seed, seconds }).run();

describe("the whole cluster under virtual time", () => {
  it("does the same again from the same seed, and something else from another", async () => {
    const first = await run(1, 3);
    const again = await run(1, 3);
    const other = await run(2, 3);
    expect(again).toEqual(first);
    expect(other.trace).not.toBe(first.trace);
  }, 240_000);

  for (const seed of SEEDS) {
    it(`keeps every rule through seed ${seed} (P1, P3, P6, P9, P13..P15, P17, L1..L3)`, async () => {
      const { figures } = await run(seed, SECONDS);
      const { acked } = figures;
      expect(acked).toBeGreaterThan(50);
    }, 240_000);
  }

  it("outlives blackouts in which one machine stays away, and nobody does anything (P1, L1..L3)", async () => {
    const { figures } = await new Simulation({ seed: 201, seconds: 20, course: "blackouts" }).run();
    expect(figures).toMatchObject({ blackouts: 1 });
    // What a course never does is not missed in its figures.
    expect(figures).not.toHaveProperty("created");
  }, 240_000);

  it("moves copies to 4, 6 and back to 3 nodes while somebody dies midway (A5, A11, P1)", async () => {
    const { figures } = await new Simulation({ seed: 4, seconds: 60, course: "moves" }).run();
    expect(figures).toMatchObject({ steps: 4, deathsMidway: 3 });
    expect(zeroFigures(figures)).not.toContain("copiesDropped");
  }, 240_000);

  for (const { seed, seconds, was } of REGRESSION_SEEDS) {
    it(`plays seed ${seed} again, which showed ${was}`, async () => {
      await run(seed, seconds);
    }, 240_000);
  }
});
