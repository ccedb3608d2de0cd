// Whether a cluster is whole: every process up, every chunk with all its copies in sync and none being made. That is
// what a drill begins with, waits for after a fault, and what whoever stops the next process has to wait for.
import { toSystemError } from "@ashlar/core";
import type { ClusterStatus, NodeStatus } from "@ashlar/rpc";
import { type Clock, sleep } from "@ashlar/runtime";
import type { DrillAdmin } from "../site/drill-site.ts";

/** Entries that a member may be behind the leader and still be in step: what is under way. */
const LAG_MAX = 64;

export interface ClusterState {
  readonly status: ClusterStatus;
  readonly nodes: readonly NodeStatus[];
}

/** What keeps a cluster from being whole, one line each; empty when it is. Pure. */
export function missingFrom({ status }: Pick<ClusterState, "status">): string[] {
  const { storage, gateways, metadata, degradedChunks, unavailableChunks, resyncChunks } = status;
  const down = [...storage, ...gateways, ...metadata].filter(({ state }) => state === "down");
  const counts: readonly (readonly [count: number, text: string])[] = [
    [unavailableChunks, "without any copy that can be reached"],
    [degradedChunks, "with fewer copies in sync than wanted"],
    [resyncChunks, "with a copy that is being made"],
  ];
  return [
    ...down.map(({ id }) => `${id} is down`),
    ...metadata
      .filter(({ lag, state }) => state === "up" && lag > LAG_MAX)
      .map(({ id, lag }) => `${id} is ${lag} entries behind`),
    ...counts.filter(([count]) => count > 0).map(([count, text]) => `${count} chunks ${text}`),
  ];
}

export interface WholenessOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly pollMs: number;
  /** So long it must be seen whole without a break: a death is not noticed in the same moment. */
  readonly steadyMs: number;
  /** Told what is waited for. */
  readonly tell?: (line: string) => void;
}

export interface Wholeness {
  /** When it was first seen whole of the time that counts, of the clock; undefined: not in time. */
  readonly atMs: number | undefined;
  /** What was missing when the time was over; empty when it became whole. */
  readonly missing: readonly string[];
}

/** The gate: resolves when the cluster is whole, or when the time is over. @throws the signal's reason. */
export async function untilWhole(
  { admin, clock }: { readonly admin: Pick<DrillAdmin, "clusterStatus">; readonly clock: Clock },
  { signal, timeoutMs, pollMs, steadyMs, tell }: WholenessOptions,
): Promise<Wholeness> {
  const deadlineMs = clock.nowMs() + timeoutMs;
  let sinceMs: number | undefined;
  for (;;) {
    const missing = await askMissing(admin, { signal });
    const nowMs = clock.nowMs();
    if (missing.length > 0) tell?.(`waiting: ${missing.join(", ")}`);
    sinceMs = missing.length > 0 ? undefined : (sinceMs ?? nowMs);
    if (sinceMs !== undefined && nowMs - sinceMs >= steadyMs) return { atMs: sinceMs, missing: [] };
    if (nowMs >= deadlineMs) return { atMs: undefined, missing };
    await sleep(clock, pollMs, { signal });
  }
}

async function askMissing(
  admin: Pick<DrillAdmin, "clusterStatus">,
  { signal }: { readonly signal: AbortSignal },
): Promise<string[]> {
  try {
    return missingFrom({ status: await admin.clusterStatus({ signal }) });
  } catch (thrown) {
    signal.throwIfAborted();
    return [`the metadata service does not answer: ${toSystemError(thrown).message}`];
  }
}
