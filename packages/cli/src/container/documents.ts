// The configuration files of a container: that of its one role and that of its supervisor. Pure.
import { SUPERVISOR_CONFIG_VERSION, type SupervisorConfig } from "@ashlar/supervisor";
import {
  DATA_PORT,
  GRPC_PORT,
  grpcAddress,
  ISCSI_PORT,
  METRICS_PORT,
  type Settings,
} from "./settings.ts";

/** Folders of the image. Those that must outlive a container are volumes. */
export const FOLDERS = {
  /** Of all containers together: which cluster they are. */
  cluster: "/cluster",
  /** What a metadata member keeps. */
  data: "/var/lib/ashlar",
  /** One folder for each disk of a storage node. */
  disks: "/disks",
  /** Of this container's life. */
  run: "/run/ashlar",
} as const;

/**
 * All interfaces: one that is taken away and given back, as a network that is cut, must not cost the
 * process its sockets.
 */
const ANY_HOST = "0.0.0.0";

const storageDisks = (disks: number, sizeBytes: number): object[] =>
  Array.from({ length: disks }, (_, index) => {
    const diskId = `disk-${index + 1}`;
    return { diskId, path: `${FOLDERS.disks}/${diskId}/store`, sizeBytes };
  });

function ownFields(settings: Settings): object {
  const metadata = settings.members.map(({ address }) => address);
  const listen = `${ANY_HOST}:${GRPC_PORT}`;
  switch (settings.role) {
    case "metadata":
      return {
        dataDir: FOLDERS.data,
        listen,
        advertise: grpcAddress(settings.host),
        members: settings.members,
      };
    case "storage":
      return {
        metadata,
        listen,
        advertise: grpcAddress(settings.host),
        ...(settings.dataHost !== undefined && {
          data: { listen: `${ANY_HOST}:${DATA_PORT}`, advertise: settings.dataHost },
        }),
        // Beside the first store: a node that loses this knows its stores again by what they say.
        dataDir: `${FOLDERS.disks}/disk-1/node`,
        disks: storageDisks(settings.disks, settings.diskBytes),
      };
    case "gateway": {
      const { advertise, tpgt } = settings;
      return { metadata, portals: [{ listen: `${ANY_HOST}:${ISCSI_PORT}`, advertise, tpgt }] };
    }
  }
}

/** What `ashlar ROLE --config` reads. */
export const roleDocument = (settings: Settings, clusterId: string): object => ({
  nodeId: settings.id,
  clusterId,
  logLevel: settings.logLevel,
  metrics: { host: ANY_HOST, port: METRICS_PORT },
  ...ownFields(settings),
});

export const CONFIG_PATHS = {
  role: `${FOLDERS.run}/role.json`,
  supervisor: `${FOLDERS.run}/supervisor.json`,
} as const;

/** What `ashlar supervise --config` reads. */
export const supervisorDocument = (settings: Settings, clusterId: string): SupervisorConfig => ({
  version: SUPERVISOR_CONFIG_VERSION,
  clusterId,
  metadata: settings.members.map(({ address }) => address),
  socketPath: `${FOLDERS.run}/supervisor.sock`,
  statePath: `${FOLDERS.run}/supervisor-state.json`,
  // Without a log file of its own: what it says is the container's output.
  processes: [{ id: settings.id, kind: settings.role, configPath: CONFIG_PATHS.role }],
});
