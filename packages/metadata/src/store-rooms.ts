// What is on each store, as its node told with its newest ping.
import type { StoreRoom } from "@ashlar/catalog";
import type { NodeId, StoreUuid } from "@ashlar/core";
import type { StorageReport } from "@ashlar/rpc";

/** Of the stores that work. */
export function storeRooms(
  nodes: Iterable<NodeId>,
  reportOf: (node: NodeId) => StorageReport | undefined,
): ReadonlyMap<StoreUuid, StoreRoom> {
  const rooms = new Map<StoreUuid, StoreRoom>();
  for (const node of nodes) {
    for (const { storeUuid, state, sizeBytes, freeBytes } of reportOf(node)?.disks ?? []) {
      if (state === "up") rooms.set(storeUuid, { freeBytes, usedBytes: sizeBytes - freeBytes });
    }
  }
  return rooms;
}
