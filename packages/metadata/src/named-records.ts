// Nodes, disks and volumes by the names that people give.
import type { CatalogView, DiskRecord, NodeRecord, SlowMark, VolumeRecord } from "@ashlar/catalog";
import { type NodeId, type StoreUuid, SystemError, type VolumeName } from "@ashlar/core";
import type { DiskPlace } from "@ashlar/rpc";

type Nodes = Pick<CatalogView, "nodes">;

/** @throws SystemError node/not-found. */
export function findNode({ nodes }: Nodes, node: NodeId): NodeRecord {
  const record = nodes.get(node);
  if (record) return record;
  throw new SystemError("node/not-found", `no storage node is called "${node}"`, {
    hint: "see `ashlar node list`",
  });
}

/** @throws SystemError node/not-found, disk/not-found. */
export function findDisk(
  view: Nodes,
  { node, disk: name }: DiskPlace,
): { readonly record: NodeRecord; readonly disk: DiskRecord } {
  const record = findNode(view, node);
  const disk = record.disks.find((one) => one.disk === name);
  if (disk) return { record, disk };
  throw new SystemError("disk/not-found", `${node} has no disk "${name}"`, {
    hint: "see `ashlar disk list`",
  });
}

/** @throws SystemError volume/not-found. */
export function findVolume(
  { volumes }: Pick<CatalogView, "volumes">,
  name: VolumeName,
): VolumeRecord {
  const found = [...volumes.values()].find((one) => one.name === name);
  if (found) return found;
  throw new SystemError("volume/not-found", `there is no volume "${name}"`, {
    hint: "see `ashlar volume list`",
  });
}

/** A disk that is out of the way. */
export interface NamedSlowDisk extends DiskPlace {
  readonly storeUuid: StoreUuid;
  readonly slow: SlowMark;
}

/** In order of their names. */
export const slowDisksOf = (nodes: Iterable<NodeRecord>): readonly NamedSlowDisk[] =>
  [...nodes]
    .flatMap(({ node, disks }) =>
      disks.flatMap(({ disk, storeUuid, slow }) => (slow ? [{ node, disk, storeUuid, slow }] : [])),
    )
    .sort((a, b) => (`${a.node}/${a.disk}` < `${b.node}/${b.disk}` ? -1 : 1));
