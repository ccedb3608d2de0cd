// Composition root of the metadata process.
import { type NodeId, present, type SystemError } from "@ashlar/core";
import { NONE } from "@ashlar/raft";
import {
  bindAdmin,
  bindCatalog,
  bindHeartbeat,
  bindRaft,
  bindSessions,
  createRaftTransport,
  GrpcServer,
  type RaftInbox,
} from "@ashlar/rpc";
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
import { CatalogMachine, restoreFrom } from "./group/catalog-machine.ts";
import { GroupLog } from "./group/group-log.ts";
import { GroupView } from "./group/group-view.ts";
import { HashExchange } from "./group/hash-exchange.ts";
import { JoinWorker } from "./group/join-worker.ts";
import { LeaderDuties } from "./group/leader-duties.ts";
import { MemberAddresses } from "./group/member-addresses.ts";
import { MemberFolder } from "./group/member-folder.ts";
import { RaftHost } from "./group/raft-host.ts";
import { openLogMetrics, openStateMetrics } from "./metrics.ts";
import { LogAdminService } from "./services/admin-service.ts";
import { LogCatalogService } from "./services/catalog-service.ts";
import { LogHeartbeatService } from "./services/heartbeat-service.ts";
import { openSession } from "./services/session-service.ts";
import { VolumeChecker } from "./volume-check.ts";
import { VolumeCreation } from "./volume-creation.ts";
import { WatchHub } from "./watch-hub.ts";

export interface MetadataNodeDeps {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly registry: Registry;
  /** The process cannot go on: its disk failed, or it went another way than the others. */
  readonly onFatal: (error: SystemError) => void;
}

export class MetadataNode implements Startable {
  private readonly deps: MetadataNodeDeps;
  private readonly config: MetadataConfig;
  private readonly lifecycle: Lifecycle;
  private lock: DiskFile | undefined;
  private folder: MemberFolder | undefined;
  private groupLog: GroupLog | undefined;
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

  /** host:port where others reach this member. */
  get address(): string {
    const { advertise, listen } = this.config;
    return advertise ?? `${splitAddress(listen).host}:${this.port}`;
  }

  /** @throws SystemError disk/locked, disk/foreign, disk/corrupt, config/port-in-use. */
  async start(): Promise<void> {
    try {
      await this.lifecycle.start([
        ["metrics", this.metricsServer()],
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

  private metricsServer(): MetricsServer {
    const health = () => ({
      ok: this.serving,
      detail: {
        appliedIndex: this.groupLog?.appliedIndex ?? 0,
        leads: this.groupLog?.leads ?? false,
        leader: this.groupLog?.leader?.node ?? null,
      },
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
    const { log, clock, random, registry } = this.deps;
    const { clusterId, nodeId, listen, pingIntervalMs, members } = this.config;
    const { store, member } = present(this.folder, "the folder is open");
    const metrics = openLogMetrics(registry);
    const machine = new CatalogMachine();
    restoreFrom(store, machine);
    const groupLog = new GroupLog({ machine, clock, random, log, metrics });
    this.groupLog = groupLog;

    const addresses = new MemberAddresses(groupLog, members);
    const inbox = this.inbox(member);
    const transport = createRaftTransport({
      ...{ clusterId, self: member, inbox, clock, log, random },
      addressOf: (id) => addresses.of(id),
    });
    const host = new RaftHost(
      { storage: store, transport, clock, random, log, metrics },
      {
        machine: groupLog,
        events: {
          onSoftState: (state) => groupLog.onSoftState(state),
          onRead: (read) => groupLog.onRead(read),
          onMembership: () => this.noteVoters(host),
          onNoSpace: (error) => groupLog.onNoSpace(error),
          onFatal: (error) => this.fail(error),
        },
      },
      { member },
    );
    groupLog.attach(host);
    inbox.attach(host);

    const creation = new VolumeCreation({ replicatedLog: groupLog, clock, log });
    const view = new GroupView({ log: groupLog, host, clock }, { clusterId, nodeId });
    const duties = new LeaderDuties(
      { groupLog, host, view, creation, clock, log },
      { ...this.config, address: () => this.address },
    );
    const hub = new WatchHub({ log: groupLog });
    const heartbeat = new LogHeartbeatService(
      {
        replicatedLog: groupLog,
        clock,
        log,
        onMemberExit: (node) => this.memberEnded(node, groupLog, host),
      },
      this.config,
    );
    const checker = new VolumeChecker({ log: groupLog, clock }, { clusterId });
    const hashes = new HashExchange(
      { machine, groupLog, host, log },
      { onDiffers: (error) => this.diverged(error) },
    );

    const server = new GrpcServer({ log }, { clusterId, ...splitAddress(listen) });
    this.server = server;
    bindRaft(server, { inbox, join: (request) => duties.join(request) });
    bindSessions(server, { open: () => openSession(groupLog) });
    bindCatalog(server, new LogCatalogService({ log: groupLog, hub }, { pingIntervalMs }));
    bindHeartbeat(server, heartbeat);
    bindAdmin(
      server,
      new LogAdminService({
        log: groupLog,
        creation,
        checker,
        reportOf: (node) => heartbeat.reportOf(node),
        group: view,
      }),
    );
    openStateMetrics(registry, {
      log: groupLog,
      group: host,
      logBytes: () => store.sizeBytes,
      watchers: () => hub.count,
    });
    return [
      ["duties", duties],
      ["heartbeat", heartbeat],
      ["hashes", hashes],
      ["grpc", server],
      ["group", { start: async () => host.start(), stop: () => stopGroup(groupLog, host) }],
      ["transport", { start: async () => {}, stop: () => transport.stop() }],
      ["join", this.joinWorker(groupLog, host, addresses)],
    ];
  }

  /** What arrives for the group: the host is made after the transport that needs it. */
  private inbox(member: number): RaftInbox & { attach(host: RaftHost): void } {
    const { log } = this.deps;
    let host: RaftHost | undefined;
    return {
      member,
      attach: (made) => {
        host = made;
      },
      receive: (message) => host?.receive(message),
      unreachable: (peer) => host?.unreachable(peer),
      snapshotSent: (peer, outcome) => host?.snapshotSent(peer, outcome),
      refused: (by, code) => log.warn({ by, code }, "a member does not know this one"),
    };
  }

  private joinWorker(log: GroupLog, host: RaftHost, addresses: MemberAddresses): JoinWorker {
    const { clusterId, nodeId } = this.config;
    return new JoinWorker(
      this.deps,
      {
        address: () => this.address,
        addresses: () => addresses.all(),
        needed: () => !isKnown(log, host, { nodeId, address: this.address }),
        onAnswer: ({ leader }, address) => addresses.note(leader, address),
      },
      { clusterId, node: nodeId, member: host.member },
    );
  }

  private noteVoters(host: RaftHost): void {
    const { incoming } = host.status.membership;
    this.folder?.noteVoters(incoming.size).catch((error) => {
      this.deps.log.warn({ error }, "member file not written");
    });
  }

  private memberEnded(node: NodeId, log: GroupLog, host: RaftHost): boolean {
    if (!log.view.members.has(node)) return false;
    if (node !== this.config.nodeId && log.leader?.node === node) host.leaderIsGone();
    return true;
  }

  private async diverged(error: SystemError): Promise<void> {
    await this.folder?.noteDiverged(error.message);
    this.fail(error);
  }

  private fail(error: SystemError): void {
    this.serving = false;
    this.groupLog?.close();
    this.deps.onFatal(error);
  }
}

async function stopGroup(log: GroupLog, host: RaftHost): Promise<void> {
  log.close();
  await host.stop();
}

/** Whether the group, as this member sees it, has it under its number and address, and is led. */
function isKnown(
  log: GroupLog,
  host: RaftHost,
  self: { readonly nodeId: NodeId; readonly address: string },
): boolean {
  if (log.leads) return true;
  const { membership, leader } = host.status;
  const record = log.view.members.get(self.nodeId);
  return (
    leader !== NONE &&
    membership.incoming.has(host.member) &&
    record?.member === host.member &&
    record.address === self.address
  );
}
