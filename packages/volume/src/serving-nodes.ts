// Which storage nodes may still do what a former process of a gateway sent them (P9): those that are up,
// and those that the catalog calls down and has left in charge of a chunk, because no other member of it is
// in sync. Such a node may only have lost its way to the metadata service.
import type { CatalogView } from "@ashlar/catalog";
import type { NodeId } from "@ashlar/core";

export function servingNodes(
  view: Pick<CatalogView, "nodes" | "volumes" | "chunksOf">,
): readonly NodeId[] {
  const nodes = [...view.nodes.values()];
  const up = nodes.filter(({ state }) => state === "up").map(({ node }) => node);
  if (up.length === nodes.length) return up;
  const serving = new Set(up);
  for (const { family } of view.volumes.values()) {
    for (const { primary } of view.chunksOf(family)) serving.add(primary.node);
  }
  return [...serving];
}
