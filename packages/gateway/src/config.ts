// The gateway's configuration file, checked once at start.
import { clusterId, nodeId } from "@ashlar/core";
import { z } from "@ashlar/runtime";

const address = z
  .string()
  .regex(/^(?:\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must be host:port, an IPv6 host in "[ ]"');

const portal = z.strictObject({
  /** Where the portal accepts connections. */
  listen: address,
  /** How hosts reach it; told by SendTargets. */
  advertise: address,
  /** Target portal group tag, its own for each portal of the cluster: two portals with one tag would
   * end each other's sessions. */
  tpgt: z.int().min(1).max(65535),
});

export const GATEWAY_CONFIG = z.strictObject({
  nodeId: z.string().transform(nodeId),
  clusterId: z.string().transform(clusterId),
  logLevel: z.enum(["error", "warn", "info", "debug", "silent"]).default("info"),
  metrics: z.strictObject({ host: z.string(), port: z.int().min(0).max(65535) }),
  /** host:port of the metadata members. */
  metadata: z.array(address).min(1),
  portals: z.array(portal).min(1),
  /** Which carrier operations travel on. */
  carrier: z.enum(["socket", "grpc"]).default("socket"),
});

export type GatewayConfig = z.infer<typeof GATEWAY_CONFIG>;
export type PortalConfig = GatewayConfig["portals"][number];

/** Splits an address that was checked above. */
export function splitAddress(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(":");
  return {
    host: text.slice(0, colon).replace(/^\[|\]$/g, ""),
    port: Number(text.slice(colon + 1)),
  };
}
