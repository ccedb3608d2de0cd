// Where the processes of a lab are: together on this machine, with ports that nothing else uses, or each
// on a host of its own, where every port is free and all can have the same.
import type { Random } from "@ashlar/runtime";
import type { PortalAddress } from "./addresses.ts";
import { isolatedHosts } from "./isolation.ts";
import type { LabDocument, LabProcess } from "./lab-file.ts";
import { INTERNAL_HOST } from "./lab-paths.ts";
import { ISCSI_PORT, PortPicker } from "./ports.ts";

export interface Site {
  /** Whether processes share this machine's addresses. */
  readonly shared: boolean;
  /** Address of a process's gRPC and metrics. */
  host(process: Pick<LabProcess, "kind" | "id">): string;
  /** In further networks. */
  otherHosts(process: Pick<LabProcess, "kind" | "id">): readonly string[];
  internal(use: keyof typeof ISOLATED_PORTS): Promise<number>;
  /** `host`: that of the gateway. @throws SystemError config/port-in-use for a port given explicitly. */
  portal(listen: PortalAddress, host: string): Promise<Required<PortalAddress>>;
  /** Of a portal that hosts are sent to, beside the one that they know. */
  privatePortal(listen: PortalAddress, host: string): Promise<Required<PortalAddress>>;
}

/** Of a node that takes operations and replication at addresses of their own. */
export const DATA_PORT = 7_003;
const ISOLATED_PORTS = { grpc: 7_001, metrics: 7_002 } as const;

/** All on loopback, except for the portals; `taken`: ports of processes that are there already. */
export function sharedSite(
  dependencies: { readonly random: Random },
  taken: Iterable<number>,
): Site {
  const ports = new PortPicker(dependencies, taken);
  return {
    shared: true,
    host: () => INTERNAL_HOST,
    otherHosts: () => [],
    internal: () => ports.internal(INTERNAL_HOST),
    portal: async ({ host, port }) => ({ host, port: await ports.portal(host, port) }),
    privatePortal: async ({ host }) => ({ host, port: await ports.internal(host) }),
  };
}

export function isolatedSite(network: NonNullable<LabDocument["network"]>): Site {
  return {
    shared: false,
    host: (process) => isolatedHosts(network, process)[0],
    otherHosts: (process) => isolatedHosts(network, process).slice(1),
    internal: async (use) => ISOLATED_PORTS[use],
    portal: async (_listen, host) => ({ host, port: ISCSI_PORT }),
    privatePortal: async (_listen, host) => ({ host, port: ISCSI_PORT + 1 }),
  };
}
