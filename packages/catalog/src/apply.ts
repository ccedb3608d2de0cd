// Applies a command to the state: the only way the state changes. Deterministic and total: the same
// commands give the same state on every member (R8, R9), and what cannot be done is a refusal that
// changes nothing.
import {
  type Command,
  type CommandKind,
  type CommandOf,
  type Refusal,
  type Result,
  refused,
} from "./command.ts";
import { createCluster } from "./commands/cluster.ts";
import { gatewayDown, gatewayUp } from "./commands/gateway.ts";
import { addToIsr } from "./commands/isr.ts";
import { nodeDown, nodeUp, storeDown } from "./commands/node.ts";
import {
  abortVolume,
  beginVolume,
  deleteVolume,
  extendVolume,
  finishVolume,
} from "./commands/volume.ts";
import type { CatalogChange } from "./records.ts";
import { type CatalogState, Step } from "./state.ts";

export interface Applied<K extends CommandKind = CommandKind> {
  readonly changes: readonly CatalogChange[];
  readonly result: Result<K>;
}

const APPLY: { readonly [K in CommandKind]: (step: Step, command: CommandOf<K>) => Result<K> } = {
  createCluster,
  nodeUp,
  nodeDown,
  storeDown,
  gatewayUp,
  gatewayDown,
  beginVolume,
  extendVolume,
  finishVolume,
  abortVolume,
  deleteVolume,
  addToIsr,
};

const NO_CLUSTER: Refusal = refused("catalog/refused", "the cluster is not created yet");

/** Applies entry `index`, which holds `command`. */
export function apply<K extends CommandKind>(
  state: CatalogState,
  command: CommandOf<K>,
  index: number,
): Applied<K> {
  const step = new Step(state);
  const run = APPLY[command.kind] as (step: Step, command: CommandOf<K>) => Result<K>;
  const result: Result<K> =
    state.view.cluster || (command as Command).kind === "createCluster"
      ? run(step, command)
      : NO_CLUSTER;
  state.view.apply([], index);
  return { changes: step.changes, result };
}
