// Seeded simulations of the whole cluster in virtual time: `npm run sim -- --seeds N [--from S]
// [--seconds 60] [--trace]`. The last line sums up what happened. Exit 1 with the seed at the first broken
// invariant.
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { type Figures, Simulation } from "@ashlar/sim";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20" },
    from: { type: "string", default: "1" },
    seconds: { type: "string", default: "60" },
    trace: { type: "boolean", default: false },
  },
});

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} is a whole number from 1`);
  return value;
}

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}

const seeds = wholeNumber("seeds", values.seeds);
const from = wholeNumber("from", values.from);
const seconds = wholeNumber("seconds", values.seconds);
const tell = values.trace ? (line: string) => console.log(line) : undefined;
const startedAt = Date.now();
const elapsed = (): string => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
const sums = new Map<string, number>();

function add(figures: Figures): void {
  for (const [name, count] of Object.entries(figures)) {
    sums.set(name, (sums.get(name) ?? 0) + count);
  }
}

for (let seed = from; seed < from + seeds; seed += 1) {
  try {
    const { figures, trace } = await new Simulation({ seed, seconds, tell }).run();
    add(figures);
    const { acked } = figures;
    console.error(`seed ${seed}: ${acked} acked, trace ${trace}, ${elapsed()}`);
  } catch (thrown) {
    console.error(thrown);
    console.error(`replay: npm run sim -- --seeds 1 --from ${seed} --seconds ${seconds} --trace`);
    console.log(`broken: seed ${seed} at commit ${commit()}: ${String(thrown).split("\n")[0]}`);
    process.exit(1);
  }
}
const figures = [...sums].map(([name, count]) => `${name} ${count}`);
console.log(
  `seeds ${from}..${from + seeds - 1} of ${seconds} s at commit ${commit()}, ${elapsed()}: ${figures.join(", ")}`,
);
