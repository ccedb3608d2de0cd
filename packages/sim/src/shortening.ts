// Makes a failing run easier to read: leaves out every kind of fault that the failure does not need, then
// halves the time as long as the same rule is broken. Leaving something out changes what follows, so what
// is left is a run that fails in the same way, not a part of the one that was given.
import { FAULT_KINDS } from "./faults/fault-kinds.ts";
import { Simulation, type SimulationOptions } from "./simulation.ts";

export interface ShortRun {
  readonly seconds: number;
  readonly off: readonly string[];
}

/** Shorter than that nothing has begun. */
const SECONDS_MIN = 3;

/** The rule that a failure names: what stands before its first colon, or all of it. */
const ruleOf = (thrown: unknown): string => String(thrown).split("\n")[0]?.slice(0, 40) ?? "";

async function failureOf(options: SimulationOptions): Promise<string | undefined> {
  try {
    await new Simulation(options).run();
    return undefined;
  } catch (thrown) {
    return ruleOf(thrown);
  }
}

/** @param told called with each step that still fails. */
export async function shorten(
  options: SimulationOptions,
  told: (run: ShortRun) => void,
): Promise<ShortRun> {
  const rule = await failureOf(options);
  let off = new Set(options.off);
  let { seconds } = options;
  if (rule === undefined) return { seconds, off: [...off] };
  for (const { name } of FAULT_KINDS) {
    const fewer = new Set([...off, name]);
    if ((await failureOf({ ...options, off: fewer })) !== rule) continue;
    off = fewer;
    told({ seconds, off: [...off] });
  }
  while (seconds / 2 >= SECONDS_MIN) {
    if ((await failureOf({ ...options, off, seconds: seconds / 2 })) !== rule) break;
    seconds /= 2;
    told({ seconds, off: [...off] });
  }
  return { seconds, off: [...off] };
}
