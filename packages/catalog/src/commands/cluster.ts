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
  const none = { familiesGiven: 0, familiesSkipped: [] };
  step.put({ kind: "cluster", record: { clusterId, chunkSize, createdAt, ...none } });
  return done(null);
}
