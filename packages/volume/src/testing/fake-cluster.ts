// Storage nodes for tests of the gateway's side: real carriers on loopback, behind them one memory
// that all nodes share, as replicas share their content. A node serves the chunks it leads in the
// catalog, at the right epoch, each opId once; tests step in before it answers.

import {
  type CatalogChange,
  CatalogMirror,
  DEFAULT_COPY_SPEED,
  type NodeRecord,
  UNUSED_STATE,
  type VolumeRecord,
} from "@ashlar/catalog";
import {
  type ChunkId,
  chunkId,
  clusterId,
  diskId,
  familyId,
  type NodeId,
  nodeId,
  present,
  SystemError,
  scatterJoin,
  scatterOr,
  storeUuid,
  unitChecksums,
  volumeId,
  volumeName,
} from "@ashlar/core";
import type {
  Cancellation,
  Operation,
  OperationReply,
  OperationStatusName,
  OpId,
} from "@ashlar/replica";
import {
  type Carrier,
  type CarrierKind,
  CarrierServer,
  type CatalogClient,
  createCarrierDialer,
  GrpcServer,
  OperationServer,
  OperationStreams,
} from "@ashlar/rpc";
import { nodeClock, nodeRandom, silentLog } from "@ashlar/runtime";

export const CLUSTER = clusterId("0a0b0c0d-0000-4000-8000-000000000001");
export const VOLUME = volumeId("0a0b0c0d-0000-4000-8000-0000000000aa");
const FAMILY = familyId(3);
/** Small, so that short ranges cross borders. */
export const CHUNK_SIZE = 2 * 1024 * 1024;
export const CHUNKS = 4;
export const chunkOf = (index: number): ChunkId => chunkId(FAMILY, index);

const NO_SUMS = new Uint32Array(0);

/** Looks at an operation first; true when it has dealt with it. */
export type Intercept = (operation: Operation, reply: (reply: OperationReply) => void) => boolean;

export function replyOf(
  status: OperationStatusName,
  more: Partial<OperationReply> = {},
): OperationReply {
  return { status, epoch: 0, value: 0, data: [], checksums: NO_SUMS, ...more };
}

/** A catalog that tests change by hand. */
export class FakeCatalog implements CatalogClient {
  readonly view = new CatalogMirror();
  private readonly listeners = new Set<(changes: readonly CatalogChange[]) => void>();
  private index = 0;

  change(...changes: CatalogChange[]): void {
    this.index += 1;
    this.view.apply(changes, this.index);
    for (const listen of [...this.listeners]) listen(changes);
  }

  onChanges(listen: (changes: readonly CatalogChange[]) => void): () => void {
    this.listeners.add(listen);
    return () => this.listeners.delete(listen);
  }

  async ready(): Promise<void> {}
  async catchUp(): Promise<void> {}
  async addToIsr(): Promise<void> {}
  async storeDown(): Promise<void> {}
  async fenceVolume(): Promise<void> {}
  async placeSession(): Promise<undefined> {}

  async changeReservation(): Promise<"unchanged"> {
    return "unchanged";
  }
  async proveReservations(): Promise<{ readonly changes: number }> {
    return { changes: 0 };
  }
  async reachedIndex(): Promise<void> {}
  onSuperseded(): void {}

  async registerStorage(): Promise<{ readonly incarnation: number }> {
    throw new SystemError("internal", "not in this fake");
  }

  async registerGateway(): Promise<{ readonly incarnation: number }> {
    throw new SystemError("internal", "not in this fake");
  }
}

/** What the replicas hold, as one. */
class SharedContent {
  private readonly chunks = new Map<ChunkId, Buffer>();
  private readonly done = new Map<string, OperationReply>();

  /** Whether an operation was done. */
  isDone(opId: OpId): boolean {
    return this.done.get(keyOf(opId))?.status === "good";
  }

  /** Does an operation, or gives the answer it was given before. */
  perform(operation: Operation): OperationReply {
    const key = keyOf(operation.opId);
    const before = this.done.get(key);
    if (before) return before;
    const answer = this.decide(operation);
    if (operation.kind !== "read") this.done.set(key, answer);
    return answer;
  }

  private decide(operation: Operation): OperationReply {
    const { epoch, offset, length } = operation;
    let content = this.chunks.get(operation.chunk);
    if (!content) {
      content = Buffer.alloc(CHUNK_SIZE);
      this.chunks.set(operation.chunk, content);
    }
    const range = content.subarray(offset, offset + length);
    if (operation.kind === "read") {
      const data = [Buffer.from(range)];
      return replyOf("good", {
        epoch,
        data,
        checksums: unitChecksums(operation.chunk, offset, data),
      });
    }
    if (operation.kind === "unmap") {
      range.fill(0);
      return replyOf("good", { epoch });
    }
    const payload = scatterJoin(operation.data);
    if (unitChecksums(operation.chunk, offset, [payload]).join() !== operation.checksums.join()) {
      return replyOf("badChecksum", { epoch });
    }
    if (operation.kind === "compareAndWrite") {
      const value = range.findIndex((byte, index) => byte !== payload[index]);
      if (value >= 0) return replyOf("miscompare", { epoch, value });
    }
    if (operation.kind === "orWrite") scatterOr([range], [payload]).copy(range);
    else payload.copy(range, 0, payload.length - length);
    return replyOf("good", { epoch });
  }
}

const keyOf = ({ incarnation, seq }: OpId): string => `${incarnation}.${seq}`;

export class FakeNode {
  readonly node: NodeId;
  /** Every operation that arrived, in order. */
  readonly seen: Operation[] = [];
  /** Every cancellation that somebody waits for. */
  readonly cancelled: Cancellation[] = [];
  /** Looks at a cancellation first; true when it has dealt with it. */
  interceptCancel: (reply: (reply: OperationReply) => void) => boolean = () => false;
  readonly carriers = new Set<Carrier>();
  intercept: Intercept = () => false;
  incarnation = 1;
  private readonly catalog: FakeCatalog;
  private readonly content: SharedContent;
  private streams = new OperationStreams();
  private server: { readonly grpc: GrpcServer; readonly carriers: CarrierServer } | undefined;

  constructor(node: NodeId, catalog: FakeCatalog, content: SharedContent) {
    this.node = node;
    this.catalog = catalog;
    this.content = content;
  }

  async start(): Promise<void> {
    this.streams = new OperationStreams();
    const grpc = new GrpcServer(
      { log: silentLog },
      { clusterId: CLUSTER, host: "127.0.0.1", port: 0 },
    );
    const carriers = new CarrierServer({
      self: { node: this.node, incarnation: () => this.incarnation },
      clusterId: CLUSTER,
      socketListen: { host: "127.0.0.1", port: 0 },
      accept: (carrier) => {
        this.carriers.add(carrier);
        carrier.onClose(() => this.carriers.delete(carrier));
        new OperationServer(
          carrier,
          { streams: this.streams, clock: nodeClock, random: nodeRandom },
          {
            operate: (operation, deadlineMs, reply) => this.handle(operation, deadlineMs, reply),
            cancel: (cancellation, reply) => this.cancel(cancellation, reply),
          },
        );
      },
      random: nodeRandom,
      log: silentLog,
    });
    carriers.addTo(grpc);
    await carriers.start();
    await grpc.start();
    this.server = { grpc, carriers };
    this.register();
  }

  /** Puts the node's record into the catalog. */
  register(): void {
    this.catalog.change({
      kind: "node",
      record: this.record(`127.0.0.1:${this.server?.grpc.port}`),
    });
  }

  async stop(): Promise<void> {
    await this.server?.carriers.stop();
    await this.server?.grpc.stop();
    this.server = undefined;
  }

  /** Breaks every connection; the node goes on. */
  disconnect(): void {
    for (const carrier of [...this.carriers]) carrier.close();
  }

  /** Does an operation as a primary would, whatever `intercept` says. */
  perform(operation: Operation): OperationReply {
    return this.content.perform(operation);
  }

  private cancel(
    { opId, ...rest }: Cancellation,
    reply: ((reply: OperationReply) => void) | undefined,
  ): void {
    if (!reply) return;
    this.cancelled.push({ opId, ...rest });
    if (this.interceptCancel(reply)) return;
    reply(replyOf(this.content.isDone(opId) ? "logged" : "cancelled"));
  }

  private handle(
    operation: Operation,
    deadlineMs: number,
    reply: (reply: OperationReply) => void,
  ): void {
    this.seen.push(operation);
    if (this.intercept(operation, reply)) return;
    if (nodeClock.nowMs() > deadlineMs) {
      reply(replyOf("staleToken"));
      return;
    }
    const config = this.catalog.view.chunk(operation.chunk);
    if (!config || config.primary.node !== this.node) reply(replyOf("notPrimary"));
    else if (config.epoch !== operation.epoch) {
      reply(replyOf("staleEpoch", { epoch: config.epoch }));
    } else reply(this.perform(operation));
  }

  private record(address: string): NodeRecord {
    const { node, incarnation } = this;
    return {
      node,
      state: "up",
      incarnation,
      bootId: "b",
      address,
      disks: [],
      service: "in",
      zone: "",
    };
  }
}

export class FakeCluster {
  readonly catalog = new FakeCatalog();
  readonly nodes: readonly FakeNode[];

  constructor(nodeCount = 2) {
    const content = new SharedContent();
    this.nodes = Array.from(
      { length: nodeCount },
      (_, index) => new FakeNode(nodeId(`storage-${index + 1}`), this.catalog, content),
    );
  }

  /** Starts the nodes and makes VOLUME of CHUNKS chunks, led in turn. */
  async start(): Promise<void> {
    this.catalog.change(
      {
        kind: "cluster",
        record: {
          clusterId: CLUSTER,
          chunkSize: CHUNK_SIZE,
          createdAt: "",
          familiesGiven: 1,
          familiesSkipped: [],
          rebalancing: "auto",
          copySpeed: DEFAULT_COPY_SPEED,
          advice: "manual",
        },
      },
      {
        kind: "volume",
        record: {
          volume: VOLUME,
          name: volumeName("v"),
          family: FAMILY,
          sizeBytes: CHUNKS * CHUNK_SIZE,
          blockSize: 512,
          replicas: 2,
          ...UNUSED_STATE,
          access: "any",
          mappings: [],
          iqn: "iqn.2026-11.io.ashlar:0a0b0c0d:v",
          lun: 0,
          createdAt: "",
        },
      },
    );
    for (const node of this.nodes) await node.start();
    for (let index = 0; index < CHUNKS; index++) {
      this.lead(index, index % this.nodes.length, 1);
    }
  }

  /** Changes VOLUME's record. */
  changeVolume(part: Partial<VolumeRecord>): void {
    const record = present(this.catalog.view.volumes.get(VOLUME), "the cluster was started");
    this.catalog.change({ kind: "volume", record: { ...record, ...part } });
  }

  /** Makes a node the primary of a chunk, at `epoch`. */
  lead(index: number, leader: number, epoch: number): void {
    const members = this.nodes.map(({ node }, at) => ({
      node,
      disk: diskId("disk-1"),
      storeUuid: storeUuid(`0a0b0c0d-0000-4000-8000-00000000100${at}`),
    }));
    this.catalog.change({
      kind: "chunk",
      record: {
        chunk: chunkOf(index),
        epoch,
        version: epoch,
        members,
        isr: members.map(({ storeUuid: uuid }) => uuid),
        learners: [],
        primary: { node: this.nodes[leader]!.node, incarnation: 1 },
      },
    });
  }

  dialer(kind: CarrierKind): ReturnType<typeof createCarrierDialer> {
    return createCarrierDialer({
      self: { node: nodeId("gateway-1"), incarnation: () => 9 },
      clusterId: CLUSTER,
      kind,
      random: nodeRandom,
      log: silentLog,
    });
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) await node.stop();
  }
}
