// The configuration files of a lab's processes and of its supervisor, made from `lab.json`.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SUPERVISOR_CONFIG_VERSION, type SupervisorConfig } from "@ashlar/supervisor";
import { formatAddress } from "./addresses.ts";
import { networkOf } from "./isolation.ts";
import {
  type GatewayProcess,
  isMetadata,
  type LabDocument,
  type LabProcess,
  type MetadataProcess,
  type StorageProcess,
} from "./lab-file.ts";
import { labPaths } from "./lab-paths.ts";
import { DATA_PORT } from "./site.ts";

type Reached = Pick<MetadataProcess | StorageProcess, "host" | "otherHosts" | "port">;

/** host:port of a metadata member or storage node, in each of its networks. */
export const memberAddress = ({ host, otherHosts = [], port }: Reached): string =>
  [host, ...otherHosts].map((one) => formatAddress(one, port)).join(",");

/** host:port of the metadata members: the cluster's admin addresses. */
export const adminAddresses = (lab: LabDocument): string[] =>
  lab.processes.filter(isMetadata).map(memberAddress);

function metadataConfig(dir: string, lab: LabDocument, process: MetadataProcess): object {
  return {
    dataDir: labPaths(dir).dataOf(process.id),
    listen: memberAddress(process),
    members: lab.processes
      .filter(isMetadata)
      .map((member) => ({ nodeId: member.id, address: memberAddress(member) })),
    chunkSize: lab.chunkSize,
  };
}

/** The disks of a storage node with the files they lie on. */
export const storageDisks = (dataDir: string, { disks }: Pick<StorageProcess, "disks">) =>
  disks.map(({ mirrored, ...disk }) => ({
    ...disk,
    path: join(dataDir, disk.diskId),
    ...(mirrored && { mirrorPath: join(dataDir, `${disk.diskId}-mirror`) }),
  }));

/** In all of a node's networks, the one for data first; ports are those of the isolated. */
function dataListen(
  { network }: LabDocument,
  { host, otherHosts = [] }: StorageProcess,
): { readonly data?: object } {
  if (network?.dataNetwork === undefined) return {};
  const hosts = [host, ...otherHosts];
  const preferred = hosts[network.dataNetwork - 1];
  const inOrder = [preferred ?? host, ...hosts.filter((one) => one !== preferred)];
  return { data: { listen: inOrder.map((one) => formatAddress(one, DATA_PORT)).join(",") } };
}

function storageConfig(dir: string, lab: LabDocument, process: StorageProcess): object {
  const address = memberAddress(process);
  const dataDir = labPaths(dir).dataOf(process.id);
  return {
    metadata: adminAddresses(lab),
    listen: address,
    advertise: address,
    ...dataListen(lab, process),
    dataDir,
    disks: storageDisks(dataDir, process),
    carrier: lab.carrier,
  };
}

const portalConfig = ({
  listen,
  advertise,
  tpgt,
}: Pick<GatewayProcess, "listen" | "advertise" | "tpgt">): object => ({
  listen: formatAddress(listen.host, listen.port),
  advertise: formatAddress(advertise.host, advertise.port),
  tpgt,
});

function gatewayConfig(lab: LabDocument, gateway: GatewayProcess): object {
  const known = portalConfig(gateway);
  const { privatePortal: hidden } = gateway;
  const portals = hidden
    ? [
        { ...known, role: "public" },
        { ...portalConfig(hidden), role: "private" },
      ]
    : [known];
  return { metadata: adminAddresses(lab), portals, carrier: lab.carrier };
}

function roleConfig(dir: string, lab: LabDocument, process: LabProcess): object {
  switch (process.kind) {
    case "metadata":
      return metadataConfig(dir, lab, process);
    case "storage":
      return storageConfig(dir, lab, process);
    case "gateway":
      return gatewayConfig(lab, process);
  }
}

/** The document that `ashlar KIND --config` reads. */
export const processConfig = (dir: string, lab: LabDocument, process: LabProcess): object => ({
  nodeId: process.id,
  clusterId: lab.clusterId,
  logLevel: "info",
  metrics: { host: process.host, port: process.metricsPort },
  ...roleConfig(dir, lab, process),
});

export function supervisorConfig(dir: string, lab: LabDocument): SupervisorConfig {
  const paths = labPaths(dir);
  const network = networkOf(lab);
  return {
    version: SUPERVISOR_CONFIG_VERSION,
    clusterId: lab.clusterId,
    metadata: adminAddresses(lab),
    socketPath: lab.socketPath,
    statePath: paths.supervisorState,
    processes: lab.processes.map(({ id, kind }) => ({
      id,
      kind,
      configPath: paths.configOf(id),
      logPath: paths.logOf(id),
      ...(network ? { namespace: network.host(id).namespace } : {}),
    })),
  };
}

/** Writes all configuration files and makes the folders that the processes expect. */
export async function writeConfigs(dir: string, lab: LabDocument): Promise<void> {
  const paths = labPaths(dir);
  const write = (path: string, document: object): Promise<void> =>
    writeFile(path, `${JSON.stringify(document, null, 2)}\n`);
  await mkdir(paths.configFolder, { recursive: true });
  await mkdir(paths.logFolder, { recursive: true });
  for (const process of lab.processes) {
    if (process.kind !== "gateway") await mkdir(paths.dataOf(process.id), { recursive: true });
    await write(paths.configOf(process.id), processConfig(dir, lab, process));
  }
  await write(paths.supervisorConfig, supervisorConfig(dir, lab));
}
