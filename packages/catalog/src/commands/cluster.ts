import { type CommandOf, done, type Result, refused } from "../command.ts";
import type { Step } from "../state.ts";

/** The first entry of every log. */
export function createCluster(
  step: Step,
  { clusterId, chunkSize, createdAt }: CommandOf<"createCluster">,
): Result<"createCluster"> {
  if (step.state.view.cluster) {
    return refused("cluster/exists", `cluster ${step.state.view.cluster.clusterId} exists`);
  }
  const none = { familiesGiven: 0, familiesSkipped: [], rebalancing: "auto" } as const;
  step.put({ kind: "cluster", record: { clusterId, chunkSize, createdAt, ...none } });
  return done(null);
}

/** Moves that are under way come to their end, whatever is set. */
export function setRebalancing(
  step: Step,
  { rebalancing }: CommandOf<"setRebalancing">,
): Result<"setRebalancing"> {
  const { cluster } = step.state.view;
  if (!cluster) return refused("catalog/refused", "the cluster is not created yet");
  if (cluster.rebalancing !== rebalancing) {
    step.put({ kind: "cluster", record: { ...cluster, rebalancing } });
  }
  return done(null);
}
