// Applies a command to the state: the only way the state changes. Deterministic and total: the same
// commands give the same state on every member (R8, R9), and what cannot be done is a refusal that
// changes nothing.
import { type CommandKind, type CommandOf, type Refusal, type Result, refused } from "./command.ts";
import { createCluster, setAdvice, setCopySpeed, setRebalancing } from "./commands/cluster.ts";
import { addMembers, dropMembers } from "./commands/copies.ts";
import { drainGateway, gatewayDown, gatewayUp } from "./commands/gateway.ts";
import {
  abortChange,
  advanceGeneration,
  commitChange,
  prepareChange,
} from "./commands/generation.ts";
import { beginTerm, reportHash } from "./commands/group.ts";
import { createHost, deleteHost, setHost } from "./commands/host.ts";
import { addToIsr } from "./commands/isr.ts";
import { memberExpected, memberJoined, memberRemoved } from "./commands/member.ts";
import { nodeDown, nodeUp, retireStore, storeDown } from "./commands/node.ts";
import { movePrimaries } from "./commands/primary.ts";
import { replaceMembers } from "./commands/replacement.ts";
import { prepareReservation } from "./commands/reservation.ts";
import { leaveStore, removeNode, setNodeService } from "./commands/service.ts";
import { openSession } from "./commands/session.ts";
import { keepSlowDisks, setSlow } from "./commands/slow.ts";
import {
  abortVolume,
  beginVolume,
  deleteVolume,
  extendVolume,
  finishVolume,
  setReplicas,
} from "./commands/volume.ts";
import type { Proposal } from "./proposal.ts";
import type { CatalogChange } from "./records.ts";
import { admit } from "./sessions.ts";
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
  retireStore,
  setNodeService,
  removeNode,
  leaveStore,
  setSlow,
  keepSlowDisks,
  setRebalancing,
  setCopySpeed,
  setAdvice,
  gatewayUp,
  gatewayDown,
  drainGateway,
  beginVolume,
  extendVolume,
  finishVolume,
  abortVolume,
  deleteVolume,
  advanceGeneration,
  prepareChange,
  prepareReservation,
  commitChange,
  abortChange,
  createHost,
  setHost,
  deleteHost,
  addToIsr,
  movePrimaries,
  replaceMembers,
  addMembers,
  dropMembers,
  setReplicas,
  openSession,
  beginTerm,
  memberExpected,
  memberJoined,
  memberRemoved,
  reportHash,
};

const NO_CLUSTER: Refusal = refused("catalog/refused", "the cluster is not created yet");
/** What the group does for itself, and the command that ends this state of affairs. */
const BEFORE_THE_CLUSTER: ReadonlySet<CommandKind> = new Set([
  "createCluster",
  "openSession",
  "beginTerm",
  "reportHash",
]);

/** Applies entry `index`, which holds `command`. */
export function apply<K extends CommandKind>(
  state: CatalogState,
  command: CommandOf<K>,
  index: number,
): Applied<K> {
  const step = new Step(state, index);
  const run = APPLY[command.kind] as (step: Step, command: CommandOf<K>) => Result<K>;
  const result: Result<K> =
    state.view.cluster || BEFORE_THE_CLUSTER.has(command.kind) ? run(step, command) : NO_CLUSTER;
  state.view.apply([], index);
  return { changes: step.changes, result };
}

/** Applies entry `index`, which holds `proposal`: within a session it takes effect once (R10). */
export function applyProposal(
  state: CatalogState,
  { id, command }: Proposal,
  index: number,
): Applied {
  if (!id) return apply(state, command, index);
  const admission = admit(state.sessions, id, command.kind, index);
  if (admission.kind !== "new") {
    state.view.apply([], index);
    const result = admission.kind === "answered" ? admission.result : admission;
    return { changes: [], result };
  }
  const applied: Applied = apply(state, command, index);
  admission.session.results.set(id.sequence, { kind: command.kind, result: applied.result });
  return applied;
}
