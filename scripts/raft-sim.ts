// Seeded simulations of a whole Raft group in virtual time, the invariants R1..R10 asked after every step:
// `npm run sim:raft -- --seeds N [--from S] [--members 3|5] [--seconds 60]`. Without --members odd seeds
// have 3 and even ones 5. The last line sums up what happened. Exit 1 with the seed at the first broken
// invariant, and, over 100 seeds and more, for a kind of event that never happened.
import { parseArgs } from "node:util";
import { AssertionError } from "@ashlar/core";
import { addFigures, noFigures, SimulatedGroup, zeroFigures } from "@ashlar/raft/testing";

const SEEDS_THAT_SHOW_ALL = 100;
const PROGRESS_EVERY_MS = 10_000;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    members: { type: "string" },
    seconds: { type: "string", default: "60" },
  },
});

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} is a whole number from 1`);
  return value;
}

const seeds = wholeNumber("seeds", values.seeds);
const from = wholeNumber("from", values.from);
const seconds = wholeNumber("seconds", values.seconds);
const members = values.members === undefined ? undefined : wholeNumber("members", values.members);

const sum = noFigures();
const startedAt = Date.now();
let toldAt = startedAt;
const elapsed = (): string => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;

for (let seed = from; seed < from + seeds; seed += 1) {
  const group = { seed, members: members ?? (seed % 2 === 1 ? 3 : 5), seconds };
  try {
    addFigures(sum, new SimulatedGroup(group).run().figures);
  } catch (thrown) {
    if (!(thrown instanceof AssertionError)) throw thrown;
    console.error(thrown);
    console.log(`broken: seed ${seed}, ${group.members} members: ${thrown.message}`);
    process.exit(1);
  }
  if (Date.now() - toldAt > PROGRESS_EVERY_MS) {
    toldAt = Date.now();
    console.error(`seed ${seed}, ${seed - from + 1} runs in ${elapsed()}`);
  }
}

const missing = seeds < SEEDS_THAT_SHOW_ALL ? [] : zeroFigures(sum);
for (const figure of missing) console.error(`never happened: ${figure}`);
process.exitCode = missing.length > 0 ? 1 : 0;
const figures = Object.entries(sum).map(([figure, count]) => `${figure} ${count}`);
console.log(
  `runs ${seeds} (seeds ${from}..${from + seeds - 1}), ${elapsed()}, ${figures.join(", ")}`,
);
