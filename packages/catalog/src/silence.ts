// What follows from the silence of nodes: who counts as living, and whether a node that is down is in sync with
// chunks which others could serve without it.
import type { NodeId } from "@ashlar/core";
import type { ChunkRow } from "./chunk-row.ts";
import type { CatalogMirror } from "./mirror.ts";

export type Lives = (node: NodeId) => boolean;

/** Nodes that are up and not among those that may be silent too. */
export function livingNodes({ nodes }: CatalogMirror, unheard: Iterable<NodeId>): Lives {
  const living = new Set<NodeId>();
  for (const { node, state } of nodes.values()) if (state === "up") living.add(node);
  for (const node of unheard) living.delete(node);
  return (node) => living.has(node);
}

/** Whether some chunk waits for a node that does not live, though another member in sync lives. */
export function isWaitedForInVain({ chunks }: CatalogMirror, node: NodeId, lives: Lives): boolean {
  const waits = (row: ChunkRow): boolean => row.isInSyncOn(node) && livesInSync(row, node, lives);
  return chunks.families().some((family) => chunks.some(family, waits));
}

function livesInSync(row: ChunkRow, except: NodeId, lives: Lives): boolean {
  const { members } = row;
  for (let slot = 0; slot < members.length; slot += 1) {
    const node = members[slot]?.node;
    if (node === undefined || node === except || row.roleAt(slot) !== "isr") continue;
    if (lives(node)) return true;
  }
  return false;
}
