// Random histories against the model, with checkpoints and crashes anywhere, also in the middle of
// a burst: P1 (what was acknowledged is there), P10 (its opIds too), P13, P17, P20.
import { soaked } from "@ashlar/core/testing";
import { seededRandom } from "@ashlar/runtime";
import fc from "fast-check";
import { test } from "vitest";
import { CrashDisk } from "./testing/crash-disk.ts";
import { stepArbitrary } from "./testing/store-steps.ts";
import { StoreTrial } from "./testing/store-trial.ts";

/** A soak is due before a change of the format or of the order of a checkpoint's steps. */
const RUNS = soaked(15);

test(
  "P1, P10, P13, P17, P20: a store is what its acknowledged history says, crashes or not",
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(stepArbitrary, { minLength: 5, maxLength: 60, size: "max" }),
        async (seed, steps) => {
          const disk = new CrashDisk(seededRandom(seed));
          const trial = new StoreTrial({ disk, crash: () => disk.crash() });
          await trial.start();
          for (const step of steps) await trial.step(step);
          await trial.finish();
        },
      ),
      { numRuns: RUNS, endOnFailure: true },
    );
  },
  soaked(120_000),
);
