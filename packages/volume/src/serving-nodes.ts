// Which storage nodes may still do what a former process of a gateway sent them (P9): those that are up,
// and those that the catalog calls down and has left in charge of a chunk, because no other member of it is
// in sync. Such a node may only have lost its way to the metadata service.
import type { CatalogView } from "@ashlar/catalog";
import type { NodeId } from "@ashlar/core";

export function servingNodes(view: Pick<CatalogView, "nodes" | "chunks">): readonly NodeId[] {
  const nodes = [...view.nodes.values()];
  const up = nodes.filter(({ state }) => state === "up").map(({ node }) => node);
  if (up.length === nodes.length) return up;
  return [...new Set([...up, ...view.chunks.leaders()])];
}
