// Gives every process of a lab its name and ports: those of a new lab, one more, and those of an
// existing lab at its next up.
import type { Random } from "@ashlar/runtime";
import {
  type GatewayProcess,
  inOrder,
  isGateway,
  isMetadata,
  isStorage,
  LAB_VERSION,
  type LabDocument,
  type LabProcess,
  type MetadataProcess,
  portsOf,
  processNumber,
  type StorageProcess,
} from "./lab-file.ts";
import { INTERNAL_HOST } from "./lab-paths.ts";
import { CHUNK_SIZE, type LabShape } from "./lab-shape.ts";
import { isFree, PortPicker, portInUse } from "./ports.ts";

/** Node processes write the names of their disks into their configuration: `disk-1` … */
function storageDisks(count: number, sizeBytes: number): StorageProcess["disks"] {
  return Array.from({ length: count }, (_, index) => ({ diskId: `disk-${index + 1}`, sizeBytes }));
}

async function planMetadata(ports: PortPicker, number: number): Promise<MetadataProcess> {
  const port = await ports.internal(INTERNAL_HOST);
  const metricsPort = await ports.internal(INTERNAL_HOST);
  return { kind: "metadata", id: `metadata-${number}`, port, metricsPort };
}

async function planStorage(
  ports: PortPicker,
  number: number,
  disks: StorageProcess["disks"],
): Promise<StorageProcess> {
  const port = await ports.internal(INTERNAL_HOST);
  const metricsPort = await ports.internal(INTERNAL_HOST);
  return { kind: "storage", id: `storage-${number}`, port, metricsPort, disks };
}

/** @param wanted the ports of listen and advertise address, where given explicitly */
async function planGateway(
  ports: PortPicker,
  number: number,
  hosts: { readonly listen: string; readonly advertise: string },
  wanted: { readonly listen?: number | undefined; readonly advertise?: number | undefined },
): Promise<GatewayProcess> {
  const port = await ports.portal(hosts.listen, wanted.listen);
  return {
    kind: "gateway",
    id: `gateway-${number}`,
    listen: { host: hosts.listen, port },
    advertise: { host: hosts.advertise, port: wanted.advertise ?? port },
    tpgt: number,
    metricsPort: await ports.internal(INTERNAL_HOST),
  };
}

const offset = (port: number | undefined, by: number): number | undefined =>
  port === undefined ? undefined : port + by;

/** @throws SystemError config/port-in-use for a port given explicitly. */
export async function planLab(
  { random }: { readonly random: Random },
  shape: LabShape,
  folder: { readonly socketPath: string },
): Promise<LabDocument> {
  const ports = new PortPicker({ random }, []);
  const processes: LabProcess[] = [];
  const hosts = { listen: shape.listen.host, advertise: shape.advertise.host };
  for (let number = 1; number <= shape.gateways; number += 1) {
    const wanted = {
      listen: offset(shape.listen.port, number - 1),
      advertise: offset(shape.advertise.port, number - 1),
    };
    processes.push(await planGateway(ports, number, hosts, wanted));
  }
  for (let number = 1; number <= shape.metadata; number += 1) {
    processes.push(await planMetadata(ports, number));
  }
  const disks = storageDisks(shape.disksPerNode, shape.diskSizeBytes);
  for (let number = 1; number <= shape.nodes; number += 1) {
    processes.push(await planStorage(ports, number, disks));
  }
  return {
    version: LAB_VERSION,
    clusterId: random.uuid(),
    carrier: shape.carrier,
    chunkSize: CHUNK_SIZE,
    socketPath: folder.socketPath,
    stage: "planned",
    processes: inOrder(processes),
  };
}

const nextNumber = (processes: readonly LabProcess[]): number =>
  Math.max(0, ...processes.map(({ id }) => processNumber(id))) + 1;

/** One more process of a running lab, shaped like the last of its kind. */
export async function planOneMore(
  { random }: { readonly random: Random },
  lab: LabDocument,
  kind: LabProcess["kind"],
): Promise<LabProcess> {
  const ports = new PortPicker({ random }, portsOf(lab));
  if (kind === "metadata") {
    return planMetadata(ports, nextNumber(lab.processes.filter(isMetadata)));
  }
  if (kind === "storage") {
    const nodes = lab.processes.filter(isStorage);
    return planStorage(ports, nextNumber(nodes), nodes.at(-1)?.disks ?? []);
  }
  const gateways = lab.processes.filter(isGateway);
  const last = gateways.at(-1);
  const hosts = {
    listen: last?.listen.host ?? INTERNAL_HOST,
    advertise: last?.advertise.host ?? INTERNAL_HOST,
  };
  return planGateway(ports, nextNumber(gateways), hosts, {});
}

/**
 * The lab with ports that are free now. Hosts know the portals, so those stay as they are; an
 * internal port that someone took in the meantime is replaced.
 * @throws SystemError config/port-in-use for a portal.
 */
export async function refreshPorts(
  { random }: { readonly random: Random },
  lab: LabDocument,
): Promise<LabDocument> {
  const ports = new PortPicker({ random }, portsOf(lab));
  const internal = async (port: number): Promise<number> =>
    (await isFree(INTERNAL_HOST, port)) ? port : ports.internal(INTERNAL_HOST);
  const processes: LabProcess[] = [];
  for (const process of lab.processes) {
    const metricsPort = await internal(process.metricsPort);
    if (process.kind !== "gateway") {
      processes.push({ ...process, metricsPort, port: await internal(process.port) });
      continue;
    }
    const { host, port } = process.listen;
    if (!(await isFree(host, port))) {
      throw portInUse(host, port, `hosts know ${process.id} by this port: free it and try again`);
    }
    processes.push({ ...process, metricsPort });
  }
  return { ...lab, processes };
}
