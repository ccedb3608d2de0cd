// Composition root of the metadata process.
import type { CatalogView } from "@ashlar/catalog";
import { type NodeId, present, type SystemError } from "@ashlar/core";
import type { MemberId } from "@ashlar/raft";
import {
  bindAdmin,
  bindCatalog,
  bindHeartbeat,
  bindRaft,
  bindRecommend,
  bindSessions,
  bindUpkeep,
  createRaftTransport,
  GrpcServer,
  type Network,
  type RaftInbox,
  type RaftTransport,
} from "@ashlar/rpc";
import {
  type Clock,
  type Disk,
  type DiskFile,
  type Health,
  type HealthyNode,
  joinAddress,
  Lifecycle,
  type Log,
  type Random,
  type Registry,
  type Startable,
  splitPaths,
} from "@ashlar/runtime";
import { Advisor } from "./advisor.ts";
import { ClusterShutdown } from "./cluster-shutdown.ts";
import type { MetadataConfig } from "./config.ts";
import type { CopyKeeperDeps } from "./copy-keeper.ts";
import { CopyPace } from "./copy-pace.ts";
import { DiskAdministration } from "./disk-administration.ts";
import { GenerationChanges } from "./generation-changes.ts";
import { GenerationCloser } from "./generation-closer.ts";
import { JoinWorker } from "./group/join-worker.ts";
import { LeaderDuties } from "./group/leader-duties.ts";
import { MemberFolder } from "./group/member-folder.ts";
import { MetadataGroup } from "./group/metadata-group.ts";
import { HostAdministration } from "./host-administration.ts";
import { openKeepers } from "./keepers.ts";
import { openAdviceMetrics, openLogMetrics, openStateMetrics } from "./metrics.ts";
import type { Rebalancer } from "./rebalancer.ts";
import { SafetyJudge } from "./safety-judge.ts";
import { LogAdminService } from "./services/admin-service.ts";
import { LogCatalogService } from "./services/catalog-service.ts";
import { LogHeartbeatService } from "./services/heartbeat-service.ts";
import { LogRecommendService } from "./services/recommend-service.ts";
import { openSession } from "./services/session-service.ts";
import { LogUpkeepService, type UpkeepDeps } from "./services/upkeep-service.ts";
import { SessionPlacement } from "./session-placement.ts";
import { StorageCalls } from "./storage-calls.ts";
import { VolumeChecker } from "./volume-check.ts";
import { VolumeCreation } from "./volume-creation.ts";
import { WatchHub } from "./watch-hub.ts";

export interface MetadataNodeDeps {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly log: Log;
  readonly registry: Registry;
  /** The process cannot go on: its disk failed, or it went another way than the others. */
  readonly onFatal: (error: SystemError) => void;
  /** Random per process start. */
  readonly bootId?: string | undefined;
  /** The process ends for good, since the whole cluster shuts down. */
  readonly onShutDown?: (() => void) | undefined;
}

export class MetadataNode implements HealthyNode {
  private readonly deps: MetadataNodeDeps;
  private readonly config: MetadataConfig;
  private readonly lifecycle: Lifecycle;
  private lock: DiskFile | undefined;
  private folder: MemberFolder | undefined;
  private group: MetadataGroup | undefined;
  private heartbeat: LogHeartbeatService | undefined;
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

  /** As far as this member has applied it; undefined before the start. */
  get catalog(): CatalogView | undefined {
    return this.group?.log.view;
  }

  /** Whether processes tell this member that they do not hear each other: an end of a path may be taken out. */
  get hearsComplaints(): boolean {
    return this.heartbeat?.hearsComplaints ?? false;
  }

  /** Where others reach this member: `host:port`, or several in order of preference. */
  get address(): string {
    const { advertise, listen } = this.config;
    const bound = splitPaths(listen).map(({ host, port }) => ({ host, port: port || this.port }));
    return advertise ?? bound.map(joinAddress).join(",");
  }

  /** @throws SystemError disk/locked, disk/foreign, disk/corrupt, config/port-in-use. */
  async start(): Promise<void> {
    try {
      await this.lifecycle.start([
        ["lock", { start: () => this.takeFolder(), stop: () => this.releaseFolder() }],
        ["folder", { start: () => this.openFolder(), stop: () => this.closeFolder() }],
      ]);
      await this.lifecycle.start(this.services());
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

  health(): Health {
    const { appliedIndex = 0, leads = false, leader } = this.group?.log ?? {};
    return { ok: this.serving, detail: { appliedIndex, leads, leader: leader?.node ?? null } };
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

  private async openFolder(): Promise<void> {
    this.folder = await MemberFolder.open(this.deps, this.config);
    const { nodeId, members, dataDir } = this.config;
    const blank = this.folder.store.lastIndex() === 0;
    if (!blank || members.some((one) => one.nodeId !== nodeId)) return;
    this.deps.log.error(
      { dataDir, hint: "found a cluster with `ashlar cluster init`, or name its members" },
      "this member belongs to no cluster, and its configuration names no other member",
    );
  }

  private async closeFolder(): Promise<void> {
    await this.folder?.close();
  }

  private services(): readonly (readonly [name: string, part: Startable])[] {
    const { log, clock, registry } = this.deps;
    const { pingIntervalMs } = this.config;
    const folder = present(this.folder, "the folder is open");
    const group = this.openGroup(folder);
    this.group = group;
    const creation = new VolumeCreation({ replicatedLog: group.log, clock, log });
    const duties = new LeaderDuties(
      { groupLog: group.log, host: group.host, view: group.view, creation, clock, log },
      { ...this.config, address: () => this.address },
    );
    const hub = new WatchHub({ log: group.log });
    const { changes, calls } = this.generationChanges(group);
    const placement = new SessionPlacement({ replicatedLog: group.log, clock, log }, this.config);
    const shutdown = new ClusterShutdown({ replicatedLog: group.log, log });
    const onMemberExit = (node: NodeId): boolean => group.memberEnded(node);
    const heartbeat = new LogHeartbeatService(
      { replicatedLog: group.log, clock, log, placement, onMemberExit, shutdown },
      this.config,
    );
    this.heartbeat = heartbeat;
    const { keepers, rebalancer } = openKeepers(
      { ...this.deps, replicatedLog: group.log, heartbeat },
      this.config,
    );
    const server = this.openServer();
    bindRaft(server, { inbox: group.inbox, join: (request) => duties.join(request) });
    bindSessions(server, { open: () => openSession(group.log) });
    bindCatalog(
      server,
      new LogCatalogService({ log: group.log, hub, changes, placement }, { pingIntervalMs }),
    );
    bindHeartbeat(server, heartbeat);
    bindAdmin(server, this.adminService(group, { heartbeat, placement, creation, changes, calls }));
    const pace = new CopyPace({ replicatedLog: group.log, clock });
    const upkeep = { heartbeat, placement, pace, shutdown, rebalancer };
    bindUpkeep(server, this.upkeepService(group, upkeep));
    openStateMetrics(registry, {
      log: group.log,
      group: group.host,
      logBytes: () => folder.store.sizeBytes,
      watchers: () => hub.count,
      lostPaths: () => heartbeat.lostPaths(group.view.members()).length,
    });
    return [
      ["duties", duties],
      ["storage calls", { start: async () => {}, stop: async () => calls.close() }],
      ["changes", changes],
      ["placement", placement],
      ["heartbeat", heartbeat],
      ...keepers,
      ["copy pace", pace],
      ["shutdown", shutdown],
      ["advisor", this.advisor(server, group, { heartbeat, rebalancer, placement })],
      ["grpc", server],
      ["group", group],
      ["join", this.joinWorker(group)],
    ];
  }

  private adminService(
    group: MetadataGroup,
    {
      heartbeat,
      placement,
      creation,
      changes,
      calls,
    }: {
      readonly heartbeat: LogHeartbeatService;
      readonly placement: SessionPlacement;
      readonly creation: VolumeCreation;
      readonly changes: GenerationChanges;
      readonly calls: StorageCalls;
    },
  ): LogAdminService {
    const { clock, network } = this.deps;
    const { clusterId } = this.config;
    const reportOf = heartbeat.reportOf.bind(heartbeat);
    return new LogAdminService({
      log: group.log,
      creation,
      changes,
      checker: new VolumeChecker({ log: group.log, clock, network }, { clusterId }),
      disks: new DiskAdministration({ log: group.log, clock, calls, reportOf }),
      hosts: new HostAdministration({ log: group.log, clock }),
      reportOf,
      lostPathsTo: (members) => heartbeat.lostPaths(members),
      sessionsOf: (gateway) => placement.sessionsOf(gateway),
      group: group.view,
    });
  }

  private openServer(): GrpcServer {
    const { clusterId, listen } = this.config;
    const [first, ...others] = splitPaths(listen);
    this.server = new GrpcServer(this.deps, { clusterId, ...first, others });
    return this.server;
  }

  private advisor(
    server: GrpcServer,
    { log: replicatedLog }: MetadataGroup,
    {
      heartbeat,
      rebalancer,
      placement,
    }: {
      readonly heartbeat: LogHeartbeatService;
      readonly rebalancer: Rebalancer;
      readonly placement: SessionPlacement;
    },
  ): Advisor {
    const { clock, log, registry } = this.deps;
    const advisor = new Advisor({
      replicatedLog,
      clock,
      log,
      reportOf: (node) => heartbeat.reportOf(node),
      plannedMoves: () => rebalancer.standing.planned,
      pathsAreWhole: () => heartbeat.pathsAreWhole,
      gatewaySessions: () => placement.gatewaySessions(),
      metrics: openAdviceMetrics(registry),
    });
    bindRecommend(server, new LogRecommendService(replicatedLog, advisor));
    return advisor;
  }

  private generationChanges(group: MetadataGroup): {
    readonly changes: GenerationChanges;
    readonly calls: StorageCalls;
  } {
    const { clock, log } = this.deps;
    const replicatedLog = group.log;
    const calls = new StorageCalls(this.deps, this.config);
    const closer = new GenerationCloser({
      log: replicatedLog,
      clock,
      ask: (address, request, options) => {
        const { nodes } = replicatedLog.view;
        calls.keepOnly(new Set([...nodes.values()].map((node) => node.address)));
        return calls.closeGeneration(address, request, options);
      },
    });
    const component = log.child({ component: "changes" });
    const changes = new GenerationChanges({ replicatedLog, closer, clock, log: component });
    return { changes, calls };
  }

  private upkeepService(
    group: MetadataGroup,
    {
      heartbeat,
      placement,
      pace,
      shutdown,
      rebalancer,
    }: {
      readonly heartbeat: LogHeartbeatService;
      readonly placement: SessionPlacement;
      readonly pace: CopyPace;
      readonly shutdown: ClusterShutdown;
      readonly rebalancer: Rebalancer;
    },
  ): LogUpkeepService {
    const { clock, onShutDown = () => {} } = this.deps;
    const reportOf: CopyKeeperDeps["reportOf"] = (node) => heartbeat.reportOf(node);
    const unheard = (): readonly NodeId[] => heartbeat.unheardNodes;
    const safety = new SafetyJudge({
      replicatedLog: group.log,
      clock,
      reportOf,
      unheard,
      placement,
      members: () => group.view.members(),
      pace,
      isShuttingDown: () => shutdown.underWay,
    });
    const ports = { log: group.log, clock, reportOf };
    const releaseOf: UpkeepDeps["releaseOf"] = (process, incarnation) =>
      heartbeat.releaseOf(process, incarnation);
    const parts = { rebalancer, safety, shutdown, unheard, releaseOf };
    return new LogUpkeepService({ ...ports, ...parts, onShutDown });
  }

  private openGroup(folder: MemberFolder): MetadataGroup {
    const { clock, random, network, log, registry } = this.deps;
    const { clusterId } = this.config;
    const ports = { clock, random, network, log };
    const openTransport = (
      inbox: RaftInbox,
      addressOf: (member: MemberId) => string | undefined,
    ): RaftTransport =>
      createRaftTransport({ clusterId, self: inbox.member, inbox, addressOf, ...ports });
    const metrics = openLogMetrics(registry);
    return new MetadataGroup(
      { folder, openTransport, clock, random, log, metrics },
      { ...this.config, bootId: this.deps.bootId, onFatal: (error) => this.fail(error) },
    );
  }

  private joinWorker(group: MetadataGroup): JoinWorker {
    const { clusterId, nodeId } = this.config;
    return new JoinWorker(
      this.deps,
      {
        address: () => this.address,
        addresses: () => group.addresses.all(),
        needed: () => !group.knowsAt(this.address),
        onAnswer: ({ leader }, address) => group.addresses.note(leader, address),
      },
      { clusterId, node: nodeId, member: group.host.member },
    );
  }

  private fail(error: SystemError): void {
    this.serving = false;
    this.deps.onFatal(error);
  }
}
