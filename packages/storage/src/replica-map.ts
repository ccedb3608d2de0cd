// All replicas of this node, made on demand: by the first operation, by a primary that calls, by a
// learner that waits for its primary here, or by a check. It feeds them with configurations, frames,
// connections and ticks, and executes on the node what they want of it.
import type { CatalogChange, CatalogView, ChunkConfig } from "@ashlar/catalog";
import { type ChunkId, type FamilyId, familyOf, type NodeId, type SystemError } from "@ashlar/core";
import {
  type Cancellation,
  type CheckOutcome,
  type ChunkStore,
  type MemberMessage,
  type Operation,
  type PrimaryMessage,
  type ReplyTo,
  SpaceClaims,
} from "@ashlar/replica";
import type { Clock, Log } from "@ashlar/runtime";
import type { Admissions } from "./admissions.ts";
import { ConfigQueue } from "./config-queue.ts";
import { CopyGate } from "./copy-gate.ts";
import type { DiskSet, OpenDisk } from "./disk-set.ts";
import type { GatewayLives } from "./gateway-lives.ts";
import { LoadMeter } from "./load-meter.ts";
import type { PeerEvents, PeerLinks } from "./peer-links.ts";
import { logNotice, refusalOf, refuse } from "./replica-answers.ts";
import { type AdmissionRequest, type DriverPorts, ReplicaDriver } from "./replica-driver.ts";
import { ResyncSlots } from "./resync-slots.ts";
import { isStray } from "./stray-copies.ts";
import { VolumeGenerations } from "./volume-generations.ts";

/** Period of a replica's ticks while it wants them: bounds how long an idle commit stays untold. */
const TICK_MS = 5;
/** Replicas told of a connection within one turn: keeps a turn well below 20 ms. */
const SLICE = 128;
/** A tick that finds little to do is shorter than other steps. */
const TICKED_PER_TURN = 1024;

export interface ReplicaMapDeps {
  readonly node: NodeId;
  readonly view: CatalogView;
  readonly disks: Pick<DiskSet, "all" | "get">;
  readonly gateways: Pick<GatewayLives, "isDead">;
  readonly clock: Clock;
  readonly log: Log;
  readonly onDiskFailed: (disk: OpenDisk, error: SystemError) => void;
}

/** Set once, since links and admissions speak to the map in turn. */
export interface ReplicaMapPeers {
  readonly links: PeerLinks;
  readonly admissions: Admissions;
}

export class ReplicaMap implements PeerEvents {
  readonly resyncs: ResyncSlots;
  readonly copies: CopyGate;
  readonly generations: VolumeGenerations;
  readonly load: LoadMeter;
  resyncBytes = 0;
  private readonly deps: ReplicaMapDeps;
  private readonly ports: DriverPorts;
  private readonly drivers = new Map<ChunkId, ReplicaDriver>();
  private readonly configs: ConfigQueue;
  private readonly linked = new Map<NodeId, Set<ReplicaDriver>>();
  private readonly deleted = new Set<FamilyId>();
  /** Copies on their way out: nobody opens them meanwhile. */
  private readonly leaving = new Set<string>();
  private waking = new Set<ReplicaDriver>();
  private flushing: ReplicaDriver[] = [];
  private peers: ReplicaMapPeers | undefined;
  /** As registered, 0 while it is not. */
  incarnation = 0;
  private readonly claims: SpaceClaims;

  constructor(deps: ReplicaMapDeps) {
    this.deps = deps;
    this.configs = new ConfigQueue(
      deps.clock,
      (config) => this.tellConfig(config),
      // Somebody waits for what is not committed.
      (chunk) => (this.drivers.get(chunk)?.view.uncommitted ?? 0) > 0,
    );
    this.resyncs = new ResyncSlots((chunk) => deps.view.chunk(chunk)?.isr.length ?? 0);
    this.copies = new CopyGate(deps.clock, deps.view);
    this.load = new LoadMeter(deps.clock.nowMs());
    this.generations = new VolumeGenerations(deps, deps.view.volumes.values());
    const reserves = deps.disks.all.map(({ store }) => store.space().reserveBytes);
    this.claims = new SpaceClaims(reserves.length === 0 ? 0 : Math.min(...reserves));
    this.ports = {
      send: (to, message) => this.peers?.links.send(to, message),
      respond: (to, message) => this.respond(to, message),
      link: (driver, node) => this.link(driver, node),
      wake: (driver) => this.wake(driver),
      flushLater: (driver) => this.flushLater(driver),
      admit: (request) => this.peers?.admissions.add(request),
      requestResync: (driver, node) => this.resyncs.request(driver, node),
      releaseResync: (driver, node) => this.resyncs.release(driver, node),
      onNotice: (chunk, notice) => logNotice(this.deps.log, chunk, notice),
      onAppended: (waitedMs) => this.copies.governor.onAppended(deps.clock.nowMs(), waitedMs),
      onDiskBegun: (work) => this.load.onDiskBegun(work),
      onDiskEnded: (work) => this.load.onDiskEnded(deps.clock.nowMs(), work),
      onCopied: (bytes) => {
        this.resyncBytes += bytes;
      },
      onStoreError: (driver, error) => this.onStoreError(driver, error),
    };
  }

  join(peers: ReplicaMapPeers): void {
    this.peers = peers;
  }

  get size(): number {
    return this.drivers.size;
  }

  get all(): Iterable<ReplicaDriver> {
    return this.drivers.values();
  }

  /** @param deadlineMs of the node's clock: the operation gets no LSN later (P9). */
  operation(operation: Operation, deadlineMs: number, replyTo: ReplyTo): void {
    this.configs.hurry(operation.chunk);
    const driver = this.drivers.get(operation.chunk) ?? this.open(operation.chunk);
    if (driver) driver.step({ kind: "operation", operation, deadlineMs, replyTo });
    else refuse(operation, replyTo, this.deps.view.chunk(operation.chunk));
  }

  /** @param replyTo absent when nobody waits for the outcome. */
  cancel(cancellation: Cancellation, replyTo: ReplyTo | undefined): void {
    const { chunk } = cancellation;
    const driver = this.drivers.get(chunk) ?? (replyTo && this.open(chunk));
    if (driver) driver.step({ kind: "cancel", cancellation, replyTo });
    else if (replyTo) refuse(cancellation, replyTo, this.deps.view.chunk(chunk));
  }

  /** @param deep whether all copies are read back and verified, too. */
  check(
    chunk: ChunkId,
    { deep }: { readonly deep: boolean },
    outcome: (outcome: CheckOutcome) => void,
  ): void {
    const driver = this.drivers.get(chunk) ?? this.open(chunk);
    if (driver) driver.step({ kind: "check", deep, outcome });
    else outcome({ kind: "unavailable" });
  }

  /** A new incarnation, or 0 while there is none: leaderships of another one end. */
  identify(incarnation: number): void {
    this.incarnation = incarnation;
    for (const driver of this.drivers.values()) driver.step({ kind: "identity", incarnation });
  }

  onChanges(changes: readonly CatalogChange[]): void {
    // First: nobody leads by a configuration that is newer than the generations it goes by.
    this.generations.onChanges(changes);
    const configs: ChunkConfig[] = [];
    for (const change of changes) {
      if (change.kind === "chunk") {
        const { record } = change;
        if (this.drivers.has(record.chunk) || this.hasLearnerHere(record)) configs.push(record);
      } else if (change.kind === "node" && change.record.state === "up") {
        this.peers?.links.retryNow(change.record.node);
      } else if (change.kind === "volumeDeleted") this.deleted.add(change.family);
    }
    this.configs.add(configs);
  }

  /** Resolves when every replica has been told what {@link onChanges} was told before this call. */
  configsTold(): Promise<void> {
    return this.configs.given();
  }

  /** Told to replicas that exist; made for those whose learners wait for this node. */
  onConfig(config: ChunkConfig): void {
    this.configs.drop(config.chunk);
    this.tellConfig(config);
  }

  /** Stops the chunk's replica and frees what its store holds of it. */
  async remove(chunk: ChunkId): Promise<void> {
    const driver = this.drivers.get(chunk);
    this.drivers.delete(chunk);
    this.configs.drop(chunk);
    // Also those found at start: a peer whose mirror is behind must not bring them back.
    this.deleted.add(familyOf(chunk));
    if (driver) this.end(driver);
    for (const { store, failed } of this.deps.disks.all) {
      if (!failed && (driver === undefined || driver.store === store)) await store.remove(chunk);
    }
  }

  /**
   * Frees what a store holds of a chunk whose copy is elsewhere now, if that is so still: the configuration
   * does not name the store, it has promised no newer epoch, and no primary that goes by a newer
   * configuration has called it since. False if not.
   */
  async removeStray(chunk: ChunkId, store: ChunkStore): Promise<boolean> {
    const config = this.deps.view.chunk(chunk);
    if (!config || !isStray(config, store)) return false;
    if (store.status(chunk).promisedEpoch > config.epoch) return false;
    const driver = this.drivers.get(chunk);
    if (driver?.store === store) {
      if (driver.versionHeard > config.version) return false;
      this.end(driver);
    }
    const key = leavingKey(chunk, store);
    this.leaving.add(key);
    try {
      await store.remove(chunk);
    } finally {
      this.leaving.delete(key);
    }
    return true;
  }

  /** A disk is dead: nothing on it is answered good any more (P19). */
  failDisk({ store }: OpenDisk): void {
    for (const driver of this.drivers.values()) {
      if (driver.store === store) driver.step({ kind: "storeFailed" });
    }
  }

  onAdmissionUnanswered({ chunk, store }: AdmissionRequest): void {
    this.drivers.get(chunk)?.step({ kind: "admissionUnanswered", store });
  }

  onUp(node: NodeId): void {
    this.tellUp(node, [...(this.linked.get(node) ?? [])]);
  }

  onDown(node: NodeId): void {
    for (const driver of this.linked.get(node) ?? []) driver.step({ kind: "linkDown", node });
  }

  fromMember(from: NodeId, message: MemberMessage): void {
    const take = (): void =>
      this.drivers.get(message.chunk)?.step({ kind: "fromMember", from, message });
    if (message.kind === "copyAck") this.copies.pass(take);
    else take();
  }

  fromPrimary(from: NodeId, message: PrimaryMessage): void {
    const driver = this.ownerOf(message) ?? this.openFor(message);
    if (message.kind === "newEpoch" && driver) {
      driver.versionHeard = Math.max(driver.versionHeard, message.version);
    }
    if (driver) driver.step({ kind: "fromPrimary", from, message });
    else this.ports.respond(from, refusalOf(message));
  }

  private respond(to: NodeId, message: MemberMessage): void {
    const tell = (): void => this.peers?.links.respond(to, message);
    if (message.kind === "copyAck") this.copies.pass(tell);
    else tell();
  }

  private tellConfig(config: ChunkConfig): void {
    const driver = this.drivers.get(config.chunk);
    const isOurs = config.members.some(({ node }) => node === this.deps.node);
    // Its copy is on another disk of this node from now on.
    if (
      driver &&
      isOurs &&
      isStray(config, driver.store) &&
      driver.versionHeard <= config.version
    ) {
      this.end(driver);
      if (this.hasLearnerHere(config)) this.open(config.chunk);
    } else if (driver) {
      if (config.learners.length > 0) this.resyncs.reorder(driver, config.members);
      driver.step({ kind: "config", config });
    } else if (this.hasLearnerHere(config)) this.open(config.chunk);
  }

  /** Whether a learner waits for this node as its primary. */
  private hasLearnerHere({ learners, primary }: ChunkConfig): boolean {
    if (learners.length === 0) return false;
    return primary.node === this.deps.node && primary.incarnation === this.incarnation;
  }

  private open(chunk: ChunkId): ReplicaDriver | undefined {
    const { view, disks, node } = this.deps;
    const member = view.chunk(chunk)?.members.find((candidate) => candidate.node === node);
    const disk = member && disks.get(member.storeUuid);
    return disk && this.make(chunk, disk);
  }

  private end(driver: ReplicaDriver): void {
    this.drivers.delete(driver.chunk);
    driver.step({ kind: "removed" });
    for (const drivers of this.linked.values()) drivers.delete(driver);
  }

  /** The replica that is meant: by a newer configuration it may be one on another disk. */
  private ownerOf(message: PrimaryMessage): ReplicaDriver | undefined {
    const driver = this.drivers.get(message.chunk);
    if (message.kind !== "newEpoch" || driver?.store.storeUuid === message.store) return driver;
    const { view, disks } = this.deps;
    const isNewer = message.version >= (view.chunk(message.chunk)?.version ?? 0);
    if (!driver || !isNewer || driver.view.role !== "idle" || !disks.get(message.store))
      return driver;
    this.end(driver);
    return undefined;
  }

  /** A primary may know of this member before our mirror does. */
  private openFor(message: PrimaryMessage): ReplicaDriver | undefined {
    if (message.kind !== "newEpoch" || this.deleted.has(familyOf(message.chunk))) return undefined;
    const disk = this.deps.disks.get(message.store);
    return disk && this.make(message.chunk, disk);
  }

  private make(chunk: ChunkId, { store, failed }: OpenDisk): ReplicaDriver | undefined {
    const { view, gateways } = this.deps;
    const chunkSize = view.cluster?.chunkSize;
    if (failed || chunkSize === undefined || this.leaving.has(leavingKey(chunk, store))) {
      return undefined;
    }
    const { claims } = this;
    const family = familyOf(chunk);
    const driver = new ReplicaDriver(this.ports, {
      chunk,
      store,
      chunkSize,
      claims,
      nowMs: () => this.deps.clock.nowMs(),
      openGeneration: () => this.generations.openOf(family),
      isDeadGateway: (incarnation) => gateways.isDead(incarnation),
    });
    this.drivers.set(chunk, driver);
    driver.step({ kind: "identity", incarnation: this.incarnation });
    const config = view.chunk(chunk);
    if (config) driver.step({ kind: "config", config });
    return driver;
  }

  private link(driver: ReplicaDriver, node: NodeId): void {
    const drivers = this.linked.get(node) ?? new Set();
    this.linked.set(node, drivers.add(driver));
    const links = this.peers?.links;
    if (links?.isUp(node)) driver.step({ kind: "linkUp", node });
    else links?.want(node);
  }

  /** In slices: a node with very many chunks must not stop answering meanwhile. */
  private tellUp(node: NodeId, drivers: readonly ReplicaDriver[]): void {
    for (const driver of drivers.slice(0, SLICE)) driver.step({ kind: "linkUp", node });
    const rest = drivers.slice(SLICE);
    if (rest.length === 0) return;
    this.deps.clock.after(0, () => {
      if (this.peers?.links.isUp(node)) this.tellUp(node, rest);
    });
  }

  private wake(driver: ReplicaDriver): void {
    if (this.waking.size === 0) this.deps.clock.after(TICK_MS, () => this.tick());
    this.waking.add(driver);
  }

  private tick(): void {
    const woken = this.waking;
    this.waking = new Set();
    this.tickSlice(woken);
  }

  private tickSlice(woken: Set<ReplicaDriver>): void {
    let left = TICKED_PER_TURN;
    for (const driver of woken) {
      if (left === 0) break;
      left -= 1;
      woken.delete(driver);
      driver.step({ kind: "tick" });
    }
    if (woken.size > 0) this.deps.clock.after(0, () => this.tickSlice(woken));
  }

  private flushLater(driver: ReplicaDriver): void {
    if (this.flushing.push(driver) === 1) queueMicrotask(() => this.flush());
  }

  private flush(): void {
    const { flushing } = this;
    this.flushing = [];
    for (const driver of flushing) driver.flush();
  }

  private onStoreError({ chunk, store }: ReplicaDriver, error: SystemError): void {
    const disk = this.deps.disks.get(store.storeUuid);
    this.deps.log.error({ chunk, disk: disk?.disk, code: error.code, error }, "replica stopped");
    if (!disk || disk.failed || error.code !== "disk/failed") return;
    disk.failed = true;
    this.failDisk(disk);
    this.deps.onDiskFailed(disk, error);
  }
}

const leavingKey = (chunk: ChunkId, { storeUuid }: ChunkStore): string => `${chunk} ${storeUuid}`;
