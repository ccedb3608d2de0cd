// Runs a drill with faults on a cluster in memory, with the patience of a test.
import type { Patience } from "../faults/course.ts";
import { findFaultDrill } from "../faults/fault-drills.ts";
import { type FaultDrillOptions, runFaultDrill } from "../faults/run-fault-drill.ts";
import type { Finding, Receipt } from "../receipt.ts";
import type { MemorySite } from "./memory-site.ts";

export const PATIENCE: Patience = {
  pollMs: 10,
  steadyMs: 30,
  wholeMs: 500,
  pathsMs: 5_000,
  seenMs: 500,
  busyMs: 20_000,
  operations: 40,
};
const HOLD_SECONDS = 0.2;

export interface MemoryDrill extends FaultDrillOptions {
  /** `kill-node` if absent. */
  readonly drill?: string;
  readonly signal?: AbortSignal;
  readonly tell?: (line: string) => void;
}

export function runInMemory(
  site: MemorySite,
  { drill = "kill-node", signal, tell, ...options }: MemoryDrill = {},
): Promise<Receipt> {
  const found = { ...findFaultDrill(drill), seconds: HOLD_SECONDS };
  const watched = { signal: signal ?? new AbortController().signal, ...(tell && { tell }) };
  const settings = { seed: 7, patience: PATIENCE, ...options };
  const { clock, dial } = site;
  return runFaultDrill(found, { site, clock, dial }, settings, watched);
}

export const findingsOf = ({ steps }: Receipt): readonly Finding[] =>
  steps.flatMap(({ findings }) => findings);

/** Does it at the first call alone. */
export function once(call: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    call();
  };
}
