// How the chunks of a catalog stand, for status and metrics: one pass, no record per chunk.
import { type FamilyId, type NodeId, present } from "@ashlar/core";
import type { CatalogMirror } from "./mirror.ts";

export interface ChunkCount {
  readonly chunks: number;
  /** Fewer replicas in sync than the volume wants. */
  readonly degradedChunks: number;
  /** Led by a process that is down: no replica in sync is up. */
  readonly unavailableChunks: number;
  readonly resyncChunks: number;
}

export interface NodeChunkCount {
  readonly chunks: number;
  readonly primaries: number;
  /** Not in sync here. */
  readonly degradedChunks: number;
  /** Learning here. */
  readonly resyncChunks: number;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Counts of the given families, by default of all volumes. */
export function countChunks(
  view: CatalogMirror,
  families: readonly FamilyId[] = [...view.volumes.values()].map(({ family }) => family),
): ChunkCount {
  const count: Writable<ChunkCount> = {
    chunks: 0,
    degradedChunks: 0,
    unavailableChunks: 0,
    resyncChunks: 0,
  };
  const replicas = new Map([...view.volumes.values()].map((one) => [one.family, one.replicas]));
  for (const family of families) {
    const wanted = replicas.get(family) ?? 0;
    view.chunks.scan(family, (row) => {
      const leader = view.nodes.get(row.primary.node);
      count.chunks += 1;
      if (row.isrCount < wanted) count.degradedChunks += 1;
      if (leader?.state !== "up" || leader.incarnation !== row.primaryIncarnation) {
        count.unavailableChunks += 1;
      }
      if (row.learnerCount > 0) count.resyncChunks += 1;
    });
  }
  return count;
}

/** Counts per node that holds a replica. */
export function countByNode(view: CatalogMirror): ReadonlyMap<NodeId, NodeChunkCount> {
  const counts = new Map<NodeId, Writable<NodeChunkCount>>();
  const of = (node: NodeId): Writable<NodeChunkCount> => {
    const found = counts.get(node);
    if (found) return found;
    const fresh = { chunks: 0, primaries: 0, degradedChunks: 0, resyncChunks: 0 };
    counts.set(node, fresh);
    return fresh;
  };
  for (const { family } of view.volumes.values()) {
    view.chunks.scan(family, (row) => {
      const { members, primary } = row;
      of(primary.node).primaries += 1;
      for (let slot = 0; slot < members.length; slot += 1) {
        const role = row.roleAt(slot);
        const count = of(present(members[slot], "within the list").node);
        count.chunks += 1;
        if (role !== "isr") count.degradedChunks += 1;
        if (role === "learner") count.resyncChunks += 1;
      }
    });
  }
  return counts;
}
