// `lab.json`: what a lab remembers over down and up. Configurations of the processes are written
// anew from it at each up, so it is the only truth about the lab's shape.
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SystemError } from "@ashlar/core";
import { parseConfig, z } from "@ashlar/runtime";
import { NETWORKS_MAX, SUBNETS } from "./lab-network.ts";

/** 3: each process has a host, and an isolated lab a network. */
export const LAB_VERSION = 3;

const port = z.int().min(1).max(65_535);

/** Address of gRPC, metrics and health: loopback, or the process's own in an isolated lab. */
const host = z.string();

/** Where its gRPC is too, in further networks; absent: it has one address. */
const otherHosts = z.array(host).min(1).optional();

const metadataProcess = z.strictObject({
  kind: z.literal("metadata"),
  id: z.string(),
  host,
  otherHosts,
  /** gRPC. */
  port,
  metricsPort: port,
});

const storageProcess = z.strictObject({
  kind: z.literal("storage"),
  id: z.string(),
  host,
  otherHosts,
  port,
  metricsPort: port,
  disks: z
    .array(
      z.strictObject({
        diskId: z.string(),
        sizeBytes: z.int().positive(),
        /** Lies on two files. */
        mirrored: z.literal(true).optional(),
      }),
    )
    .min(1),
});

const gatewayProcess = z.strictObject({
  kind: z.literal("gateway"),
  id: z.string(),
  host,
  listen: z.strictObject({ host: z.string(), port }),
  advertise: z.strictObject({ host: z.string(), port }),
  /** Target portal group tag, fixed for ever. */
  tpgt: z.int().min(1),
  /** Logins are sent there from the one above, which then is public; absent: the lab never redirects. */
  privatePortal: z
    .strictObject({
      listen: z.strictObject({ host: z.string(), port }),
      advertise: z.strictObject({ host: z.string(), port }),
      tpgt: z.int().min(1),
    })
    .optional(),
  metricsPort: port,
});

const labDocument = z.strictObject({
  version: z.literal(LAB_VERSION),
  clusterId: z.string(),
  carrier: z.enum(["socket", "grpc"]),
  chunkSize: z.int(),
  /** Unix socket of the supervisor; outside the folder when the folder's path is too long. */
  socketPath: z.string(),
  /**
   * How far the first up came: `founded` once a member's folder holds the cluster, which happens
   * once and before any process is started; `ready` once `demo` could be served.
   */
  stage: z.enum(["planned", "founded", "ready"]),
  /** Of an isolated lab, see lab-network.ts; absent: all processes share this machine's network. */
  network: z
    .strictObject({
      subnet: z.int().min(1).max(SUBNETS),
      /** That each process has an address in; absent: 1. */
      networks: z.int().min(2).max(NETWORKS_MAX).optional(),
      /** The one that operations and replication prefer; absent: the first, as all traffic does. */
      dataNetwork: z.int().min(1).max(NETWORKS_MAX).optional(),
    })
    .optional(),
  /** In fixed order: metadata, storage, gateways, each by number. */
  processes: z.array(
    z.discriminatedUnion("kind", [metadataProcess, storageProcess, gatewayProcess]),
  ),
});

export type LabDocument = Readonly<z.infer<typeof labDocument>>;
export type LabProcess = LabDocument["processes"][number];
export type MetadataProcess = Extract<LabProcess, { kind: "metadata" }>;
export type StorageProcess = Extract<LabProcess, { kind: "storage" }>;
export type GatewayProcess = Extract<LabProcess, { kind: "gateway" }>;

const KIND_ORDER: readonly LabProcess["kind"][] = ["metadata", "storage", "gateway"];

/** The number in `storage-12`. */
export const processNumber = (id: string): number => Number(id.slice(id.lastIndexOf("-") + 1));

/** The fixed order in which processes are listed. */
export function inOrder(processes: readonly LabProcess[]): LabProcess[] {
  return [...processes].sort(
    (a, b) =>
      KIND_ORDER.indexOf(a.kind) - KIND_ORDER.indexOf(b.kind) ||
      processNumber(a.id) - processNumber(b.id),
  );
}

export const isStorage = (process: LabProcess): process is StorageProcess =>
  process.kind === "storage";
export const isGateway = (process: LabProcess): process is GatewayProcess =>
  process.kind === "gateway";
export const isMetadata = (process: LabProcess): process is MetadataProcess =>
  process.kind === "metadata";

/** All ports that a lab has given to its processes. */
export const portsOf = (lab: LabDocument): number[] =>
  lab.processes.flatMap((process) =>
    process.kind === "gateway"
      ? [
          process.listen.port,
          process.metricsPort,
          ...(process.privatePortal ? [process.privatePortal.listen.port] : []),
        ]
      : [process.port, process.metricsPort],
  );

/** Written first and then given its name; names of first ups begin so. */
export const UNFINISHED_LAB = "lab.json.new";

const pathOf = (dir: string): string => join(dir, "lab.json");

/** The lab in a folder, undefined when the folder holds none. */
export async function findLab(dir: string): Promise<LabDocument | undefined> {
  let text: string;
  try {
    text = await readFile(pathOf(dir), "utf8");
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw thrown;
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (thrown) {
    throw new SystemError("config/invalid", `${pathOf(dir)} is not JSON`, {}, thrown);
  }
  return parseConfig(parsed, labDocument, pathOf(dir));
}

/** @throws SystemError lab/not-found when the folder holds no lab. */
export async function readLab(dir: string): Promise<LabDocument> {
  const lab = await findLab(dir);
  if (lab) return lab;
  throw new SystemError("lab/not-found", `there is no lab in ${dir}`, {
    hint: `make one with \`ashlar lab up --dir ${dir}\`, or give another --dir`,
  });
}

/** Replaces the file as a whole. */
export async function writeLab(dir: string, lab: LabDocument): Promise<void> {
  const unfinished = join(dir, UNFINISHED_LAB);
  await writeFile(unfinished, `${JSON.stringify(lab, null, 2)}\n`);
  await rename(unfinished, pathOf(dir));
}

/**
 * Writes the file of a new lab: of several commands that make a lab in one folder, one succeeds.
 * @throws SystemError lab/exists
 */
export async function createLab(dir: string, lab: LabDocument): Promise<void> {
  const unfinished = join(dir, `${UNFINISHED_LAB}.${lab.clusterId}`);
  await writeFile(unfinished, `${JSON.stringify(lab, null, 2)}\n`);
  try {
    await link(unfinished, pathOf(dir));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
    throw new SystemError("lab/exists", `another command makes a lab in ${dir}`, {
      hint: "wait for it, or give another --dir",
    });
  } finally {
    await rm(unfinished, { force: true });
  }
}
