// Unit tests run from the sources (export condition "ashlar-source"), so no build is needed; the
// end-to-end tests run the built command, as a user does. Drills break it under hosts at work and have limits of
// time; `npm run drills` does all of them in full length, which is more than every change is worth.
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./scripts/longest-first.ts";

const whole = process.env.ASHLAR_DRILLS === "all";
/** A soak tries as many times more, see packages/core/src/testing/soak.ts. */
const soak = Number(process.env.ASHLAR_SOAK ?? 1);

export default defineConfig({
  ssr: { resolve: { conditions: ["ashlar-source", "node", "import", "default"] } },
  resolve: { conditions: ["ashlar-source", "node", "import", "default"] },
  test: {
    sequence: { sequencer: LongestFirst },
    // How long something may take is for no test to decide: a busy machine stands still for more than vitest's second.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "scripts/**/*.test.ts"],
          testTimeout: 30_000 * soak,
          setupFiles: ["scripts/drawn-inputs.ts"],
          // What a file imports is read once for all of them: anew for each file takes as long as the tests do.
          isolate: false,
          // One for each processor: the default leaves one idle, which is half of two.
          maxWorkers: availableParallelism(),
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 180_000,
          // A lab keeps two processors busy: two at a time take as long, and wait for each other.
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: "drills",
          include: whole ? ["test/drills/**/*.test.ts"] : ["test/drills/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 180_000,
          // Drills decide by how long hosts wait: nothing else runs beside one.
          fileParallelism: false,
        },
      },
    ],
  },
});
