// A seeded world around the real replicas of one chunk: connections that delay and break, disks that lose
// what was not synced, nodes that crash, restart, stop, and are declared down while they live, a catalog
// heard late. Checked on the way: P3, P4, P5, P10; at the end: replicas and their windows equal (P15, P10),
// all copies back (L3), every sector explained (P1, P6, P13).
import { type ChunkId, chunkId, familyId, type Lsn, nodeId, storeUuid } from "@ashlar/core";
import type { CheckOutcome, ReplicaEffect, ReplicaEvent } from "../../events.ts";
import type { LogEntry } from "../../log-entry.ts";
import { Replica } from "../../replica.ts";
import { SimArrivals } from "./sim-arrivals.ts";
import { SimCatalog } from "./sim-catalog.ts";
import { SimCheckers } from "./sim-checkers.ts";
import { SIM_CHUNK_SIZE, SimClients } from "./sim-clients.ts";
import { checkEnd } from "./sim-end.ts";
import { SimFaults } from "./sim-faults.ts";
import { SimGenerations } from "./sim-generations.ts";
import { SimNetwork } from "./sim-network.ts";
import { askStore, describeNode, type SimNode } from "./sim-node.ts";
import type { SimOptions } from "./sim-options.ts";
import { SimRandom } from "./sim-random.ts";
import { SimStore } from "./sim-store.ts";

type AdmitRequest = (ReplicaEffect & { readonly kind: "admit" })["request"];

const CHUNK: ChunkId = chunkId(familyId(1), 0);
const SETTLE_STEPS_MAX = 60_000;
const CLIENTS = 6;

export class SimCluster {
  readonly counts = { active: 0, resyncs: 0, admitted: 0, repaired: 0 };
  readonly faults: SimFaults;
  readonly clients: SimClients;
  readonly generations: SimGenerations;
  private readonly options: SimOptions;
  private readonly random: SimRandom;
  readonly catalog: SimCatalog;
  private readonly nodes: readonly SimNode[];
  private readonly network: SimNetwork;
  readonly arrivals: SimArrivals;
  private admissions: { node: SimNode; request: AdmitRequest }[] = [];
  private readonly checkers = new SimCheckers();
  private now = 0;
  private healing = false;

  constructor(options: SimOptions) {
    this.options = options;
    this.random = new SimRandom(options.seed);
    const members = Array.from({ length: options.nodes }, (_, at) => ({
      node: nodeId(`storage-${at + 1}`),
      storeUuid: storeUuid(`00000000-0000-4000-8000-00000000000${at + 1}`),
    }));
    this.catalog = new SimCatalog(CHUNK, members, options.isrSize);
    this.generations = new SimGenerations({
      random: this.random,
      catalog: this.catalog,
      checkers: this.checkers,
      nodes: () => this.nodes,
    });
    this.nodes = members.map((member) => ({
      member,
      store: new SimStore(CHUNK),
      replica: undefined,
      incarnation: this.catalog.incarnationOf(member.node),
      heard: 0,
      heardIndex: 0,
      questions: [],
      grants: [],
      awake: false,
      paused: false,
      stepping: false,
      events: [],
    }));
    this.network = new SimNetwork(this.random, this.nodes, (node, event) => this.give(node, event));
    this.faults = new SimFaults({
      random: this.random,
      catalog: this.catalog,
      nodes: this.nodes,
      network: this.network,
      stopsPercent: options.stopsPercent,
      flipsPercent: options.flipsPercent,
      replaceGateway: () => this.clients.replaceGateway(),
      onCrashed: (crashed) => {
        this.admissions = this.admissions.filter(({ node }) => node !== crashed);
      },
    });
    for (const node of this.nodes) this.boot(node);
    this.arrivals = new SimArrivals({
      random: this.random,
      checkers: this.checkers,
      nodes: this.nodes,
      answersGetLost: () => !this.healing,
      nowMs: () => this.now,
      give: (node, event) => this.give(node, event),
    });
    this.clients = new SimClients(
      {
        random: this.random,
        now: () => this.now,
        config: () => this.catalog.config,
        register: (former) => this.catalog.gatewayUp(former),
        generationAt: (version) => this.generations.at(version).generation,
        send: (request) => this.arrivals.send(request),
      },
      CLIENTS,
    );
  }

  /** Runs the whole story; throws when a rule is broken. */
  run(): void {
    while (this.now < this.options.steps) this.step();
    this.healing = true;
    const end = this.now + SETTLE_STEPS_MAX;
    while (!this.isSettled && this.now < end) this.step();
    if (!this.isSettled) throw new Error(`L3: not settled: ${this.describe()}`);
    let isRead = false;
    this.clients.readAll(() => {
      isRead = true;
    });
    while (!isRead && this.now < end) this.step();
    if (!isRead) throw new Error(`L1: final reads not answered: ${this.describe()}`);
    this.repairAll(end);
    checkEnd(this.nodes, this, () => this.describe());
  }

  /** P14: where a good copy is left, a check finds what nobody has read and repairs it. */
  private repairAll(end: number): void {
    let outcome: CheckOutcome | undefined;
    const isClean = (): boolean => outcome?.kind === "checked" && outcome.damagedUnits === 0;
    while (!isClean() && this.now < end) {
      outcome = undefined;
      const { primary } = this.catalog.config;
      const leader = this.nodes.find(({ member }) => member.node === primary.node)!;
      this.give(leader, {
        kind: "check",
        deep: true,
        outcome: (told) => {
          outcome = told;
        },
      });
      while (outcome === undefined && this.now < end) this.step();
    }
    const damaged = this.nodes.flatMap(({ store }) => store.damagedUnits);
    if (!isClean() || damaged.length > 0) {
      throw new Error(`P14: not repaired: ${damaged}: ${this.describe()}`);
    }
  }

  private get isSettled(): boolean {
    return (
      this.clients.areIdle &&
      this.generations.isSettled &&
      this.catalog.config.isr.length === this.nodes.length &&
      this.nodes.every(
        (node) =>
          node.replica &&
          !node.paused &&
          node.heardIndex === this.catalog.index &&
          node.store.pendingCount === 0 &&
          node.questions.length === 0 &&
          !node.awake &&
          node.replica.view.uncommitted === 0,
      ) &&
      this.network.isQuiet
    );
  }

  private step(): void {
    this.now += 1;
    if (!this.healing && this.random.below(1000) < this.options.faultsPerMille) {
      this.faults.strike();
    }
    const actions: readonly (readonly [weight: number, act: () => void])[] = [
      [16, () => this.network.deliver()],
      [6, () => this.syncDisk()],
      [6, () => this.answer()],
      [3, () => this.hearConfig()],
      [3, () => this.network.dial()],
      [2, () => this.tick()],
      [2, () => this.grant()],
      [2, () => this.decideAdmission()],
      [2, () => this.ping()],
      [1, () => this.resume()],
      [8, () => this.arrivals.arrive()],
      [8, () => this.clients.act(!this.healing)],
      [this.options.changes ? 6 : 0, () => this.generations.act(!this.healing)],
    ];
    let choice = this.random.below(actions.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, act] of actions) {
      choice -= weight;
      if (choice >= 0) continue;
      act();
      return;
    }
  }

  /** One that is stopped goes on, soon or after the others have replaced it. */
  private resume(): void {
    const node = this.random.pick(this.nodes);
    if (!node.paused || !(this.healing || this.random.chance(15))) return;
    node.paused = false;
    const gathered = node.events.splice(0);
    const isAskedFirst = this.random.chance(50);
    if (isAskedFirst) this.arrivals.arriveAt(node);
    node.events.push(...gathered);
    this.drain(node);
    if (!isAskedFirst) this.arrivals.arriveAt(node);
  }

  private boot(node: SimNode): void {
    const { store, member } = node;
    node.heard = 0;
    node.heardIndex = 0;
    node.replica = new Replica({
      chunk: CHUNK,
      node: member.node,
      store: member.storeUuid,
      chunkSize: SIM_CHUNK_SIZE,
      status: store.status,
      uncommitted: [...store.uncommitted],
      windows: store.windows,
      isDeadGateway: (incarnation) => this.catalog.isDeadGateway(incarnation, node.heardIndex),
      freeBytes: () => 1 << 30,
      nowMs: () => this.now,
      openGeneration: () => this.generations.openAt(node.heard),
    });
    this.give(node, { kind: "identity", incarnation: node.incarnation });
    if (this.options.changes) this.catchUp(node);
  }

  /** What a process told of its mirror holds for the next one, too: it begins with a read index. */
  private catchUp(node: SimNode): void {
    const { config } = this.catalog;
    node.heard = config.version;
    this.give(node, { kind: "config", config });
  }

  /** Restarts what is dead and registers what the catalog thinks is down. */
  private ping(): void {
    const node = this.random.pick(this.nodes);
    const { node: id } = node.member;
    if (node.paused) {
      // Its silence is noticed.
      this.catalog.nodeDown(id);
      return;
    }
    if (!node.replica) {
      if (!this.healing && !this.random.chance(5)) return;
      this.boot(node);
    }
    const isCurrent = node.incarnation === this.catalog.incarnationOf(id) && node.incarnation > 0;
    if (isCurrent && this.catalog.isUp(id)) return;
    this.give(node, { kind: "identity", incarnation: 0 });
    node.incarnation = this.catalog.nodeUp(id);
    this.give(node, { kind: "identity", incarnation: node.incarnation });
  }

  private syncDisk(): void {
    const node = this.random.pick(this.nodes);
    if (!node.replica || node.store.pendingCount === 0) return;
    const upTo = node.store.sync(1 + this.random.below(node.store.pendingCount));
    if (upTo > 0) this.give(node, { kind: "journaled", upTo });
  }

  private answer(): void {
    const node = this.random.pick(this.nodes);
    if (!node.replica || node.questions.length === 0) return;
    const [asked] = node.questions.splice(this.random.below(node.questions.length), 1);
    const { token, question, early } = asked!;
    // A read may see what was committed until it ended.
    const answer =
      question.kind === "read" && this.random.chance(50) ? askStore(node, question) : early;
    this.give(node, { ...answer, token });
  }

  private hearConfig(): void {
    const node = this.random.pick(this.nodes);
    const { config, past, index } = this.catalog;
    if (!node.replica || node.paused) return;
    if (past.length > 0 && this.random.chance(20)) {
      const older = this.random.pick(past.slice(-3));
      node.heardIndex = Math.max(node.heardIndex, this.catalog.indexOfVersion(older.version));
      this.give(node, { kind: "config", config: older });
    }
    if (node.heardIndex === index || this.random.chance(30)) return;
    node.heardIndex = index;
    if (node.heard === config.version) return;
    node.heard = config.version;
    this.give(node, { kind: "config", config });
  }

  private tick(): void {
    const node = this.random.pick(this.nodes);
    if (!node.replica || !node.awake) return;
    node.awake = false;
    this.give(node, { kind: "tick" });
  }

  private grant(): void {
    const node = this.random.pick(this.nodes);
    const to = node.grants.shift();
    if (to) this.give(node, { kind: "resyncGranted", node: to });
  }

  private decideAdmission(): void {
    const admission = this.admissions.shift();
    if (!admission) return;
    const { node, request } = admission;
    if (this.random.chance(85)) {
      const before = this.catalog.config.isr.length;
      this.catalog.admit(request);
      if (this.catalog.config.isr.length > before) this.counts.admitted += 1;
    }
    // As the driver does: whoever was admitted hears it from the catalog, for others it is a reminder.
    this.give(node, { kind: "admissionUnanswered", store: request.store });
  }

  private give(node: SimNode, event: ReplicaEvent): void {
    node.events.push(event);
    if (!node.stepping && !node.paused) this.drain(node);
  }

  private drain(node: SimNode): void {
    node.stepping = true;
    for (let next = node.events.shift(); next; next = node.events.shift()) {
      for (const effect of node.replica?.step(next) ?? []) this.execute(node, effect);
    }
    node.stepping = false;
  }

  private execute(node: SimNode, effect: ReplicaEffect): void {
    switch (effect.kind) {
      case "commit":
        this.onCommit(node, effect.lsn);
        return;
      case "ask":
        node.questions.push({ ...effect, early: askStore(node, effect.question) });
        return;
      case "send":
        this.network.send(node, effect.to, effect.message);
        return;
      case "respond":
        this.network.respond(node, effect.to, effect.message);
        return;
      case "reply":
        effect.replyTo(effect.reply);
        return;
      case "link":
        this.network.want(node, effect.node);
        return;
      case "wake":
        node.awake = true;
        return;
      case "admit":
        this.admissions.push({ node, request: effect.request });
        return;
      case "requestResync":
        node.grants.push(effect.node);
        return;
      case "releaseResync":
        return;
      case "checked":
        effect.report(effect.outcome);
        return;
      case "notice":
        this.onNotice(node, effect);
        return;
      default:
        if (effect.kind === "append") this.onAppend(node, effect.entry);
        node.store.call(effect);
    }
  }

  private onCommit({ member, store }: SimNode, lsn: Lsn): void {
    for (const entry of store.entriesUpTo(lsn)) {
      this.checkers.onCommit(member.node, entry);
      this.checkers.onCommittedEntry(entry);
    }
    store.commit(lsn);
  }

  private onAppend(node: SimNode, entry: LogEntry): void {
    this.checkers.onAppend(entry);
    const leads = node.replica?.view.role === "primaryActive";
    if (leads) this.checkers.onAssigned(node.member.node, entry, this.now);
  }

  private onNotice(node: SimNode, { notice }: ReplicaEffect & { readonly kind: "notice" }): void {
    if (notice.what === "diverged") throw new Error(`P4: ${JSON.stringify(notice)}`);
    if (notice.what === "resyncEnded") this.counts.resyncs += 1;
    const isRepair = notice.what === "repaired" || notice.what === "repairSent";
    if (isRepair) this.counts.repaired += notice.units.length;
    if (notice.what !== "active") return;
    this.checkers.onActive(node.member.node, notice.epoch);
    this.counts.active += 1;
  }

  private describe(): string {
    const nodes = this.nodes.map(describeNode);
    return JSON.stringify({ config: this.catalog.config, nodes, idle: this.clients.areIdle });
  }
}
