import { FIRST_SEED, soaked } from "@ashlar/core/testing";
import { describe, expect, it } from "vitest";
import { SIM_SHAPES, type SimFigures, simulate } from "./testing/simulation/shapes.ts";

const SEEDS = soaked(60);

function simulateSeed(...[seed, shape]: Parameters<typeof simulate>): SimFigures {
  try {
    return simulate(seed, shape);
  } catch (thrown) {
    throw new Error(`seed ${seed}: ${(thrown as Error).message}`, { cause: thrown });
  }
}

describe("seeded simulation of one chunk", () => {
  for (const shape of SIM_SHAPES) {
    it(
      `${shape.name}: acked writes survive, replicas agree, sectors are registers (P3, P6, P10, P11, P14)`,
      () => {
        const runs = Array.from({ length: SEEDS }, (_, at) => simulateSeed(FIRST_SEED + at, shape));
        const sum = (figure: keyof SimFigures): number =>
          runs.reduce((total, figures) => total + figures[figure], 0);
        expect(sum("acked"), "clients got answers").toBeGreaterThan(SEEDS * 3);
        expect(sum("reads"), "reads were answered").toBeGreaterThan(SEEDS * 5);
        if (shape.stopsPercent > 0) {
          expect(sum("readsAtDeposed"), "reads came to deposed primaries").toBeGreaterThan(
            SEEDS / 20,
          );
        }
        expect(sum("crashes"), "nodes crashed").toBeGreaterThan(SEEDS / 2);
        expect(sum("pauses"), "nodes were stopped").toBeGreaterThan(SEEDS);
        expect(sum("admitted"), "copies came back").toBeGreaterThan(SEEDS / 2);
        expect(sum("resyncs"), "extents were copied").toBeGreaterThan(SEEDS / 4);
        expect(sum("flips"), "bits flipped").toBeGreaterThan(SEEDS / 8);
        if (shape.changes)
          expect(sum("changes"), "changes of the volume").toBeGreaterThan(SEEDS * 5);
        if (shape.flipsPercent > 50) {
          expect(sum("repaired"), "units were repaired").toBeGreaterThan(SEEDS);
        }
        expect(sum("knownFromWindows"), "windows outlived their primary").toBeGreaterThan(
          SEEDS / 20,
        );
        expect(sum("gateways"), "gateways were replaced").toBeGreaterThan(SEEDS / 4);
        expect(sum("refusedAsDead"), "dead gateways were refused").toBeGreaterThan(0);
      },
      soaked(240_000),
    );
  }
});
