// Fields that the configuration files of several processes share, so that a name, an address or a
// log level is written, checked and refused alike in all of them.
import { clusterId, nodeId, SystemError } from "@ashlar/core";
import { z } from "zod";

const PORT_MAX = 65_535;
const HOST_AND_PORT = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]+)):(\d{1,5})$/;

/**
 * Host and port of `host:port` or `[IPv6 address]:port`.
 * @throws SystemError config/invalid
 */
export function splitAddress(text: string): { readonly host: string; readonly port: number } {
  const match = HOST_AND_PORT.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > PORT_MAX) {
    throw new SystemError(
      "config/invalid",
      `must be host:port with an IPv6 host in "[ ]", got "${text}"`,
    );
  }
  return { host: match[1] ?? match[2] ?? "", port };
}

/** A text that `parse` accepts, as what it makes of it; its refusal names the field. */
export const parsedText = <T>(parse: (text: string) => T) =>
  z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (thrown) {
      context.addIssue({ code: "custom", message: String((thrown as Error).message) });
      return z.NEVER;
    }
  });

/** `host:port`, kept as text. */
export const addressField = parsedText((text) => {
  splitAddress(text);
  return text;
});

/** What every role process is told. */
export const PROCESS_FIELDS = {
  /** Name of this process: `storage-1`. */
  nodeId: parsedText(nodeId),
  clusterId: parsedText(clusterId),
  logLevel: z.enum(["error", "warn", "info", "debug", "silent"]).default("info"),
  /** Where /metrics and /healthz are served. */
  metrics: z.strictObject({ host: z.string(), port: z.int().min(0).max(PORT_MAX) }),
} as const;

/** What every process is told that follows the catalog and moves data. */
export const DATA_PATH_FIELDS = {
  /** host:port of the metadata members. */
  metadata: z.array(addressField).min(1),
  /** Which carrier operations and replication travel on. */
  carrier: z.enum(["socket", "grpc"]).default("socket"),
} as const;
