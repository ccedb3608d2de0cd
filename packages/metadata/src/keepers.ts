// What looks after leading and copies as long as this member leads, wired together.
import type { NodeId } from "@ashlar/core";
import type { Clock, Log, Registry, Startable } from "@ashlar/runtime";
import type { MetadataConfig } from "./config.ts";
import { CopyKeeper } from "./copy-keeper.ts";
import {
  openBalanceMetrics,
  openCopyMetrics,
  openRebalanceMetrics,
  openSlowDiskMetrics,
} from "./metrics.ts";
import { PrimaryBalancer } from "./primary-balancer.ts";
import { Rebalancer } from "./rebalancer.ts";
import type { ReplicatedLog } from "./replicated-log.ts";
import type { LogHeartbeatService } from "./services/heartbeat-service.ts";
import { SlowDiskKeeper } from "./slow-disk-keeper.ts";

export interface KeeperDeps {
  readonly replicatedLog: ReplicatedLog;
  readonly heartbeat: LogHeartbeatService;
  readonly clock: Clock;
  readonly log: Log;
  readonly registry: Registry;
}

/** In the order in which they start. */
export function openKeepers(
  { replicatedLog, heartbeat, clock, log, registry }: KeeperDeps,
  config: MetadataConfig,
): {
  readonly keepers: readonly (readonly [name: string, part: Startable])[];
  readonly rebalancer: Rebalancer;
} {
  const ports = { replicatedLog, clock, log };
  const reportOf = heartbeat.reportOf.bind(heartbeat);
  const balancer = new PrimaryBalancer({
    ...ports,
    metrics: openBalanceMetrics(registry),
    pathsAreWhole: () => heartbeat.pathsAreWhole,
  });
  const slowDisks = new SlowDiskKeeper(
    {
      ...ports,
      reportOf,
      metrics: openSlowDiskMetrics(registry),
      unheard: (): readonly NodeId[] => heartbeat.unheardNodes,
    },
    { slowAfterMs: config.slowDiskAfterMs, wellAfterMs: config.trustDiskAfterMs },
  );
  const copies = new CopyKeeper({ ...ports, reportOf, metrics: openCopyMetrics(registry) }, config);
  const metrics = openRebalanceMetrics(registry);
  const rebalancer = new Rebalancer({ ...ports, reportOf, metrics });
  const keepers = [
    ["balancer", balancer],
    ["slow disks", slowDisks],
    ["copies", copies],
    ["rebalancer", rebalancer],
  ] as const;
  return { keepers, rebalancer };
}
