// Configuration of a metadata process.
import {
  CHUNK_SIZE_DEFAULT,
  CHUNK_SIZE_MAX,
  CHUNK_SIZE_MIN,
  clusterId,
  nodeId,
  SystemError,
} from "@ashlar/core";
import { z } from "@ashlar/runtime";

const PORT_MAX = 65_535;
const hostAndPort = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]+)):(\d{1,5})$/;

/** Host and port of `host:port` or `[address]:port`. */
export function splitAddress(text: string): { readonly host: string; readonly port: number } {
  const match = hostAndPort.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > PORT_MAX) {
    throw new SystemError("config/invalid", `"${text}" is not host:port`);
  }
  return { host: match[1] ?? match[2] ?? "", port };
}

const checked = <T>(parse: (text: string) => T) =>
  z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (thrown) {
      context.addIssue({ code: "custom", message: String((thrown as Error).message) });
      return z.NEVER;
    }
  });

export const metadataConfigSchema = z.strictObject({
  /** Name of this process: `metadata-1`. */
  nodeId: checked(nodeId),
  clusterId: checked(clusterId),
  logLevel: z.enum(["error", "warn", "info", "debug", "silent"]).default("info"),
  /** Where /metrics and /healthz are served. */
  metrics: z.strictObject({ host: z.string(), port: z.int().min(0).max(PORT_MAX) }),
  /** Folder of the log and its snapshots; made when absent. */
  dataDir: z.string().min(1),
  /** host:port of the gRPC server; port 0 takes any. */
  listen: z.string().regex(hostAndPort, "must be host:port"),
  /** Bytes per chunk of the cluster, used when it is created. */
  chunkSize: z
    .int()
    .min(CHUNK_SIZE_MIN)
    .max(CHUNK_SIZE_MAX)
    .refine((size) => Number.isInteger(Math.log2(size)), "must be a power of two")
    .default(CHUNK_SIZE_DEFAULT),
  /** How often processes tell that they live: five a second cost next to nothing. */
  pingIntervalMs: z.int().min(10).max(10_000).default(200),
  /** Pings missed before a process is down: 1 s of silence, within the stall goal of 1.5 s. */
  pingsMissedMax: z.int().min(2).max(100).default(5),
});

export type MetadataConfig = z.infer<typeof metadataConfigSchema>;
