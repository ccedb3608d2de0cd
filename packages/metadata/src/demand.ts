// What nodes told of their load, as figures that are compared: one for operations and bytes together, and how busy disks
// are.
import type { CatalogView, NodeDemand } from "@ashlar/catalog";
import { type FamilyId, KIB, type NodeId } from "@ashlar/core";
import type { LoadReport, Measure } from "@ashlar/rpc";
import type { Measures } from "./hot-spots.ts";

/** So many bytes cost about as much as another operation. */
const OPERATION_BYTES = 64 * KIB;

export interface Told {
  readonly node: NodeId;
  readonly load: LoadReport;
}

export const NOTHING: Measures = { node: [], disk: [], volume: [], cluster: [] };

/** One figure for what operations and bytes cost. */
export const demandOf = ({
  operationsPerSecond,
  bytesPerSecond,
}: {
  readonly operationsPerSecond: number;
  readonly bytesPerSecond: number;
}): number => operationsPerSecond + bytesPerSecond / OPERATION_BYTES;

export const demandsOf = ({ node, load }: Told): NodeDemand => ({
  node,
  demand: demandOf(load),
  volumes: new Map(load.volumes.map((volume) => [volume.family, demandOf(volume)])),
});

export function measuresOf(view: CatalogView, told: readonly Told[]): Measures {
  const volumes = new Map<FamilyId, number>();
  const disk: Measure[] = [];
  for (const { node, load } of told) {
    for (const { family, ...rate } of load.volumes) {
      volumes.set(family, (volumes.get(family) ?? 0) + demandOf(rate));
    }
    const busy = new Map(load.stores.map(({ storeUuid, busyShare }) => [storeUuid, busyShare]));
    for (const { disk: name, storeUuid, state } of view.nodes.get(node)?.disks ?? []) {
      if (state !== "up") continue;
      disk.push({ id: `${node}/${name}`, figure: busy.get(storeUuid) ?? 0 });
    }
  }
  const mean = disk.reduce((sum, { figure }) => sum + figure, 0) / Math.max(1, disk.length);
  return {
    node: told.map(({ node, load }) => ({ id: node, figure: demandOf(load) })),
    disk,
    volume: [...volumes].flatMap(([family, figure]) => {
      const id = nameOf(view, family);
      return id === undefined ? [] : [{ id, figure }];
    }),
    cluster: [{ id: "all disks", figure: mean }],
  };
}

export const nameOf = (
  { volumes }: Pick<CatalogView, "volumes">,
  family: FamilyId,
): string | undefined => [...volumes.values()].find((volume) => volume.family === family)?.name;
