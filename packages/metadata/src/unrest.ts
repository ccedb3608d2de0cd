// Why nothing that is only recommended is done by itself now: what is under way comes first, and may change what there
// is to recommend.
import { type CatalogMirror, isEmptied } from "@ashlar/catalog";

/** Whether copies are still on what is to be emptied. */
export const isBeingEmptied = ({
  nodes,
  chunks,
}: Pick<CatalogMirror, "nodes" | "chunks">): boolean =>
  [...nodes.values()].some((record) =>
    record.disks.some(
      (disk) => isEmptied(record, disk) && chunks.load({ node: record.node, ...disk }).replicas > 0,
    ),
  );

/** In words; undefined: the cluster is at rest. */
export function unrestOf(
  view: Pick<CatalogMirror, "nodes" | "chunks">,
  {
    plannedMoves,
    pathsAreWhole,
  }: {
    /** Copies that are still to move so that they are spread evenly. */
    readonly plannedMoves: number;
    /** Whether all who live hear each other. */
    readonly pathsAreWhole: boolean;
  },
): string | undefined {
  const { nodes, chunks } = view;
  const reasons: readonly (readonly [holds: boolean, why: string])[] = [
    [[...nodes.values()].some(({ state }) => state === "down"), "a node is down"],
    [!pathsAreWhole, "some processes do not hear each other"],
    [chunks.short > 0, "copies are missing"],
    [isBeingEmptied(view), "a node or disk is being emptied"],
    [chunks.learning + plannedMoves > 0, "copies are being moved"],
  ];
  return reasons.find(([holds]) => holds)?.[1];
}
