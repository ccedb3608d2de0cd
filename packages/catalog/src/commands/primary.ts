// Primaries move to other replicas in sync: many chunks in one log entry, as the plan wants them
// (primary-plan.ts). Whatever changed since the plan was made is left as it is.
import type { ChunkId } from "@ashlar/core";
import { withPrimary } from "../chunk-config.ts";
import {
  CHUNKS_PER_COMMAND_MAX,
  type CommandOf,
  done,
  type IsrCandidate,
  type Result,
  refused,
} from "../command.ts";
import { openDisks } from "../placement.ts";
import type { Step } from "../state.ts";

/** Each item stands alone: one that is out of date does not keep the others back. */
export function movePrimaries(
  step: Step,
  { items }: CommandOf<"movePrimaries">,
): Result<"movePrimaries"> {
  if (items.length > CHUNKS_PER_COMMAND_MAX) {
    return refused("argument/invalid", `at most ${CHUNKS_PER_COMMAND_MAX} chunks in one command`);
  }
  const skipped = items.filter((item) => !move(step, item)).map(({ chunk }): ChunkId => chunk);
  return done({ skipped });
}

function move(step: Step, { chunk, epoch, version, store }: IsrCandidate): boolean {
  const { view } = step.state;
  const config = view.chunk(chunk);
  if (config?.epoch !== epoch || config.version !== version) return false;
  const target = config.members.find(({ storeUuid }) => storeUuid === store);
  if (!target || !config.isr.includes(store) || target.node === config.primary.node) return false;
  const record = view.nodes.get(target.node);
  if (!record || !openDisks(record).some(({ storeUuid }) => storeUuid === store)) return false;
  const { node, incarnation } = record;
  step.put({ kind: "chunk", record: withPrimary(config, { node, incarnation }) });
  return true;
}
