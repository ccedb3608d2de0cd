// Seeded simulations of the whole cluster in virtual time: `npm run sim -- --seeds N [--from S]
// [--seconds 60] [--workload blocks|reservations] [--course storm|blackouts|moves]`. The last line sums up what happened. Exit 1 with the seed at the first broken invariant,
// and, over 100 seeds and more, for a kind of event that never happened. What broke is replayed with
// `--trace`, which prints the story, or `--shorten`, which looks for a shorter run that breaks the same rule;
// `--off a,b` leaves kinds of faults out.
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import {
  COURSE_NAMES,
  type Figures,
  Simulation,
  shorten,
  WORKLOAD_NAMES,
  zeroFigures,
} from "@ashlar/sim";

const SEEDS_THAT_SHOW_ALL = 100;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20" },
    from: { type: "string", default: "1" },
    seconds: { type: "string", default: "60" },
    off: { type: "string", default: "" },
    workload: { type: "string", default: "blocks" },
    course: { type: "string", default: "storm" },
    trace: { type: "boolean", default: false },
    shorten: { type: "boolean", default: false },
  },
});

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} is a number above 0`);
  return value;
}

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}

function oneOf<T extends string>(option: string, name: string, names: readonly T[]): T {
  const found = names.find((known) => known === name);
  if (found) return found;
  throw new Error(`--${option} is one of ${names.join(", ")}`);
}

const workload = oneOf("workload", values.workload, WORKLOAD_NAMES);
const course = oneOf("course", values.course, COURSE_NAMES);
const seeds = positive("seeds", values.seeds);
const from = positive("from", values.from);
const seconds = positive("seconds", values.seconds);
const off = new Set(values.off.split(",").filter((name) => name !== ""));
const tell = values.trace ? (line: string) => console.log(line) : undefined;
const startedAt = Date.now();
const elapsed = (): string => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
const sums = new Map<string, number>();

function add(figures: Figures): void {
  for (const [name, count] of Object.entries(figures)) {
    sums.set(name, (sums.get(name) ?? 0) + count);
  }
}

const command = (seed: number, run: { seconds: number; off: Iterable<string> }): string => {
  const left = [...run.off].join(",");
  const rest = left === "" ? "" : ` --off ${left}`;
  const hosts = workload === "blocks" ? "" : ` --workload ${workload}`;
  const what = course === "storm" ? "" : ` --course ${course}`;
  return `npm run sim -- --seeds 1 --from ${seed} --seconds ${run.seconds}${hosts}${what}${rest}`;
};

async function onBroken(seed: number, thrown: unknown): Promise<never> {
  console.error(thrown);
  if (values.shorten) {
    const told = (run: { seconds: number; off: readonly string[] }): void =>
      console.error(`still broken: ${command(seed, run)}`);
    const short = await shorten({ seed, seconds, off, workload, course }, told);
    console.error(`shortest: ${command(seed, short)} --trace`);
  } else {
    console.error(`replay with --trace, or --shorten: ${command(seed, { seconds, off })}`);
  }
  console.log(`broken: seed ${seed} at commit ${commit()}: ${String(thrown).split("\n")[0]}`);
  process.exit(1);
}

for (let seed = from; seed < from + seeds; seed += 1) {
  try {
    const { figures, trace } = await new Simulation({
      seed,
      seconds,
      off,
      tell,
      workload,
      course,
    }).run();
    add(figures);
    const { acked } = figures;
    console.error(`seed ${seed}: ${acked} acked, trace ${trace}, ${elapsed()}`);
  } catch (thrown) {
    await onBroken(seed, thrown);
  }
}
const missing = seeds < SEEDS_THAT_SHOW_ALL ? [] : zeroFigures(Object.fromEntries(sums));
for (const name of missing) console.error(`never happened: ${name}`);
process.exitCode = missing.length > 0 ? 1 : 0;
const figures = [...sums].map(([name, count]) => `${name} ${count}`);
const range = `seeds ${from}..${from + seeds - 1} of ${seconds} s at commit ${commit()}`;
console.log(`${range}, ${elapsed()}: ${figures.join(", ")}`);
