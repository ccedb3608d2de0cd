// Gives every process of a lab its name and ports: those of a new lab, one more, and those of an
// existing lab at its next up.
import type { Random } from "@ashlar/runtime";
import type { PortalAddress } from "./addresses.ts";
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
import { LabNetwork } from "./lab-network.ts";
import { INTERNAL_HOST } from "./lab-paths.ts";
import { CHUNK_SIZE, type LabShape } from "./lab-shape.ts";
import { isFree, PortPicker, portInUse } from "./ports.ts";
import { isolatedSite, type Site, sharedSite } from "./site.ts";

/** Node processes write the names of their disks into their configuration: `disk-1` … */
function storageDisks({ disksPerNode, diskSizeBytes, mirror }: LabShape): StorageProcess["disks"] {
  return Array.from({ length: disksPerNode }, (_, index) => ({
    diskId: `disk-${index + 1}`,
    sizeBytes: diskSizeBytes,
    ...(mirror && { mirrored: true }),
  }));
}

function otherHosts(
  site: Site,
  named: Pick<LabProcess, "kind" | "id">,
): Pick<StorageProcess, "otherHosts"> {
  const others = site.otherHosts(named);
  return others.length > 0 ? { otherHosts: [...others] } : {};
}

/** @throws SystemError config/port-in-use, argument/invalid when the site is full. */
async function planMetadata(site: Site, number: number): Promise<MetadataProcess> {
  const named = { kind: "metadata", id: `metadata-${number}` } as const;
  const host = site.host(named);
  const port = await site.internal("grpc");
  const more = otherHosts(site, named);
  return { ...named, host, ...more, port, metricsPort: await site.internal("metrics") };
}

async function planStorage(
  site: Site,
  number: number,
  disks: StorageProcess["disks"],
): Promise<StorageProcess> {
  const named = { kind: "storage", id: `storage-${number}` } as const;
  const host = site.host(named);
  const port = await site.internal("grpc");
  const more = otherHosts(site, named);
  return { ...named, host, ...more, port, metricsPort: await site.internal("metrics"), disks };
}

/** Where portals listen and what initiators are told. Ports: where given explicitly. */
interface PortalPlan {
  readonly listen: PortalAddress;
  readonly advertise: PortalAddress;
  /** A private portal stands beside the one that hosts know. */
  readonly redirect: boolean;
}

/** Tags of private portals are those of the public ones and this. */
const PRIVATE_TPGT_OFFSET = 1_000;

async function planGateway(
  site: Site,
  number: number,
  { listen, advertise, redirect }: PortalPlan,
): Promise<GatewayProcess> {
  const named = { kind: "gateway", id: `gateway-${number}` } as const;
  const host = site.host(named);
  const portal = await site.portal(listen, host);
  const hidden = redirect ? await site.privatePortal(listen, host) : undefined;
  return {
    ...named,
    host,
    listen: portal,
    advertise: site.shared ? { host: advertise.host, port: advertise.port ?? portal.port } : portal,
    tpgt: number,
    ...(hidden && {
      privatePortal: {
        listen: hidden,
        advertise: site.shared ? { host: advertise.host, port: hidden.port } : hidden,
        tpgt: PRIVATE_TPGT_OFFSET + number,
      },
    }),
    metricsPort: await site.internal("metrics"),
  };
}

/** Gateway N has the ports of the first one plus N - 1. */
const nth = ({ host, port }: PortalAddress, number: number): PortalAddress =>
  port === undefined ? { host } : { host, port: port + number - 1 };

async function planProcesses(site: Site, shape: LabShape): Promise<LabProcess[]> {
  const processes: LabProcess[] = [];
  for (let number = 1; number <= shape.gateways; number += 1) {
    const [listen, advertise] = [nth(shape.listen, number), nth(shape.advertise, number)];
    const { redirect } = shape;
    processes.push(await planGateway(site, number, { listen, advertise, redirect }));
  }
  for (let number = 1; number <= shape.metadata; number += 1) {
    processes.push(await planMetadata(site, number));
  }
  const disks = storageDisks(shape);
  for (let number = 1; number <= shape.nodes; number += 1) {
    processes.push(await planStorage(site, number, disks));
  }
  return processes;
}

/** @throws SystemError config/port-in-use for a port given explicitly, config/no-network. */
export async function planLab(
  { random }: { readonly random: Random },
  shape: LabShape,
  folder: { readonly socketPath: string },
): Promise<LabDocument> {
  const clusterId = random.uuid();
  const network = shape.isolate && {
    subnet: await LabNetwork.claim({ random }, clusterId),
    ...(shape.networks > 1 && { networks: shape.networks }),
    ...(shape.dataNetwork !== undefined && { dataNetwork: shape.dataNetwork }),
  };
  const site = network ? isolatedSite(network) : sharedSite({ random }, []);
  const processes = await planProcesses(site, shape).catch(async (thrown: unknown) => {
    if (network) await new LabNetwork({ ...network, owner: clusterId, hosts: [] }).remove();
    throw thrown;
  });
  return {
    version: LAB_VERSION,
    clusterId,
    carrier: shape.carrier,
    chunkSize: CHUNK_SIZE,
    socketPath: folder.socketPath,
    stage: "planned",
    ...(network ? { network } : {}),
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
  const { network } = lab;
  const site = network ? isolatedSite(network) : sharedSite({ random }, portsOf(lab));
  if (kind === "metadata") {
    return planMetadata(site, nextNumber(lab.processes.filter(isMetadata)));
  }
  if (kind === "storage") {
    const nodes = lab.processes.filter(isStorage);
    return planStorage(site, nextNumber(nodes), nodes.at(-1)?.disks ?? []);
  }
  const gateways = lab.processes.filter(isGateway);
  const last = gateways.at(-1);
  const listen = { host: last?.listen.host ?? INTERNAL_HOST };
  const advertise = { host: last?.advertise.host ?? INTERNAL_HOST };
  const redirect = last?.privatePortal !== undefined;
  return planGateway(site, nextNumber(gateways), { listen, advertise, redirect });
}

/**
 * The lab with ports that are free now; on hosts of their own they always are. Initiators know the portals, so those stay as they are; an
 * internal port that someone took in the meantime is replaced.
 * @throws SystemError config/port-in-use for a portal.
 */
export async function refreshPorts(
  { random }: { readonly random: Random },
  lab: LabDocument,
): Promise<LabDocument> {
  if (lab.network) return lab;
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
    processes.push({ ...process, metricsPort, ...(await refreshPrivate(process, ports)) });
  }
  return { ...lab, processes };
}

/** Hosts are told anew where it is with each login. */
async function refreshPrivate(
  { privatePortal }: GatewayProcess,
  ports: PortPicker,
): Promise<Pick<GatewayProcess, "privatePortal">> {
  if (!privatePortal) return {};
  const { listen, advertise, tpgt } = privatePortal;
  const { host } = listen;
  const port = (await isFree(host, listen.port)) ? listen.port : await ports.internal(host);
  return {
    privatePortal: { listen: { host, port }, advertise: { ...advertise, port }, tpgt },
  };
}
