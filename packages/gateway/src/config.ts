// The gateway's configuration file, checked once at start.
import { isIP } from "node:net";
import { PORTAL_ROLES, type PortalRecord } from "@ashlar/catalog";
import { addressField, DATA_PATH_FIELDS, PROCESS_FIELDS, splitAddress, z } from "@ashlar/runtime";

const PORTAL_FIELDS = z.strictObject({
  /** Where the portal accepts connections. */
  listen: addressField,
  /** How hosts reach it; told by SendTargets. */
  advertise: addressField,
  /** Target portal group tag, its own for each portal of the cluster: two portals with one tag would
   * end each other's sessions. */
  tpgt: z.int().min(1).max(65535),
  /**
   * `direct`: serves whoever logs in. `public`: shown in discovery, and sends each login to a private portal of
   * the gateway with the fewest sessions. `private`: reached in this way.
   */
  role: z.enum(PORTAL_ROLES).default("direct"),
});

/** Hosts are sent there: they may have no names to look up. */
const portal = PORTAL_FIELDS.refine(
  ({ role, advertise }) => role !== "private" || isIP(splitAddress(advertise).host) !== 0,
  { path: ["advertise"], message: "must be an IP address and a port: the portal is private" },
);

export const GATEWAY_CONFIG = z.strictObject({
  ...PROCESS_FIELDS,
  ...DATA_PATH_FIELDS,
  portals: z.array(portal).min(1),
});

export type GatewayConfig = z.infer<typeof GATEWAY_CONFIG>;
export type PortalConfig = GatewayConfig["portals"][number];

/** As the catalog has it. */
export const portalRecord = ({ advertise, tpgt, role }: PortalConfig): PortalRecord => ({
  address: advertise,
  tpgt,
  role,
});
