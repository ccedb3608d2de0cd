// A whole cluster: metadata members, storage nodes and gateways, each as its own composition root makes
// it, with the ports of the simulated world.
import type { CatalogView } from "@ashlar/catalog";
import { assert, clusterId, diskId, KIB, MIB, nodeId } from "@ashlar/core";
import { GatewayNode } from "@ashlar/gateway";
import { foundCluster, MetadataNode } from "@ashlar/metadata";
import {
  type AdminClient,
  type CatalogClient,
  createAdminClient,
  createCatalogClient,
} from "@ashlar/rpc";
import type { Startable } from "@ashlar/runtime";
import { StorageNode } from "@ashlar/storage";
import { SimDisk } from "../disk/sim-disk.ts";
import { processNetwork } from "../network/process-network.ts";
import { SimNetwork } from "../network/sim-network.ts";
import { ProcessClock } from "../world/process-clock.ts";
import { ProcessLife } from "../world/process-life.ts";
import type { World } from "../world/world.ts";
import { type OnLine, simLog } from "./sim-log.ts";
import { type ProcessPorts, SimProcess } from "./sim-process.ts";

export const CLUSTER = clusterId("51515151-0000-4000-8000-000000000000");
/** The smallest that there is: a run shall cross borders. */
export const CHUNK_SIZE: number = 16 * MIB;
/** Often enough for many passes under faults, slow enough for faults in the middle of one. */
const SCRUB_INTERVAL_MS = 3_000;
const SCRUB_BYTES_PER_SECOND = 4 * MIB;
/** A few pages, so that checksums are read from the disk again and again. */
const PAGE_CACHE_BYTES = 8 * KIB;
const PORT = 7000;
/** Longer than any run. */
const FOR_GOOD_MS = 1e12;
export const ISCSI_PORT = 3260;

export interface ClusterShape {
  readonly metadata: number;
  readonly storage: number;
  readonly gateways: number;
  /** Whether the gateways have portals, which hosts can log in at. */
  readonly portals: boolean;
  readonly diskBytes: number;
  /** How long a node that is down is waited for before its copies are made elsewhere. */
  readonly copyAfterMs: number;
}

const named = (kind: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${kind}-${at + 1}`);
const addressOf = (name: string): string => `${name}:${PORT}`;
const UNUSED = { logLevel: "info", metrics: { host: "none", port: 0 } } as const;

export class SimCluster {
  readonly network: SimNetwork;
  readonly metadata: readonly SimProcess<MetadataNode>[];
  private readonly machines: SimProcess<StorageNode>[];
  readonly gateways: readonly SimProcess<GatewayNode>[];
  /** A person at a machine of their own, whose ways are never cut. */
  readonly admin: AdminClient;
  /** What the operator knows of the catalog. */
  readonly catalog: CatalogClient & Startable;
  readonly operator: ProcessLife;
  private readonly world: World;
  private readonly shape: ClusterShape;
  private readonly members: readonly string[];
  private readonly onLine: OnLine;

  constructor(world: World, shape: ClusterShape, onLine: OnLine) {
    this.world = world;
    this.shape = shape;
    this.onLine = onLine;
    this.network = new SimNetwork(world);
    this.members = named("metadata", shape.metadata);
    this.metadata = this.members.map((name) =>
      this.process(name, (ports) => this.metadataNode(name, ports)),
    );
    this.machines = named("storage", shape.storage).map((name) => this.storageMachine(name));
    this.gateways = named("gateway", shape.gateways).map((name, at) =>
      this.process(name, (ports) => this.gatewayNode(name, { tpgt: at + 1 }, ports)),
    );
    this.operator = new ProcessLife("operator", 1);
    const ports = this.operatorPorts();
    const addresses = this.members.map(addressOf);
    this.admin = createAdminClient({ clusterId: CLUSTER, addresses, patienceMs: 60_000 }, ports);
    this.catalog = createCatalogClient({ clusterId: CLUSTER, metadata: addresses, ...ports });
  }

  /** The storage nodes that belong to the cluster. */
  get storage(): readonly SimProcess<StorageNode>[] {
    return this.machines;
  }

  /** A new machine with empty disks joins. */
  join(name: string): SimProcess<StorageNode> {
    const machine = this.storageMachine(name);
    this.machines.push(machine);
    machine.start();
    return machine;
  }

  /** A machine is switched off for good. */
  leave(name: string): void {
    const at = this.machines.findIndex((machine) => machine.name === name);
    assert(at >= 0, "who leaves belongs to the cluster");
    const [machine] = this.machines.splice(at, 1);
    machine?.cutPower(FOR_GOOD_MS);
  }

  get all(): readonly SimProcess[] {
    return [...this.metadata, ...this.storage, ...this.gateways];
  }

  get isUp(): boolean {
    return this.all.every((process) => process.isUp);
  }

  /** What the members have applied, the newest of it. An operator's mirror can be a partition behind. */
  get newestCatalog(): CatalogView {
    let newest = this.catalog.view;
    for (const { node } of this.metadata) {
      const view = node?.catalog;
      if (view && view.appliedIndex > newest.appliedIndex) newest = view;
    }
    return newest;
  }

  /** Whether some process does not hear another one: one of the two may be taken out for it. */
  get hearsComplaints(): boolean {
    return this.metadata.some(({ node }) => node?.hearsComplaints ?? false);
  }

  /** How the catalog has it, for whoever reads the story of a failure. */
  describe(): readonly string[] {
    const view = this.newestCatalog;
    const nodes = [...view.nodes.values()].map(
      ({ node, incarnation, state }) => `catalog: ${node} incarnation ${incarnation} ${state}`,
    );
    const chunks = [...view.volumes.values()].flatMap(({ name, family }) =>
      [...view.chunksOf(family)].map((config) => `catalog: ${name} ${JSON.stringify(config)}`),
    );
    return [...nodes, ...chunks];
  }

  /** Founds the cluster and starts every process. */
  start(): void {
    const [founder] = this.metadata;
    if (!founder) return;
    const life = new ProcessLife("founder", 1);
    const disk = new SimDisk(this.world, founder.disk, life);
    const random = this.world.randomFor("founder");
    this.world.after(0, life, () => {
      foundCluster({ disk, random }, this.metadataConfig(founder.name)).then(
        () => {
          life.end();
          for (const process of this.all) process.start();
          void this.catalog.start();
        },
        (thrown: unknown) => this.world.fail(thrown),
      );
    });
  }

  private process<N extends MetadataNode | StorageNode | GatewayNode>(
    name: string,
    make: (ports: ProcessPorts) => N,
  ): SimProcess<N> {
    const metadata = this.members.map(addressOf);
    const ports = { world: this.world, network: this.network };
    const { onLine } = this;
    return new SimProcess(ports, { name, clusterId: CLUSTER, metadata, make, onLine });
  }

  private storageMachine(name: string): SimProcess<StorageNode> {
    return this.process(name, (ports) => this.storageNode(name, ports));
  }

  private metadataConfig(name: string) {
    return {
      ...UNUSED,
      nodeId: nodeId(name),
      clusterId: CLUSTER,
      dataDir: "/metadata",
      listen: addressOf(name),
      members: this.members.map((member) => ({
        nodeId: nodeId(member),
        address: addressOf(member),
      })),
      chunkSize: CHUNK_SIZE,
      pingIntervalMs: 200,
      pingsMissedMax: 5,
      copyAfterMs: this.shape.copyAfterMs,
      slowDiskAfterMs: 20_000,
      trustDiskAfterMs: 600_000,
    };
  }

  private metadataNode(name: string, ports: ProcessPorts): MetadataNode {
    const onFatal = ({ code, message }: { code: string; message: string }): void =>
      ports.exit(`${code}: ${message}`);
    return new MetadataNode({ ...ports, onFatal }, this.metadataConfig(name));
  }

  private storageNode(name: string, ports: ProcessPorts): StorageNode {
    return new StorageNode(ports, {
      ...UNUSED,
      nodeId: nodeId(name),
      clusterId: CLUSTER,
      metadata: this.members.map(addressOf),
      carrier: "socket",
      listen: addressOf(name),
      advertise: addressOf(name),
      dataDir: "/storage",
      disks: [{ diskId: diskId("disk-1"), path: "/disk-1", sizeBytes: this.shape.diskBytes }],
      zone: "",
      scrubIntervalMs: SCRUB_INTERVAL_MS,
      scrubBytesPerSecond: SCRUB_BYTES_PER_SECOND,
      pageCacheBytes: PAGE_CACHE_BYTES,
    });
  }

  private gatewayNode(
    name: string,
    { tpgt }: { readonly tpgt: number },
    ports: ProcessPorts,
  ): GatewayNode {
    const address = `${name}:${ISCSI_PORT}`;
    const portal = { listen: address, advertise: address, tpgt, role: "direct" } as const;
    return new GatewayNode(ports, {
      ...UNUSED,
      nodeId: nodeId(name),
      clusterId: CLUSTER,
      metadata: this.members.map(addressOf),
      carrier: "socket",
      portals: this.shape.portals ? [portal] : [],
    });
  }

  private operatorPorts() {
    const { world, network, operator } = this;
    const clock = new ProcessClock(world, operator, { rate: 1 });
    return {
      clock,
      random: world.randomFor("operator"),
      log: simLog(world, "operator"),
      network: processNetwork({ network, host: "operator", life: operator, clock }),
    };
  }
}
