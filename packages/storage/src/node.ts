// The composition root of a storage node: disks, replicas, the way in for gateways and peers, and
// its standing with the metadata service.

import { hasCode, present, SystemError, toSystemError } from "@ashlar/core";
import type { OperationReply } from "@ashlar/replica";
import {
  addStorageService,
  type Carrier,
  CarrierServer,
  type CatalogClient,
  type ClosableCarrierDialer,
  createCarrierDialer,
  createCatalogClient,
  GrpcServer,
  type Network,
  OperationServer,
  OperationStreams,
  type StorageRegistration,
} from "@ashlar/rpc";
import {
  type Clock,
  type Disk,
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
import { Admissions } from "./admissions.ts";
import { carrierListen } from "./carrier-listen.ts";
import { ChunkChecks } from "./chunk-checks.ts";
import { ChunkRemoval } from "./chunk-removal.ts";
import type { StorageConfig } from "./config.ts";
import { DiskSet, type OpenDisk } from "./disk-set.ts";
import { GatewayLives } from "./gateway-lives.ts";
import { closeGeneration } from "./generation-closing.ts";
import { learnersLedBy } from "./led-learners.ts";
import { NodeCatalogue } from "./node-catalogue.ts";
import { NumbersSeen } from "./numbers-seen.ts";
import { PeerLinks } from "./peer-links.ts";
import { Registration } from "./registration.ts";
import { ReplicaMap } from "./replica-map.ts";
import { Scrubbing } from "./scrubbing.ts";
import { SlowProber } from "./slow-prober.ts";
import { OperationMetrics, openStorageGauges } from "./storage-metrics.ts";
import { StrayCopies } from "./stray-copies.ts";

export interface StorageNodeDeps {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly log: Log;
  readonly registry: Registry;
  /** Random per process start; a supervisor's exit report names it. */
  readonly bootId: string;
  /** The process ends for good, since the whole cluster shuts down; may be told more than once. */
  readonly onShutDown?: (() => void) | undefined;
}

/** Everything that exists once the disks are open. */
interface Parts {
  readonly disks: DiskSet;
  readonly gateways: GatewayLives;
  readonly replicas: ReplicaMap;
  readonly links: PeerLinks;
  readonly admissions: Admissions;
  readonly removal: ChunkRemoval;
  readonly strays: StrayCopies;
  readonly seen: NumbersSeen;
  readonly registration: Registration;
  readonly scrubbing: Scrubbing;
  readonly prober: SlowProber;
  readonly server: GrpcServer;
  readonly carriers: CarrierServer;
}

export class StorageNode implements HealthyNode {
  private readonly deps: StorageNodeDeps;
  private readonly config: StorageConfig;
  private readonly lifecycle: Lifecycle;
  private readonly stopping = new AbortController();
  private readonly operationServers = new Set<OperationServer>();
  private readonly streams = new OperationStreams();
  private readonly client: CatalogClient & Startable;
  private readonly dialer: ClosableCarrierDialer;
  private catalogue: NodeCatalogue | undefined;
  private disks: DiskSet | undefined;
  private parts: Parts | undefined;
  private registration: Registration | undefined;

  constructor(deps: StorageNodeDeps, config: StorageConfig) {
    const { clock, random, network, log, onShutDown } = deps;
    const { clusterId, metadata, carrier: kind } = config;
    this.deps = deps;
    this.config = config;
    this.lifecycle = new Lifecycle({ log });
    const { self } = this;
    this.dialer = createCarrierDialer({ self, clusterId, kind, random, network, log, clock });
    this.client = createCatalogClient({
      clusterId,
      metadata,
      clock,
      random,
      network,
      log,
      paths: this.dialer,
      onShutDown,
    });
  }

  /** Port of the gRPC server, after start. */
  get port(): number {
    return present(this.parts, "the node runs").server.port;
  }

  /** @throws SystemError config/port-in-use, disk/locked, and whatever keeps it from registering. */
  async start(): Promise<void> {
    await this.lifecycle.start([
      ["catalogue", { start: () => this.openCatalogue(), stop: async () => {} }],
      ["catalog client", this.client],
      ["disks", { start: () => this.openDisks(), stop: () => this.closeDisks() }],
    ]);
    try {
      await this.lifecycle.start(this.services());
    } catch (thrown) {
      await this.lifecycle.stop();
      throw thrown;
    }
    this.deps.log.info({ listen: this.config.listen, port: this.port }, "storage serves");
  }

  async stop(): Promise<void> {
    this.stopping.abort(new SystemError("operation/aborted", "the node stops"));
    await this.lifecycle.stop();
  }

  private get self(): { node: StorageConfig["nodeId"]; incarnation: () => number } {
    return {
      node: this.config.nodeId,
      incarnation: () => this.registration?.incarnation ?? 0,
    };
  }

  private async openCatalogue(): Promise<void> {
    const { disk, log } = this.deps;
    const { dataDir } = this.config;
    try {
      this.catalogue = await NodeCatalogue.open(disk, dataDir);
    } catch (thrown) {
      if (!hasCode(thrown, "disk/corrupt")) throw thrown;
      log.error({ error: thrown }, "the node's catalogue is damaged: its stores tell who they are");
      this.catalogue = NodeCatalogue.empty(disk, dataDir);
    }
  }

  private async openDisks(): Promise<void> {
    const { signal } = this.stopping;
    await this.client.ready({ signal });
    // What this node told anybody of its mirror before it started anew holds for the new process, too:
    // it knows all of it before it follows or leads.
    await this.client.catchUp({ signal });
    const { view } = this.client;
    const cluster = present(view.cluster, "a complete mirror knows its cluster");
    const catalogue = present(this.catalogue, "the node's catalogue is open");
    const known = view.nodes.get(this.config.nodeId)?.disks ?? [];
    const isOutOfUse = (store: string): boolean =>
      known.some(({ storeUuid, state }) => storeUuid === store && state === "down");
    const isElsewhere = (store: string): boolean =>
      [...view.nodes.values()].some(
        ({ node, state, disks }) =>
          node !== this.config.nodeId &&
          state === "up" &&
          disks.some((disk) => disk.storeUuid === store && disk.state === "up"),
      );
    this.disks = new DiskSet({ ...this.deps, catalogue, isOutOfUse, isElsewhere }, this.config);
    await this.disks.open(cluster.chunkSize);
  }

  private async closeDisks(): Promise<void> {
    await this.disks?.close();
  }

  private services(): (readonly [name: string, part: Startable])[] {
    const parts = this.assemble(present(this.disks, "the disks are open"));
    const { gateways, replicas, links, admissions, removal, strays, seen } = parts;
    const { registration, scrubbing, prober, server, carriers } = parts;
    this.parts = parts;
    this.registration = registration;
    const stopListening = { call: (): void => {} };
    const follow: Startable = {
      start: async () => {
        stopListening.call = this.client.onChanges((changes) => {
          gateways.onChanges(changes);
          replicas.onChanges(changes);
          removal.onChanges(changes);
          strays.onChanges(changes);
          if (seen.onChanges(changes)) registration.tellAnew();
        });
      },
      stop: async () => stopListening.call(),
    };
    const peers: Startable = {
      start: async () => {},
      stop: async () => {
        admissions.stop();
        links.stop();
        this.dialer.close();
      },
    };
    const clean: Startable = {
      start: async () => {
        await this.client.catchUp({ signal: this.stopping.signal });
        removal.onCaughtUp();
        strays.onCaughtUp();
      },
      stop: async () => {
        await removal.stop();
        await strays.stop();
      },
    };
    return [
      ["peers", peers],
      ["follow", follow],
      ["carriers", carriers],
      ["grpc", server],
      ["registration", registration],
      ["removal", clean],
      ["scrubbing", scrubbing],
      ["prober", prober],
    ];
  }

  private assemble(disks: DiskSet): Parts {
    const { clock, log, random, network, registry } = this.deps;
    const { clusterId, nodeId: node, listen } = this.config;
    const { client, dialer } = this;
    const { view } = client;
    const onDiskFailed = (disk: OpenDisk): void => this.onDiskFailed(disk);
    const gateways = new GatewayLives({ view, disks });
    const replicas = new ReplicaMap({ node, view, disks, gateways, clock, log, onDiskFailed });
    const addressOf = (peer: typeof node): string | undefined => view.nodes.get(peer)?.address;
    const links = new PeerLinks({ dialer, clock, log, addressOf }, replicas);
    const admissions = new Admissions({ client, clock, log }, (request) =>
      replicas.onAdmissionUnanswered(request),
    );
    replicas.join({ links, admissions });
    const removal = new ChunkRemoval({ disks, replicas, view, log });
    const strays = new StrayCopies({ disks, replicas, view, log });
    const seen = new NumbersSeen({ disks, view });
    const [first, ...others] = splitPaths(listen);
    const server = new GrpcServer({ log, network }, { clusterId, ...first, others });
    const metrics = new OperationMetrics(registry, clock, replicas);
    const carriers = new CarrierServer({
      self: this.self,
      clusterId,
      ...carrierListen(this.config),
      accept: (carrier) => this.accept(carrier, { replicas, links, metrics }),
      random,
      network,
      log,
      clock,
    });
    carriers.addTo(server);
    const checks = new ChunkChecks({ node, view, disks, replicas, clock });
    const catalogue = present(this.catalogue, "the node's catalogue is open");
    const scrubbing = new Scrubbing(
      { node, clusterId, disks, view, catalogue, checks, network, clock, log },
      this.config,
    );
    addStorageService(server, {
      scrubDisk: async (disk) => scrubbing.begin(disk),
      checkChunks: (chunks, send, options) => checks.checkChunks(chunks, send, options),
      closeGeneration: (request, options) =>
        closeGeneration({ node, client, replicas }, request, options),
    });
    const inFlight = (): number => this.inFlight();
    openStorageGauges(registry, { clock, replicas, links, disks, inFlight });
    const registration = new Registration({
      client,
      log,
      describe: () => ({ ...this.describe(disks, server.port), ...seen.numbers() }),
      report: () => ({
        ...disks.report((store) => scrubbing.passOf(store)),
        copying: replicas.copies.governor.report(clock.nowMs()),
        load: replicas.load.report(clock.nowMs()),
      }),
      onIncarnation: (incarnation) => this.onIncarnation(replicas, incarnation),
    });
    const prober = new SlowProber({ node, view, disks, clock, log });
    const standing = { removal, strays, seen, registration, scrubbing, prober, server, carriers };
    return { disks, gateways, replicas, links, admissions, ...standing };
  }

  private accept(
    carrier: Carrier,
    {
      replicas,
      links,
      metrics,
    }: {
      readonly replicas: ReplicaMap;
      readonly links: PeerLinks;
      readonly metrics: OperationMetrics;
    },
  ): void {
    if (carrier.purpose === "replication") {
      links.accept(carrier);
      return;
    }
    const { clock, random } = this.deps;
    const server = new OperationServer(
      carrier,
      { streams: this.streams, clock, random },
      {
        operate: (operation, deadlineMs, reply) => {
          const startedMs = metrics.begin();
          replicas.operation(operation, deadlineMs, (answer: OperationReply) => {
            metrics.count(operation, answer.status, startedMs);
            reply(answer);
          });
        },
        cancel: (cancellation, reply) => replicas.cancel(cancellation, reply),
      },
    );
    this.operationServers.add(server);
    carrier.onClose(() => this.operationServers.delete(server));
  }

  /** Leaderships of the old incarnation end; learners that wait for this node are looked up. */
  private onIncarnation(replicas: ReplicaMap, incarnation: number): void {
    replicas.identify(incarnation);
    if (incarnation === 0) return;
    const { clock } = this.deps;
    const { view } = this.client;
    void learnersLedBy({ view, clock }, { node: this.config.nodeId, incarnation }, (config) => {
      if (this.registration?.incarnation === incarnation) replicas.onConfig(config);
    });
  }

  private describe(
    disks: DiskSet,
    port: number,
  ): Omit<StorageRegistration, keyof ReturnType<NumbersSeen["numbers"]>> {
    const paths = splitPaths(this.config.advertise).map((path) => ({
      ...path,
      port: path.port || port,
    }));
    return {
      node: this.config.nodeId,
      bootId: this.deps.bootId,
      address: paths.map(joinAddress).join(","),
      zone: this.config.zone,
      disks: disks.registered(),
    };
  }

  private onDiskFailed({ disk, store }: OpenDisk): void {
    const { log } = this.deps;
    const { signal } = this.stopping;
    log.error({ disk, storeUuid: store.storeUuid }, "disk failed: it acks nothing until rebuilt");
    this.client.storeDown(store.storeUuid, { signal }).catch((thrown: unknown) => {
      if (!signal.aborted) log.error({ disk, error: toSystemError(thrown) }, "disk not reported");
    });
  }

  private inFlight(): number {
    let operations = 0;
    for (const server of this.operationServers) operations += server.inFlight.operations;
    return operations;
  }

  health(): Health {
    const incarnation = this.registration?.incarnation ?? 0;
    const disks = this.disks?.all ?? [];
    const usable = disks.filter(({ failed }) => !failed).length;
    return {
      ok: incarnation > 0 && usable > 0,
      detail: {
        node: this.config.nodeId,
        incarnation,
        disks: this.config.disks.length,
        usableDisks: usable,
        replicas: this.parts?.replicas.size ?? 0,
      },
    };
  }
}
