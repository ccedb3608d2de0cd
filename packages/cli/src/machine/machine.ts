// What one machine of a cluster runs, and the configuration files that say so: a storage node, a gateway, a metadata
// member, each with an id made of the machine's name, and a supervisor that keeps them running. Pure.
import { join } from "node:path";
import type { ClusterId } from "@ashlar/core";
import { SUPERVISOR_CONFIG_VERSION, type SupervisorConfig } from "@ashlar/supervisor";

/** A free port and those after it: metadata, storage, the metrics of metadata, storage and gateway, and data. */
export const BASE_PORT_DEFAULT = 7_001;
export const ISCSI_PORT_DEFAULT = 3_260;

export interface Member {
  readonly nodeId: string;
  /** host:port. */
  readonly address: string;
}

export interface MachineDisk {
  /** A file, or a block device. */
  readonly path: string;
  readonly sizeBytes: number;
}

export interface Machine {
  readonly clusterId: ClusterId;
  /** Ends the id of each process: `storage-east-1`. */
  readonly name: string;
  /** Folder of all its files. */
  readonly dir: string;
  /** Where the other machines reach it: an address without a port, or one in each of several networks with commas between. */
  readonly host: string;
  /** Where operations and replication of the storage node come in, as `host` is given; absent: there. */
  readonly dataHost?: string | undefined;
  readonly basePort: number;
  /** The metadata members of the cluster, this machine's among them if it has one. */
  readonly members: readonly Member[];
  readonly hasMember: boolean;
  /** None: it runs no storage node. */
  readonly disks: readonly MachineDisk[];
  /** What fails together with it, such as a rack. */
  readonly zone: string;
  /** Absent: it runs no gateway. */
  readonly portal?: { readonly address: string; readonly tpgt: number };
}

export type MachineRole = "metadata" | "storage" | "gateway";

const PORT_OFFSETS = { metadata: 0, storage: 1, data: 5 } as const;
const METRICS_OFFSETS: Readonly<Record<MachineRole, number>> = {
  metadata: 2,
  storage: 3,
  gateway: 4,
};

export const processId = (role: MachineRole, name: string): string => `${role}-${name}`;

/** host:port, IPv6 in brackets. */
export const hostPort = (host: string, port: number): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;

/** The hosts of a machine, the preferred one first. */
export const hostsOf = ({ host }: Pick<Machine, "host">): readonly [string, ...string[]] => {
  const [first = host, ...others] = host.split(",");
  return [first, ...others];
};

/** host:port at which the gRPC server of a role is reached, in each network. */
export const addressOf = (
  machine: Pick<Machine, "host" | "basePort">,
  role: keyof typeof PORT_OFFSETS,
): string =>
  hostsOf(machine)
    .map((host) => hostPort(host, machine.basePort + PORT_OFFSETS[role]))
    .join(",");

export const machinePaths = (dir: string) => ({
  /** What the machine is; written last, so that all else is there. */
  note: join(dir, "machine.json"),
  supervisorConfig: join(dir, "supervisor.json"),
  supervisorState: join(dir, "supervisor-state.json"),
  socket: join(dir, "supervisor.sock"),
  configOf: (id: string): string => join(dir, `${id}.json`),
  dataOf: (id: string): string => join(dir, id),
});

export function rolesOf({ hasMember, disks, portal }: Machine): readonly MachineRole[] {
  const runs: Readonly<Record<MachineRole, boolean>> = {
    metadata: hasMember,
    storage: disks.length > 0,
    gateway: portal !== undefined,
  };
  return (Object.keys(runs) as MachineRole[]).filter((role) => runs[role]);
}

function roleFields(machine: Machine, role: MachineRole): object {
  const metadata = machine.members.map(({ address }) => address);
  const dataDir = machinePaths(machine.dir).dataOf(processId(role, machine.name));
  switch (role) {
    case "metadata":
      return { dataDir, listen: addressOf(machine, role), members: machine.members };
    case "storage": {
      const listen = addressOf(machine, role);
      const disks = machine.disks.map((disk, at) => ({ diskId: `disk-${at + 1}`, ...disk }));
      const { dataHost: host, basePort, zone } = machine;
      const data = host && { data: { listen: addressOf({ host, basePort }, "data") } };
      return { metadata, listen, advertise: listen, ...data, dataDir, zone, disks };
    }
    case "gateway": {
      const { address = "", tpgt } = machine.portal ?? {};
      return { metadata, portals: [{ listen: address, advertise: address, tpgt }] };
    }
  }
}

/** What `ashlar ROLE --config` reads. */
export const roleDocument = (machine: Machine, role: MachineRole): object => ({
  nodeId: processId(role, machine.name),
  clusterId: machine.clusterId,
  logLevel: "info",
  metrics: { host: hostsOf(machine)[0], port: machine.basePort + METRICS_OFFSETS[role] },
  ...roleFields(machine, role),
});

/** What `ashlar supervise --config` reads. */
export function supervisorDocument(machine: Machine): SupervisorConfig {
  const paths = machinePaths(machine.dir);
  return {
    version: SUPERVISOR_CONFIG_VERSION,
    clusterId: machine.clusterId,
    metadata: machine.members.map(({ address }) => address),
    socketPath: paths.socket,
    statePath: paths.supervisorState,
    processes: rolesOf(machine).map((role) => {
      const id = processId(role, machine.name);
      return { id, kind: role, configPath: paths.configOf(id) };
    }),
  };
}
