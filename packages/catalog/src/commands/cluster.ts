// The cluster as a whole: made once, and what is set for all of it.
import { formatSize } from "@ashlar/core";
import { type CommandOf, done, type Result, refused } from "../command.ts";
import { COPY_FLOOR, DEFAULT_COPY_SPEED, LATENCY_TARGET_MS } from "../records.ts";
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
  const set = { copySpeed: DEFAULT_COPY_SPEED, advice: "manual" } as const;
  step.put({ kind: "cluster", record: { clusterId, chunkSize, createdAt, ...none, ...set } });
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

/** In force wherever it is heard; how fast copies are now changes within a second. */
export function setCopySpeed(
  step: Step,
  { latencyTargetMs, floorBytesPerSecond }: CommandOf<"setCopySpeed">,
): Result<"setCopySpeed"> {
  const { cluster } = step.state.view;
  if (!cluster) return refused("catalog/refused", "the cluster is not created yet");
  if (!isWithin(LATENCY_TARGET_MS, latencyTargetMs)) {
    const { min, max } = LATENCY_TARGET_MS;
    return refused("argument/invalid", `the latency target must be ${min} to ${max} ms`);
  }
  if (!isWithin(COPY_FLOOR, floorBytesPerSecond)) {
    const { min, max } = COPY_FLOOR;
    const range = `${formatSize(min)}/s to ${formatSize(max)}/s`;
    return refused("argument/invalid", `the floor must be ${range}`);
  }
  step.put({
    kind: "cluster",
    record: { ...cluster, copySpeed: { latencyTargetMs, floorBytesPerSecond } },
  });
  return done(null);
}

/** Heeded by whoever leads, from its next look on. */
export function setAdvice(step: Step, { advice }: CommandOf<"setAdvice">): Result<"setAdvice"> {
  const { cluster } = step.state.view;
  if (!cluster) return refused("catalog/refused", "the cluster is not created yet");
  if (cluster.advice !== advice) step.put({ kind: "cluster", record: { ...cluster, advice } });
  return done(null);
}

const isWithin = ({ min, max }: { readonly min: number; readonly max: number }, value: number) =>
  value >= min && value <= max;
