// The order in which test files begin: the longest first, so that no processor is idle at the end. vitest knows
// durations of earlier runs only, and on a fresh clone there were none.
import { statSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Unit tests that take longer than five seconds, the longest first; `npm test` prints what each file took. Those of the
 * simulation are before all that use the machine's own network and timers: they share a process, and what another one
 * has left behind is nothing that a simulated world could control.
 */
const LONG: readonly string[] = [
  "packages/sim/src/simulation.test.ts",
  "packages/sim/src/reservations/reservations.test.ts",
  "packages/replica/src/replica.exhaustive.test.ts",
  "packages/raft/src/raft.simulation.test.ts",
  "packages/raft/src/raft.exhaustive.test.ts",
  "packages/store/src/fuzz.test.ts",
  "packages/store/src/store-contract.test.ts",
];
for (const path of LONG) statSync(`${root}/${path}`);

const RANKS = new Map(LONG.map((path, at) => [path, at]));
const rankOf = ({ moduleId }: TestSpecification): number =>
  RANKS.get(relative(root, moduleId)) ?? LONG.length;

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => rankOf(a) - rankOf(b));
  }
}
