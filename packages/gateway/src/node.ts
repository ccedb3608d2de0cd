// The composition root of a gateway: catalog mirror, volumes, targets, portals. It holds no truth of
// its own; whatever it knows comes from the catalog and is fenced by the storage nodes.

import { type CarrierSelf, createCarrierDialer, createCatalogClient } from "@ashlar/rpc";
import {
  type Clock,
  Lifecycle,
  type Log,
  MetricsServer,
  openRegistry,
  type Random,
  type Startable,
} from "@ashlar/runtime";
import { OperationRouter, openVolume } from "@ashlar/volume";
import type { GatewayConfig } from "./config.ts";
import type { DriverDependencies } from "./connection-driver.ts";
import { GatewayMetrics } from "./gateway-metrics.ts";
import { PortalServer } from "./portal.ts";
import { Registration } from "./registration.ts";
import { SessionRegistry } from "./session-registry.ts";
import { TargetWatcher } from "./target-watcher.ts";

export interface GatewayDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly bootId: string;
}

export class GatewayNode implements Startable {
  private readonly lifecycle: Lifecycle;
  private readonly parts: readonly (readonly [string, Startable])[];

  constructor({ clock, random, log, bootId }: GatewayDependencies, config: GatewayConfig) {
    const { nodeId, clusterId } = config;
    this.lifecycle = new Lifecycle({ log });
    const metricsRegistry = openRegistry({ node: nodeId });
    const { metadata } = config;
    const silentPeers = (): readonly string[] => dialer.silentPeers();
    const client = createCatalogClient({ clusterId, metadata, clock, random, log, silentPeers });
    const registration = new Registration({ client, log }, { config, bootId });
    const incarnation = (): number => registration.incarnation;
    const self: CarrierSelf = { node: nodeId, incarnation };
    const dialer = createCarrierDialer({
      self,
      clusterId,
      kind: config.carrier,
      random,
      log,
      clock,
    });
    const router = new OperationRouter(
      { client, dialer, clock, log, metrics: metricsRegistry },
      { incarnation },
    );
    const registry = new SessionRegistry();
    const targets = new TargetWatcher(
      {
        catalog: client,
        openDevice: ({ volume }) => openVolume({ client, router }, { volume }),
        registry,
        outliveFormer: () => router.outliveFormer(),
        log,
      },
      () => config.portals.map(({ advertise, tpgt }) => `${advertise},${tpgt}`),
    );
    const portals: PortalServer[] = [];
    const total = (count: (portal: PortalServer) => number): number =>
      portals.reduce((sum, portal) => sum + count(portal), 0);
    const metrics = new GatewayMetrics(metricsRegistry, {
      connections: () => total(({ connectionCount }) => connectionCount),
      sessions: () => registry.count,
      tasks: () => total(({ taskCount }) => taskCount),
    });
    const driving: DriverDependencies = { targets, registry, metrics, clock, log };
    for (const portal of config.portals) portals.push(new PortalServer(driving, portal));
    const health = () => ({
      ok: registration.registered,
      detail: { node: nodeId, targets: targets.targetCount, sessions: registry.count },
    });
    this.parts = [
      ["metrics", new MetricsServer({ registry: metricsRegistry, health }, config.metrics)],
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
      ...portals.map((portal) => ["portal", portal] as const),
    ];
  }

  start(): Promise<void> {
    return this.lifecycle.start(this.parts);
  }

  stop(): Promise<void> {
    return this.lifecycle.stop();
  }
}

/** Parts that need no start. */
function stoppedBy(...stops: readonly (() => void)[]): Startable {
  return {
    start: async () => {},
    stop: async () => {
      for (const stop of stops) stop();
    },
  };
}
