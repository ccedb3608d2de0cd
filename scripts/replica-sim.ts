// Seeded simulations of one chunk's replicas: `npm run sim:replica -- --seeds N [--from S]`. Each seed is
// one world, of the shapes in turn. The last line sums up what happened. Exit 1 with the seed at the first
// broken invariant, and, over 100 seeds and more, for a kind of event that never happened.
import { parseArgs } from "node:util";
import { present } from "@ashlar/core";
import { SIM_SHAPES, type SimFigures, simulate } from "@ashlar/replica/testing";

const SEEDS_THAT_SHOW_ALL = 100;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
  },
});
const seeds = Number(values.seeds);
const from = Number(values.from);
for (const value of [seeds, from]) {
  if (!Number.isSafeInteger(value) || value < 1) throw new Error("seeds are whole numbers from 1");
}

const sum = new Map<keyof SimFigures, number>();
const startedAt = Date.now();
for (let seed = from; seed < from + seeds; seed += 1) {
  const shape = present(SIM_SHAPES[seed % SIM_SHAPES.length], "there are shapes");
  try {
    for (const [figure, count] of Object.entries(simulate(seed, shape))) {
      const key = figure as keyof SimFigures;
      sum.set(key, (sum.get(key) ?? 0) + count);
    }
  } catch (thrown) {
    // A rule is an Error that names it; anything else is a defect of the simulation.
    if (thrown instanceof TypeError || thrown instanceof ReferenceError) throw thrown;
    console.error(thrown);
    const [reason] = (thrown as Error).message.split("\n");
    console.log(`broken: seed ${seed}, ${shape.name}: ${reason}`);
    process.exit(1);
  }
}

const missing = seeds < SEEDS_THAT_SHOW_ALL ? [] : [...sum].filter(([, count]) => count === 0);
for (const [figure] of missing) console.error(`never happened: ${figure}`);
process.exitCode = missing.length > 0 ? 1 : 0;
const elapsed = ((Date.now() - startedAt) / 1000).toFixed(1);
const figures = [...sum].map(([figure, count]) => `${figure} ${count}`).join(", ");
console.log(`runs ${seeds} (seeds ${from}..${from + seeds - 1}), ${elapsed} s, ${figures}`);
