// The storage process's configuration file, checked once at start.
import { clusterId, diskId, MIB, nodeId } from "@ashlar/core";
import { z } from "@ashlar/runtime";

const PORT_MAX = 65_535;
/** Room for a journal, a reserve and some extents. */
const DISK_SIZE_MIN = 128 * MIB;

const address = z
  .string()
  .regex(/^(?:\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must be host:port, an IPv6 host in "[ ]"');

const disk = z.strictObject({
  /** Name within the node: `disk-1`. */
  diskId: z.string().transform(diskId),
  /** File or block device. */
  path: z.string().min(1),
  /** The whole store, journal included; used when it is created. */
  sizeBytes: z.int().min(DISK_SIZE_MIN),
});

export const STORAGE_CONFIG = z.strictObject({
  nodeId: z.string().transform(nodeId),
  clusterId: z.string().transform(clusterId),
  logLevel: z.enum(["error", "warn", "info", "debug", "silent"]).default("info"),
  /** Where /metrics and /healthz are served. */
  metrics: z.strictObject({ host: z.string(), port: z.int().min(0).max(PORT_MAX) }),
  /** host:port of the metadata members. */
  metadata: z.array(address).min(1),
  /** Where the gRPC server listens; port 0 takes any. */
  listen: address,
  /** How peers and gateways reach it; the listening port is put in for port 0. */
  advertise: address,
  /** The node's own state: which store lies on which disk. */
  dataDir: z.string().min(1),
  disks: z.array(disk).min(1),
  /** Which carrier replication travels on. */
  carrier: z.enum(["socket", "grpc"]).default("socket"),
});

export type StorageConfig = z.infer<typeof STORAGE_CONFIG>;
export type DiskConfig = StorageConfig["disks"][number];

/** Splits an address that was checked above. */
export function splitAddress(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(":");
  return {
    host: text.slice(0, colon).replace(/^\[|\]$/g, ""),
    port: Number(text.slice(colon + 1)),
  };
}
