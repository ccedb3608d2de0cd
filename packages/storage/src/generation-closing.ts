// Answers the metadata service when this process has closed a generation of a volume. Closing is what
// the mirror does: from the moment it has heard of a change, nothing older is admitted for any chunk. So
// there is nothing to do but to wait for the mirror, and to be the process that is meant.
import { type NodeId, SystemError } from "@ashlar/core";
import type { CatalogClient, GenerationToClose } from "@ashlar/rpc";
import type { ReplicaMap } from "./replica-map.ts";

export interface GenerationClosingDeps {
  readonly node: NodeId;
  readonly client: Pick<CatalogClient, "reachedIndex">;
  readonly replicas: Pick<ReplicaMap, "incarnation" | "generations" | "configsTold">;
}

/**
 * Resolves when no operation of the generation is admitted here, nor in an epoch that was replaced
 * before the entry: what this process leads by then, it has promised.
 * @throws SystemError node/superseded: another process is meant, or this one has yet to hear of its
 * incarnation; volume/not-fenced.
 */
export async function closeGeneration(
  { node, client, replicas }: GenerationClosingDeps,
  { family, generation, incarnation, index }: GenerationToClose,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  await client.reachedIndex(index, { signal });
  // A replica that has yet to hear of its chunk's new epoch would take in what the old primary sends.
  await replicas.configsTold();
  if (replicas.incarnation !== incarnation) {
    throw new SystemError("node/superseded", `${node} runs as ${replicas.incarnation}`);
  }
  if (replicas.generations.isClosed(family, generation)) return;
  throw new SystemError("volume/not-fenced", `generation ${generation} is in force`);
}
