import { describe, expect, it } from "vitest";
import { Simulation } from "./simulation.ts";

const run = (seed: number, seconds: number) => new Simulation({ seed, seconds }).run();

describe("the whole cluster under virtual time", () => {
  it("does the same again from the same seed, and something else from another", async () => {
    const first = await run(1, 2);
    const again = await run(1, 2);
    const other = await run(2, 2);
    expect(again).toEqual(first);
    expect(other.trace).not.toBe(first.trace);
    const { acked } = first.figures;
    expect(acked).toBeGreaterThan(100);
  }, 120_000);
});
