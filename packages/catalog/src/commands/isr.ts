// The one way an ISR grows (K3).
import type { ChunkId } from "@ashlar/core";
import { withIsrMember } from "../chunk-config.ts";
import { type CommandOf, done, type IsrCandidate, type Result } from "../command.ts";
import type { Step } from "../state.ts";

/**
 * Each item stands alone: one that is out of date does not keep the others back. An item that has
 * happened already (a retry after a lost reply) is not a conflict.
 */
export function addToIsr(step: Step, { items }: CommandOf<"addToIsr">): Result<"addToIsr"> {
  const conflicts: ChunkId[] = [];
  for (const item of items) {
    if (!admit(step, item)) conflicts.push(item.chunk);
  }
  return done({ conflicts });
}

function admit(step: Step, { chunk, epoch, version, store }: IsrCandidate): boolean {
  const config = step.state.view.chunk(chunk);
  if (config?.epoch !== epoch) return false;
  if (config.isr.includes(store)) return true;
  if (config.version !== version || !config.learners.includes(store)) return false;
  step.put({ kind: "chunk", record: withIsrMember(config, store) });
  return true;
}
