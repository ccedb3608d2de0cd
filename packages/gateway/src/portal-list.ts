// Which portals hosts hear of: in discovery, and as the ports of a logical unit (ALUA). Pure: from the gateways as
// the catalog has them.
import type { GatewayRecord, PortalRecord } from "@ashlar/catalog";
import { ACCESS_STATE, type TargetPort } from "@ashlar/scsi";

type Gateways = Iterable<Pick<GatewayRecord, "state" | "portals" | "draining">>;

/**
 * `host:port,tpgt` of the portals that take new sessions, sorted. Private ones are shown where no other is public:
 * else hosts are sent there (RFC 7143, 11.13.5).
 *
 * @param own of this gateway: shown also when the catalog does not know them yet.
 */
export function shownPortals(gateways: Gateways, own: readonly PortalRecord[]): readonly string[] {
  const known = [...gateways];
  const hidden = new Set(
    known.flatMap(({ draining, portals }) => (draining ? portals.map(({ tpgt }) => tpgt) : [])),
  );
  const up = known.filter(({ state }) => state === "up");
  const portals = [...own, ...up.flatMap((gateway) => gateway.portals)].filter(
    ({ tpgt }) => !hidden.has(tpgt),
  );
  const hasPublic = portals.some(({ role }) => role === "public");
  const shown = portals.filter(({ role }) => role !== "private" || !hasPublic);
  return [...new Set(shown.map(({ address, tpgt }) => `${address},${tpgt}`))].sort();
}

/**
 * Every portal of the cluster, sorted: those of a gateway that is down or draining are unavailable.
 *
 * @param own of this gateway, which works whatever the catalog says of its state.
 */
export function targetPorts(
  gateways: Gateways,
  own: readonly PortalRecord[],
): readonly TargetPort[] {
  const { activeOptimized, unavailable } = ACCESS_STATE;
  const ports = new Map<number, TargetPort>();
  const owned = new Set(own.map(({ tpgt }) => tpgt));
  for (const { tpgt } of own) ports.set(tpgt, { tpgt, state: activeOptimized });
  for (const { state, draining, portals } of gateways) {
    for (const { tpgt } of portals) {
      const works = !draining && (state === "up" || owned.has(tpgt));
      ports.set(tpgt, { tpgt, state: works ? activeOptimized : unavailable });
    }
  }
  return [...ports.values()].sort((a, b) => a.tpgt - b.tpgt);
}
