// Composition root of the metadata process.
import { type NodeId, present } from "@ashlar/core";
import { bindAdmin, bindCatalog, bindHeartbeat, GrpcServer, type ProcessStatus } from "@ashlar/rpc";
import {
  type Clock,
  type Disk,
  type DiskFile,
  Lifecycle,
  type Log,
  MetricsServer,
  type Random,
  type Registry,
  type Startable,
  splitAddress,
} from "@ashlar/runtime";
import type { MetadataConfig } from "./config.ts";
import { SingleMemberLog } from "./log/single-member-log.ts";
import { openLogMetrics, openStateMetrics } from "./metrics.ts";
import { accepted } from "./refusal.ts";
import { LogAdminService } from "./services/admin-service.ts";
import { LogCatalogService } from "./services/catalog-service.ts";
import { LogHeartbeatService } from "./services/heartbeat-service.ts";
import { VolumeChecker } from "./volume-check.ts";
import { VolumeCreation } from "./volume-creation.ts";
import { WatchHub } from "./watch-hub.ts";

export interface MetadataNodeDeps {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly registry: Registry;
}

export class MetadataNode implements Startable {
  private readonly deps: MetadataNodeDeps;
  private readonly config: MetadataConfig;
  private readonly lifecycle: Lifecycle;
  private lock: DiskFile | undefined;
  private replicatedLog: SingleMemberLog | undefined;
  private server: GrpcServer | undefined;
  private serving = false;

  constructor(deps: MetadataNodeDeps, config: MetadataConfig) {
    this.deps = deps;
    this.config = config;
    this.lifecycle = new Lifecycle(deps);
  }

  /** Port of the gRPC server, after start. */
  get port(): number {
    return present(this.server, "the server runs").port;
  }

  /** @throws SystemError disk/locked, disk/foreign, disk/corrupt, config/port-in-use. */
  async start(): Promise<void> {
    try {
      await this.lifecycle.start([
        ["metrics", this.metricsServer()],
        ["folder", { start: () => this.takeFolder(), stop: () => this.releaseFolder() }],
        ["log", { start: () => this.openLog(), stop: () => this.closeLog() }],
      ]);
      await this.lifecycle.start(await this.services());
    } catch (thrown) {
      await this.lifecycle.stop();
      throw thrown;
    }
    this.serving = true;
    this.deps.log.info({ listen: this.config.listen, port: this.port }, "metadata serves");
  }

  async stop(): Promise<void> {
    this.serving = false;
    await this.lifecycle.stop();
  }

  private metricsServer(): MetricsServer {
    const health = () => ({
      ok: this.serving,
      detail: { appliedIndex: this.replicatedLog?.view.appliedIndex ?? 0 },
    });
    return new MetricsServer({ registry: this.deps.registry, health }, this.config.metrics);
  }

  private async takeFolder(): Promise<void> {
    const { disk } = this.deps;
    const { dataDir } = this.config;
    await disk.makeFolder(dataDir);
    this.lock = await disk.open(`${dataDir}/lock`, { mode: "openOrCreate", lock: true });
  }

  private async releaseFolder(): Promise<void> {
    await this.lock?.close();
  }

  private async openLog(): Promise<void> {
    const { random, clock, registry } = this.deps;
    const { clusterId, chunkSize, dataDir } = this.config;
    const log = await SingleMemberLog.open(
      { ...this.deps, metrics: openLogMetrics(registry) },
      { folder: `${dataDir}/log`, clusterId, newLogId: random.uuid() },
    );
    this.replicatedLog = log;
    if (log.view.cluster) return;
    const createdAt = new Date(clock.wallMs()).toISOString();
    const create = { kind: "createCluster", clusterId, chunkSize, createdAt } as const;
    accepted((await log.propose(create)).result);
  }

  private async closeLog(): Promise<void> {
    await this.replicatedLog?.close();
  }

  private async services(): Promise<(readonly [name: string, part: Startable])[]> {
    const { log, clock, random, registry } = this.deps;
    const { clusterId, nodeId, listen, pingIntervalMs } = this.config;
    const replicatedLog = present(this.replicatedLog, "the log is open");
    const hub = new WatchHub({ log: replicatedLog }, { run: random.uuid() });
    const heartbeat = new LogHeartbeatService({ replicatedLog, clock, log }, this.config);
    const creation = new VolumeCreation({ replicatedLog, clock, random, log });
    const checker = new VolumeChecker({ log: replicatedLog, clock }, { clusterId });
    const server = new GrpcServer({ log }, { clusterId, ...splitAddress(listen) });
    bindCatalog(server, new LogCatalogService({ log: replicatedLog, hub }, { pingIntervalMs }));
    bindHeartbeat(server, heartbeat);
    bindAdmin(
      server,
      new LogAdminService({
        log: replicatedLog,
        creation,
        checker,
        reportOf: (node) => heartbeat.reportOf(node),
        self: () => selfStatus(nodeId, `${splitAddress(listen).host}:${server.port}`),
      }),
    );
    openStateMetrics(registry, {
      log: replicatedLog,
      logBytes: () => replicatedLog.sizeBytes,
      watchers: () => hub.count,
    });
    await creation.abortUnfinished();
    this.server = server;
    return [
      ["heartbeat", heartbeat],
      ["grpc", server],
    ];
  }
}

const selfStatus = (id: NodeId, address: string): ProcessStatus => ({
  id,
  state: "up",
  incarnation: 0,
  address,
  portals: [],
});
