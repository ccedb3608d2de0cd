// The gateway's configuration file, checked once at start.
import { addressField, DATA_PATH_FIELDS, PROCESS_FIELDS, z } from "@ashlar/runtime";

const portal = z.strictObject({
  /** Where the portal accepts connections. */
  listen: addressField,
  /** How hosts reach it; told by SendTargets. */
  advertise: addressField,
  /** Target portal group tag, its own for each portal of the cluster: two portals with one tag would
   * end each other's sessions. */
  tpgt: z.int().min(1).max(65535),
});

export const GATEWAY_CONFIG = z.strictObject({
  ...PROCESS_FIELDS,
  ...DATA_PATH_FIELDS,
  portals: z.array(portal).min(1),
});

export type GatewayConfig = z.infer<typeof GATEWAY_CONFIG>;
export type PortalConfig = GatewayConfig["portals"][number];
