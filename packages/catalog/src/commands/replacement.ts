// Copies that are lost are made elsewhere: many chunks in one log entry, as the plan wants them
// (copy-plan.ts). Whatever changed since the plan was made is left as it is.
import type { ChunkId } from "@ashlar/core";
import { withLearner, withReplacedMember } from "../chunk-config.ts";
import {
  CHUNKS_PER_COMMAND_MAX,
  type CommandOf,
  done,
  type Replacement,
  type Result,
  refused,
} from "../command.ts";
import { disksForCopies } from "../placement.ts";
import type { ChunkMember } from "../records.ts";
import type { Step } from "../state.ts";

/** Each item stands alone: one that is out of date does not keep the others back. */
export function replaceMembers(
  step: Step,
  { items }: CommandOf<"replaceMembers">,
): Result<"replaceMembers"> {
  if (items.length > CHUNKS_PER_COMMAND_MAX) {
    return refused("argument/invalid", `at most ${CHUNKS_PER_COMMAND_MAX} chunks in one command`);
  }
  const skipped = items.filter((item) => !replace(step, item)).map(({ chunk }): ChunkId => chunk);
  return done({ skipped });
}

function replace(step: Step, item: Replacement): boolean {
  const { lost, node, store } = item;
  const config = step.state.view.chunk(item.chunk);
  if (config?.version !== item.version) return false;
  const { members, isr, learners } = config;
  if (isr.includes(lost) || learners.includes(lost)) return false;
  const others = members.filter(({ storeUuid }) => storeUuid !== lost);
  const isTaken = others.some((one) => one.node === node || one.storeUuid === store);
  if (others.length === members.length || isTaken) return false;
  const fresh = memberOf(step, item);
  if (!fresh || lost === store) return false;
  const replaced = withReplacedMember(config, lost, fresh);
  step.put({ kind: "chunk", record: withLearner(replaced, store) ?? replaced });
  return true;
}

function memberOf(step: Step, { node, store }: Replacement): ChunkMember | undefined {
  const record = step.state.view.nodes.get(node);
  const disk = record && disksForCopies(record).find(({ storeUuid }) => storeUuid === store);
  return disk && { node, disk: disk.disk, storeUuid: store };
}
