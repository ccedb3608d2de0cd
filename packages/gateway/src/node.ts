// The composition root of a gateway: catalog mirror, volumes, targets, portals. It holds no truth of
// its own; whatever it knows comes from the catalog and is fenced by the storage nodes.

import type { VolumeId } from "@ashlar/core";
import {
  type CarrierSelf,
  type CatalogClient,
  createCarrierDialer,
  createCatalogClient,
  type Network,
  type PathsSeen,
  type SessionSource,
} from "@ashlar/rpc";
import {
  type Clock,
  type Health,
  type HealthyNode,
  Lifecycle,
  type Log,
  type Random,
  type Registry,
  type Startable,
} from "@ashlar/runtime";
import { type OperationRouter, openVolume, type ReplicatedVolume } from "@ashlar/volume";
import { type GatewayConfig, portalRecord } from "./config.ts";
import { Exile } from "./exile.ts";
import { GatewayMetrics } from "./gateway-metrics.ts";
import { LoginPlacement } from "./login-placement.ts";
import { LogoutRequests } from "./logout-requests.ts";
import { PortalServer } from "./portal.ts";
import { Registration } from "./registration.ts";
import { serveVolumes } from "./serving.ts";
import { SessionRegistry } from "./session-registry.ts";

export interface GatewayDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly log: Log;
  readonly registry: Registry;
  readonly bootId: string;
  /** The process ends for good, since the whole cluster shuts down; may be told more than once. */
  readonly onShutDown?: (() => void) | undefined;
}

export class GatewayNode implements HealthyNode {
  private readonly lifecycle: Lifecycle;
  private readonly parts: readonly (readonly [string, Startable])[];
  private readonly client: CatalogClient & Startable;
  private readonly router: OperationRouter;
  private readonly portals: PortalServer[] = [];
  readonly health: () => Health;

  constructor(dependencies: GatewayDependencies, config: GatewayConfig) {
    const { clock, random, network, log, registry: metricsRegistry, bootId } = dependencies;
    const { onShutDown } = dependencies;
    const { nodeId, clusterId } = config;
    this.lifecycle = new Lifecycle({ log });
    const { metadata } = config;
    const paths: PathsSeen = {
      silentPeers: () => dialer.silentPeers(),
      lostPaths: () => dialer.lostPaths(),
    };
    const ports = { clock, random, network, log };
    const registry = new SessionRegistry();
    const logouts = new LogoutRequests({ registry, clock, log });
    const sessions = sessionSource(registry, logouts);
    const client = createCatalogClient({
      clusterId,
      metadata,
      ...ports,
      paths,
      sessions,
      onShutDown,
    });
    const registration = new Registration({ client, log }, { config, bootId });
    const incarnation = (): number => registration.incarnation;
    const self: CarrierSelf = { node: nodeId, incarnation };
    const dialer = createCarrierDialer({ self, clusterId, kind: config.carrier, ...ports });
    const { targets, router } = serveVolumes(
      { client, dialer, registry, clock, log, metrics: metricsRegistry },
      {
        ownPortals: () => config.portals.map(portalRecord),
        incarnation,
        onTakenForDead: (refused) => exile.onTakenForDead(refused),
      },
    );
    this.client = client;
    this.router = router;
    const placement = new LoginPlacement({ targets, catalog: client, log }, config);
    const { portals } = this;
    const total = (count: (portal: PortalServer) => number): number =>
      portals.reduce((sum, portal) => sum + count(portal), 0);
    const metrics = new GatewayMetrics(metricsRegistry, {
      connections: () => total(({ connectionCount }) => connectionCount),
      sessions: () => registry.count,
      tasks: () => total(({ taskCount }) => taskCount),
    });
    const driving = { registry, metrics, network, clock, random, log };
    for (const portal of config.portals) {
      portals.push(new PortalServer({ ...driving, targets: placement.at(portal) }, portal));
    }
    const exile = new Exile({ clock, log, registration, portals });
    this.health = () => ({
      ok: registration.registered,
      detail: { node: nodeId, targets: targets.targetCount, sessions: registry.count },
    });
    this.parts = [
      ["catalog client", client],
      ["registration", registration],
      [
        "operations",
        stoppedBy(
          () => router.close(),
          () => dialer.close(),
        ),
      ],
      ["targets", targets],
      ["exile", exile],
      ["logout requests", logouts],
      ...portals.map((portal) => ["portal", portal] as const),
    ];
  }

  /**
   * A volume of the mirror, without targets and portals before it.
   * @throws SystemError volume/not-found.
   */
  openDevice(volume: VolumeId): ReplicatedVolume {
    const { client, router } = this;
    return openVolume({ client, router }, { volume });
  }

  start(): Promise<void> {
    return this.lifecycle.start(this.parts);
  }

  /** In order: hosts are asked to go first. */
  async stop(): Promise<void> {
    await Promise.all(this.portals.map((portal) => portal.dismiss()));
    await this.lifecycle.stop();
  }
}

/** What pings tell and bring. */
const sessionSource = (registry: SessionRegistry, logouts: LogoutRequests): SessionSource => ({
  revision: () => registry.revision,
  sessions: () => registry.sessions(),
  onLogoutRequests: (requests) => logouts.take(requests),
});

/** Parts that need no start. */
function stoppedBy(...stops: readonly (() => void)[]): Startable {
  return {
    start: async () => {},
    stop: async () => {
      for (const stop of stops) stop();
    },
  };
}
