// Several storage nodes in one process: real replica maps, peer links and frames, over stores and
// connections in memory and the real catalog state machine. Nodes can be killed and come back.
import type { CatalogChange } from "@ashlar/catalog";
import { TestCatalog, testNode, testStore } from "@ashlar/catalog/testing";
import {
  CHECKSUM_UNIT,
  type ChunkId,
  chunkId,
  type FamilyId,
  familyOf,
  type NodeId,
  present,
  SystemError,
  scatterJoin,
  unitChecksums,
} from "@ashlar/core";
import type { ChunkStore, Operation, OperationReply } from "@ashlar/replica";
import { MemoryChunkStore } from "@ashlar/replica/testing";
import type { Carrier, CarrierDialer } from "@ashlar/rpc";
import { memoryCarrierPair } from "@ashlar/rpc/testing";
import { nodeClock, silentLog } from "@ashlar/runtime";
import { Admissions } from "../admissions.ts";
import type { OpenDisk } from "../disk-set.ts";
import { GatewayLives } from "../gateway-lives.ts";
import { PeerLinks } from "../peer-links.ts";
import { ReplicaMap } from "../replica-map.ts";

const clock = nodeClock;

const memoryStore = (number: number): MemoryChunkStore =>
  new MemoryChunkStore({
    node: testNode(number),
    storeUuid: testStore(number),
    reserveBytes: 16 * 1024 * 1024,
    chunkSize: 16 * 1024 * 1024,
  });

export class ReplicaNode {
  readonly id: NodeId;
  readonly disk: OpenDisk;
  readonly failures: OpenDisk[] = [];
  replicas: ReplicaMap | undefined;
  links: PeerLinks | undefined;
  gateways: GatewayLives | undefined;
  /** Its watch of the catalog has stopped: it hears of nothing new. */
  isDeaf = false;
  readonly carriers = new Set<Carrier>();

  constructor(number: number, store: ChunkStore) {
    this.id = testNode(number);
    this.disk = { disk: store.disk, store, failed: false };
  }

  get store(): MemoryChunkStore {
    return this.disk.store as MemoryChunkStore;
  }
}

export class ReplicaNodes {
  readonly catalog: TestCatalog;
  readonly nodes: readonly ReplicaNode[];
  private told = 0;
  private seq = 0;
  private boots = 1;

  /** @param stores one for each node, or a number of nodes with stores in memory. */
  constructor(stores: number | readonly ChunkStore[]) {
    const opened =
      typeof stores === "number"
        ? Array.from({ length: stores }, (_, at) => memoryStore(at + 1))
        : stores;
    this.catalog = TestCatalog.created();
    this.nodes = opened.map((store, at) => new ReplicaNode(at + 1, store));
    for (const number of this.nodes.keys()) this.start(number + 1);
  }

  node(number: number): ReplicaNode {
    return present(this.nodes[number - 1], "a node of the test");
  }

  /** Boots a node with what its store holds and registers it. */
  start(number: number): void {
    const node = this.node(number);
    const { view } = this.catalog.state;
    const disks = {
      all: [node.disk],
      get: (uuid: string) => (uuid === node.disk.store.storeUuid ? node.disk : undefined),
    };
    const gateways = new GatewayLives({ view, disks });
    node.gateways = gateways;
    const onDiskFailed = (disk: OpenDisk): void => void node.failures.push(disk);
    const replicas = new ReplicaMap({
      node: node.id,
      view,
      disks,
      gateways,
      clock,
      log: silentLog,
      onDiskFailed,
    });
    const addressOf = (peer: NodeId): string => peer;
    const links = new PeerLinks(
      { dialer: this.dialer(node), clock, log: silentLog, addressOf },
      replicas,
    );
    const admissions = new Admissions(
      { client: { addToIsr: async (items) => this.admit(items) }, clock, log: silentLog },
      (request) => replicas.onAdmissionUnanswered(request),
    );
    replicas.join({ links, admissions });
    node.replicas = replicas;
    node.links = links;
    const { incarnation } = this.catalog.nodeUp(number, { boot: this.boots++ });
    this.tell();
    replicas.identify(incarnation);
    for (const config of this.configs()) replicas.onConfig(config);
  }

  /** The process dies; the catalog hears of it only by `declareDown`. */
  kill(number: number): void {
    const node = this.node(number);
    node.replicas = undefined;
    node.links?.stop();
    node.links = undefined;
    for (const carrier of node.carriers)
      carrier.close(new SystemError("rpc/disconnected", "killed"));
  }

  declareDown(number: number): void {
    this.catalog.nodeDown(number);
    this.tell();
  }

  volume(number: number, chunks: number, replicas: number): FamilyId {
    const family = this.catalog.volume(number, chunks, replicas);
    this.tell();
    return family;
  }

  /** Gives every node the changes it has not been told yet. */
  tell(): void {
    const changes: CatalogChange[] = this.catalog.steps
      .slice(this.told)
      .flatMap((step) => [...step.changes]);
    this.told = this.catalog.steps.length;
    for (const { replicas, gateways, isDeaf } of this.nodes) {
      if (isDeaf) continue;
      gateways?.onChanges(changes);
      replicas?.onChanges(changes);
    }
  }

  /** Sends an operation to the chunk's primary until it is answered good. */
  async operate(chunk: ChunkId, part: Partial<Operation> = {}): Promise<OperationReply> {
    const seq = ++this.seq;
    const offset = part.offset ?? 0;
    const data = [Buffer.alloc(part.length ?? CHECKSUM_UNIT, seq)];
    for (;;) {
      const config = present(this.catalog.state.view.chunk(chunk), "the chunk exists");
      const operation = {
        kind: "write",
        chunk,
        layer: 0,
        epoch: config.epoch,
        opId: { incarnation: 999, seq },
        lowestUnresolvedSeq: seq,
        token: 0,
        generation: this.generationOf(chunk),
        offset,
        length: CHECKSUM_UNIT,
        data,
        checksums: unitChecksums(chunk, offset, data),
        ...part,
      } as Operation;
      const primary = this.nodes.find(({ id }) => id === config.primary.node)?.replicas;
      const reply = await new Promise<OperationReply | undefined>((resolve) => {
        if (primary) primary.operation(operation, Number.POSITIVE_INFINITY, resolve);
        else resolve(undefined);
        clock.after(300, () => resolve(undefined));
      });
      if (reply && !["notActive", "notPrimary", "staleEpoch", "busy"].includes(reply.status))
        return reply;
      await this.pause();
    }
  }

  async read(chunk: ChunkId, offset = 0): Promise<Buffer> {
    const reply = await this.operate(chunk, { kind: "read", offset });
    return scatterJoin(reply.data);
  }

  /** Resolves when the condition holds; the test's own time limit is the only other way out. */
  async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isSo())) await this.pause();
  }

  isrOf(chunk: ChunkId): number {
    return this.catalog.state.view.chunk(chunk)?.isr.length ?? 0;
  }

  /** Whether all members of these chunks hold the same. */
  async areAlike(...chunks: readonly ChunkId[]): Promise<boolean> {
    for (const chunk of chunks) {
      const { members = [] } = this.catalog.state.view.chunk(chunk) ?? {};
      const digests = members.map(({ node }) => {
        const found = this.nodes.find(({ id }) => id === node);
        return present(found, "a member is a node").disk.store.digest(chunk);
      });
      if (new Set(await Promise.all(digests)).size !== 1) return false;
    }
    return true;
  }

  stop(): void {
    for (const number of this.nodes.keys()) this.kill(number + 1);
  }

  private generationOf(chunk: ChunkId): number {
    const volumes = [...this.catalog.state.view.volumes.values()];
    return volumes.find(({ family }) => family === familyOf(chunk))?.generation ?? 0;
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => clock.after(2, resolve));
  }

  private *configs() {
    for (const { family } of this.catalog.state.view.volumes.values()) {
      yield* this.catalog.state.view.chunksOf(family);
    }
  }

  private admit(items: Parameters<Admissions["add"]>[0][]): void {
    this.catalog.done({ kind: "addToIsr", items });
    this.tell();
  }

  private dialer(from: ReplicaNode): CarrierDialer {
    return {
      dial: async (address) => {
        const to = this.nodes.find(({ id }) => id === address);
        if (!to?.links) throw new SystemError("rpc/unavailable", `${address} is dead`);
        const pair = memoryCarrierPair({
          purpose: "replication",
          client: { node: from.id, incarnation: 1 },
          server: { node: to.id, incarnation: 1 },
        });
        for (const node of [from, to])
          for (const end of [pair.client, pair.server]) node.carriers.add(end);
        to.links.accept(pair.server);
        return pair.client;
      },
    };
  }
}

export const chunkOf = (family: FamilyId, index: number): ChunkId => chunkId(family, index);
