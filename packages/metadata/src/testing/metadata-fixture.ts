// A metadata process in this one, over loopback gRPC and a disk in memory, and clients of it.
import { clusterId, diskId, MIB, nodeId, type StoreUuid, storeUuid } from "@ashlar/core";
import {
  type AdminClient,
  type CatalogClient,
  createAdminClient,
  createCatalogClient,
  nodeNetwork,
  type StorageRegistration,
  type StorageReport,
} from "@ashlar/rpc";
import {
  type Clock,
  nodeClock,
  nodeRandom,
  openRegistry,
  parseConfig,
  type Startable,
  silentLog,
} from "@ashlar/runtime";
import { MemoryDisk } from "@ashlar/runtime/testing";
import { METADATA_CONFIG, type MetadataConfig } from "../config.ts";
import { foundCluster } from "../group/member-folder.ts";
import { MetadataNode } from "../node.ts";

export const CLUSTER = clusterId("abcdef01-0000-4000-8000-000000000000");
/** Pings in these tests: quick enough to be missed soon, slow enough for a busy machine. */
export const PING_INTERVAL_MS = 40;

export const storeOf = (node: number): StoreUuid =>
  storeUuid(`00000000-0000-4000-8000-${String(node).padStart(12, "0")}`);

export function registrationOf(node: number, boot = 1): StorageRegistration {
  return {
    node: nodeId(`storage-${node}`),
    bootId: `boot-${node}-${boot}`,
    address: `127.0.0.1:${7000 + node}`,
    familySeen: 0,
    incarnationSeen: 0,
    zone: "",
    disks: [
      { disk: diskId("disk-1"), storeUuid: storeOf(node), sizeBytes: 1024 * MIB, state: "up" },
    ],
  };
}

export const reportOf = (node: number, freeBytes: number): StorageReport => ({
  disks: [{ storeUuid: storeOf(node), sizeBytes: 1024 * MIB, freeBytes, state: "up" }],
});

export class MetadataFixture {
  readonly disk = new MemoryDisk();
  /** Of the process; replace it before start to hurry its pauses. */
  clock: Clock = nodeClock;
  /** Aborts what a test waits for too long. */
  readonly signal = AbortSignal.timeout(20_000);
  readonly options: { readonly signal: AbortSignal } = { signal: this.signal };
  private node: MetadataNode | undefined;
  private port = 0;
  private homePort = 0;
  private founded = false;
  private onFatal = (): void => {};
  private readonly clients: { stop(): Promise<void> }[] = [];

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  config(over: Partial<Record<keyof MetadataConfig, unknown>> = {}): MetadataConfig {
    const document = {
      nodeId: "metadata-1",
      clusterId: CLUSTER,
      metrics: { host: "127.0.0.1", port: 0 },
      dataDir: "/metadata",
      listen: this.port === 0 ? "127.0.0.1:0" : this.address,
      chunkSize: 16 * MIB,
      pingIntervalMs: PING_INTERVAL_MS,
      ...over,
    };
    return parseConfig(document, METADATA_CONFIG, "test");
  }

  /** Starts, on the same port as before. */
  async start(over: Partial<Record<keyof MetadataConfig, unknown>> = {}): Promise<MetadataNode> {
    const registry = openRegistry({ process: "metadata-1" });
    const ports = { clock: this.clock, disk: this.disk, random: nodeRandom, network: nodeNetwork };
    const config = this.config(over);
    if (!this.founded) await foundCluster(ports, config);
    this.founded = true;
    const onFatal = (): void => this.onFatal();
    const node = new MetadataNode({ ...ports, log: silentLog, registry, onFatal }, config);
    await node.start();
    this.node = node;
    this.port = node.port;
    return node;
  }

  /** Resolves when the process says that it cannot go on. */
  fatal(): Promise<void> {
    return new Promise((resolve) => {
      this.onFatal = resolve;
    });
  }

  /** As a power cut does: what was not synced is gone. */
  async cut(): Promise<void> {
    await this.node?.stop();
    this.node = undefined;
    this.disk.powerCut();
  }

  async restart(): Promise<void> {
    await this.cut();
    await this.start();
  }

  /** Starts where the clients so far do not look. */
  async startElsewhere(): Promise<void> {
    this.homePort = this.port;
    await this.start({ listen: "127.0.0.1:0" });
  }

  /** Starts at the port from before {@link startElsewhere}. */
  async startBack(): Promise<void> {
    this.port = this.homePort;
    await this.start();
  }

  async client(): Promise<CatalogClient & Startable> {
    const client = createCatalogClient({
      clusterId: CLUSTER,
      metadata: [this.address],
      clock: nodeClock,
      random: nodeRandom,
      log: silentLog,
    });
    await client.start();
    this.clients.push(client);
    return client;
  }

  admin(): AdminClient {
    const admin = createAdminClient({ addresses: [this.address] });
    this.clients.push({ stop: async () => admin.close() });
    return admin;
  }

  async stop(): Promise<void> {
    for (const client of this.clients.splice(0)) await client.stop();
    await this.node?.stop();
    this.node = undefined;
  }
}
