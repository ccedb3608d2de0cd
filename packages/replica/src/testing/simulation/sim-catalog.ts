// The metadata service of a simulation: one chunk's configuration, changed by the bulk commands and
// by compare-and-swap, as in ARCHITECTURE.md.
import type { ChunkId, NodeId, StoreUuid } from "@ashlar/core";
import type { ReplicaConfig, ReplicaEffect } from "../../events.ts";

type AdmitRequest = (ReplicaEffect & { readonly kind: "admit" })["request"];

export interface SimMember {
  readonly node: NodeId;
  readonly storeUuid: StoreUuid;
}

export class SimCatalog {
  config: ReplicaConfig;
  /** Changes so far: mirrors have them in this order. */
  index = 0;
  /** All there ever were, oldest first: news may come late and out of order. */
  readonly past: ReplicaConfig[] = [];
  private incarnations = 0;
  /** As registered; a node that is down keeps its last. */
  private readonly registered = new Map<NodeId, number>();
  private readonly up = new Set<NodeId>();
  /** Gateway incarnations that are dead -> the change that said so. */
  private readonly diedAt = new Map<number, number>();
  /** Version of a configuration -> the change that made it. */
  private readonly indexOf = new Map<number, number>();

  constructor(chunk: ChunkId, members: readonly SimMember[], isrSize: number) {
    for (const { node } of members) {
      this.registered.set(node, ++this.incarnations);
      this.up.add(node);
    }
    const stores = members.map(({ storeUuid }) => storeUuid);
    this.config = {
      chunk,
      epoch: 1,
      version: 1,
      members,
      isr: stores.slice(0, isrSize),
      learners: stores.slice(isrSize),
      primary: this.naming(members[0]!.node),
    };
  }

  incarnationOf(node: NodeId): number {
    return this.registered.get(node) ?? 0;
  }

  isUp(node: NodeId): boolean {
    return this.up.has(node);
  }

  /** A gateway registers, anew in place of `former`, which is dead from then on. */
  gatewayUp(former?: number): number {
    this.index += 1;
    if (former !== undefined) this.diedAt.set(former, this.index);
    return ++this.incarnations;
  }

  /** Whether a mirror that has the first `index` changes takes that gateway incarnation for dead. */
  isDeadGateway(incarnation: number, index: number): boolean {
    return (this.diedAt.get(incarnation) ?? Number.POSITIVE_INFINITY) <= index;
  }

  /** The change that made a configuration. */
  indexOfVersion(version: number): number {
    return this.indexOf.get(version) ?? 0;
  }

  nodeDown(node: NodeId): void {
    if (!this.up.delete(node)) return;
    const { isr, learners, primary } = this.config;
    const store = this.storeOf(node);
    const rest = isr.filter((other) => other !== store);
    const left = rest.length > 0 ? rest : isr;
    this.change({ isr: left, learners: learners.filter((other) => other !== store) });
    if (primary.node !== node || rest.length === 0) return;
    const candidates = rest.map((uuid) => this.nodeOf(uuid));
    this.lead(candidates.find((candidate) => this.up.has(candidate)) ?? candidates[0]!);
  }

  nodeUp(node: NodeId): number {
    const incarnation = ++this.incarnations;
    this.registered.set(node, incarnation);
    this.up.add(node);
    const { isr, learners, primary } = this.config;
    const store = this.storeOf(node);
    const returns = !isr.includes(store) && !learners.includes(store);
    this.change({ learners: returns ? [...learners, store] : learners });
    if (primary.node === node) this.lead(node);
    return incarnation;
  }

  /** Moves the primary within the ISR, as rebalancing does. */
  movePrimary(node: NodeId): void {
    if (this.config.isr.includes(this.storeOf(node)) && this.up.has(node)) {
      this.change({});
      this.lead(node);
    }
  }

  admit({ epoch, version, store }: AdmitRequest): boolean {
    const { config } = this;
    if (config.epoch !== epoch) return false;
    if (config.isr.includes(store)) return true;
    if (config.version !== version || !config.learners.includes(store)) return false;
    const learners = config.learners.filter((other) => other !== store);
    this.change({ isr: [...config.isr, store], learners });
    return true;
  }

  /** Something else of the catalog changes: mirrors hear of it in order. @returns its version. */
  touch(): number {
    this.change({});
    return this.config.version;
  }

  private naming(node: NodeId): ReplicaConfig["primary"] {
    return { node, incarnation: this.incarnationOf(node) };
  }

  private lead(node: NodeId): void {
    this.config = { ...this.config, epoch: this.config.epoch + 1, primary: this.naming(node) };
  }

  private change(part: Partial<Pick<ReplicaConfig, "isr" | "learners">>): void {
    this.past.push(this.config);
    this.index += 1;
    this.config = { ...this.config, ...part, version: this.config.version + 1 };
    this.indexOf.set(this.config.version, this.index);
  }

  private storeOf(node: NodeId): StoreUuid {
    return this.config.members.find((member) => member.node === node)!.storeUuid;
  }

  private nodeOf(store: StoreUuid): NodeId {
    return this.config.members.find((member) => member.storeUuid === store)!.node;
  }
}
