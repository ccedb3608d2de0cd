// What people want of nodes and stores: that they take part, are emptied, may be away for a while, or go for good.
import type { NodeId } from "@ashlar/core";
import { isSole, memberOn } from "../chunk-config.ts";
import { type CommandOf, done, type Refusal, type Result, refused } from "../command.ts";
import type { Step } from "../state.ts";
import { storeDown } from "./node.ts";

const noNode = (node: NodeId): Refusal =>
  refused("node/not-found", `no storage node is called "${node}"`, "see `ashlar node list`");

export function setNodeService(
  step: Step,
  { node, service }: CommandOf<"setNodeService">,
): Result<"setNodeService"> {
  const known = step.state.view.nodes.get(node);
  if (!known) return noNode(node);
  if (known.service !== service) step.put({ kind: "node", record: { ...known, service } });
  return done(null);
}

/** By what the catalog knows when it is applied: what moved there since somebody looked keeps the node. */
export function removeNode(
  step: Step,
  { node, lost }: CommandOf<"removeNode">,
): Result<"removeNode"> {
  const { view } = step.state;
  const known = view.nodes.get(node);
  if (!known) return noNode(node);
  if (known.state === "up") {
    return refused("node/needed", `${node} is up`, "stop its process first, then remove it");
  }
  let copies = 0;
  let sole = 0;
  view.chunks.eachOn(node, (config) => {
    copies += 1;
    if (isSole(config, memberOn(config, node).storeUuid)) sole += 1;
  });
  if (sole > 0) {
    const hint = "start it again, or delete the volumes that have one copy";
    return refused("node/needed", `${node} has the only copy in sync of ${sole} chunks`, hint);
  }
  if (copies > 0 && !lost) {
    const hint = "drain it first; if it is lost, --lost makes its copies elsewhere";
    return refused("node/needed", `${copies} chunks have a copy on ${node}`, hint);
  }
  for (const { storeUuid } of known.disks) storeDown(step, { kind: "storeDown", store: storeUuid });
  step.put({ kind: "nodeRemoved", node });
  return done(null);
}

export function leaveStore(
  step: Step,
  { store, leaving }: CommandOf<"leaveStore">,
): Result<"leaveStore"> {
  const { view, retired, leaving: stores } = step.state;
  if (retired.has(store)) return refused("disk/failed", "the disk is out of use already");
  const from = leaving ? "up" : "leaving";
  const to = leaving ? "leaving" : "up";
  const holders = [...view.nodes.values()]
    .filter(({ disks }) => disks.some((disk) => disk.storeUuid === store))
    .sort((a, b) => (a.node < b.node ? -1 : 1));
  if (holders.length === 0) return refused("catalog/refused", `no node has store ${store}`);
  if (leaving) stores.add(store);
  else stores.delete(store);
  for (const holder of holders) {
    const disks = holder.disks.map((disk) =>
      disk.storeUuid === store && disk.state === from ? ({ ...disk, state: to } as const) : disk,
    );
    if (disks.some((disk, at) => disk !== holder.disks[at])) {
      step.put({ kind: "node", record: { ...holder, disks } });
    }
  }
  return done(null);
}
