// Unit tests run from the sources (export condition "ashlar-source"), so no build is needed; the
// end-to-end tests run the built command, as a user does. Drills are end-to-end tests that take longer
// than every change is worth: `npm run drills`.
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  ssr: { resolve: { conditions: ["ashlar-source", "node", "import", "default"] } },
  resolve: { conditions: ["ashlar-source", "node", "import", "default"] },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "scripts/**/*.test.ts"],
          testTimeout: 30_000,
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
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: "drills",
          include: ["test/drills/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
