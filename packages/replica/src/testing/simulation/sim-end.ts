// What must hold when a simulation has come to its end: everything healed and read once.
import type { SimCatalog } from "./sim-catalog.ts";
import { SIM_CHUNK_SIZE, type SimClients } from "./sim-clients.ts";
import { type SimNode, windowsOf } from "./sim-node.ts";

/** P15: all replicas are equal, and their windows (P10). P6: every sector has an explanation. */
export function checkEnd(
  nodes: readonly SimNode[],
  { clients, catalog }: { readonly clients: SimClients; readonly catalog: SimCatalog },
  describe: () => string,
): void {
  const extents = SIM_CHUNK_SIZE / (64 * 1024);
  const digests = new Set(nodes.map(({ store }) => store.digest(extents)));
  if (digests.size > 1) throw new Error(`P15: replicas differ: ${describe()}`);
  const isDead = (gateway: number) => catalog.isDeadGateway(gateway, catalog.index);
  const windows = new Set(nodes.map((node) => windowsOf(node, isDead)));
  if (windows.size > 1) throw new Error(`P10: windows differ: ${[...windows].join(" ")}`);
  const found = clients.findInexplicable();
  if (found) {
    throw new Error(`P6: sector ${found.sector} has no explanation: ${JSON.stringify(found)}`);
  }
}
