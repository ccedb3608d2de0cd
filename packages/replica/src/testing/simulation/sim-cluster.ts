// A seeded world around the real replicas of one chunk: connections that delay and break, disks that
// sync late and lose what was not synced, nodes that crash, restart and are declared down while they
// live, a catalog heard late. Checked on the way: P4, P5, at most one ACTIVE per epoch (P3); at the
// end: replicas equal (P15), all copies back (L3), every sector explained (P1, P6, P13).
import {
  type ChunkId,
  chunkId,
  crc32cOfScatter,
  familyId,
  formatLsn,
  type NodeId,
  nodeId,
  storeUuid,
} from "@ashlar/core";
import type { Answers, Question, ReplicaEffect, ReplicaEvent } from "../../events.ts";
import type { LogEntry } from "../../log-entry.ts";
import type { MemberMessage, PrimaryMessage } from "../../messages.ts";
import type { Operation, OperationReply } from "../../operations.ts";
import { Replica } from "../../replica.ts";
import { SimCatalog, type SimMember } from "./sim-catalog.ts";
import { SIM_CHUNK_SIZE, SimClients } from "./sim-clients.ts";
import { SimRandom } from "./sim-random.ts";
import { SimStore } from "./sim-store.ts";

interface SimNode {
  readonly member: SimMember;
  readonly store: SimStore;
  /** Undefined while the process is dead. */
  replica: Replica | undefined;
  incarnation: number;
  /** Version heard last; 0 after a restart. */
  heard: number;
  questions: {
    readonly token: number;
    readonly question: Question;
    early: Answers[keyof Answers];
  }[];
  readonly grants: NodeId[];
  awake: boolean;
  stepping: boolean;
  readonly events: ReplicaEvent[];
}

interface SimLink {
  readonly primary: SimNode;
  readonly member: SimNode;
  up: boolean;
  readonly toMember: PrimaryMessage[];
  readonly toPrimary: MemberMessage[];
}

type AdmitRequest = (ReplicaEffect & { readonly kind: "admit" })["request"];

export interface SimOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly isrSize: number;
  /** Steps with faults, before everything is healed. */
  readonly steps: number;
  /** Chance of a fault per thousand steps. */
  readonly faultsPerMille: number;
}

const CHUNK: ChunkId = chunkId(familyId(1), 0);
const SETTLE_STEPS_MAX = 60_000;
const CLIENTS = 4;

export class SimCluster {
  readonly counts = { active: 0, crashes: 0, resyncs: 0, admitted: 0 };
  readonly clients: SimClients;
  private readonly options: SimOptions;
  private readonly random: SimRandom;
  private readonly catalog: SimCatalog;
  private readonly nodes: readonly SimNode[];
  private readonly links = new Map<string, SimLink>();
  private readonly arriving: {
    disturbances: number;
    isOpen: () => boolean;
    node: SimNode;
    operation: Operation;
    replyTo: (r: OperationReply) => void;
  }[] = [];
  private admissions: { node: SimNode; request: AdmitRequest }[] = [];
  private readonly activeIn = new Map<number, NodeId>();
  private readonly entries = new Map<string, string>();
  private readonly committed = new Map<number, string>();
  private activeEpoch = 0;
  private disturbances = 0;
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
    this.nodes = members.map((member) => ({
      member,
      store: new SimStore(CHUNK),
      replica: undefined,
      incarnation: this.catalog.incarnationOf(member.node),
      heard: 0,
      questions: [],
      grants: [],
      awake: false,
      stepping: false,
      events: [],
    }));
    for (const node of this.nodes) this.boot(node);
    this.clients = new SimClients(
      {
        random: this.random,
        now: () => this.now,
        config: () => this.catalog.config,
        disturbances: () => this.disturbances,
        isDeposed: (epoch) => epoch < this.activeEpoch,
        send: (operation, replyTo, isOpen) => this.send(operation, replyTo, isOpen),
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
    this.checkEnd();
  }

  private checkEnd(): void {
    const extents = SIM_CHUNK_SIZE / (64 * 1024);
    const digests = new Set(this.nodes.map(({ store }) => store.digest(extents)));
    if (digests.size > 1) throw new Error(`P15: replicas differ: ${this.describe()}`);
    const found = this.clients.findInexplicable();
    if (found) {
      throw new Error(`P6: sector ${found.sector} has no explanation: ${JSON.stringify(found)}`);
    }
  }

  private get isSettled(): boolean {
    return (
      this.clients.areIdle &&
      this.catalog.config.isr.length === this.nodes.length &&
      this.nodes.every(
        (node) =>
          node.replica &&
          node.heard === this.catalog.config.version &&
          node.store.pendingCount === 0 &&
          node.questions.length === 0 &&
          !node.awake &&
          node.replica.view.uncommitted === 0,
      ) &&
      [...this.links.values()].every((link) => link.toMember.length + link.toPrimary.length === 0)
    );
  }

  private step(): void {
    this.now += 1;
    if (!this.healing && this.random.below(1000) < this.options.faultsPerMille) this.fault();
    const actions: readonly (readonly [weight: number, act: () => void])[] = [
      [12, () => this.deliver()],
      [6, () => this.syncDisk()],
      [6, () => this.answer()],
      [3, () => this.hearConfig()],
      [3, () => this.dial()],
      [2, () => this.tick()],
      [2, () => this.grant()],
      [2, () => this.decideAdmission()],
      [2, () => this.ping()],
      [3, () => this.arrive()],
      [4, () => this.clients.act(!this.healing)],
    ];
    let choice = this.random.below(actions.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, act] of actions) {
      choice -= weight;
      if (choice >= 0) continue;
      act();
      return;
    }
  }

  private fault(): void {
    const node = this.random.pick(this.nodes);
    switch (this.random.below(7)) {
      case 0:
      case 1:
        if (node.replica) this.crash(node);
        return;
      case 2:
      case 3:
        for (const link of this.links.values()) if (this.random.chance(40)) this.break(link);
        return;
      case 4:
        // Suspected wrongly: it lives, and hears of it late.
        this.catalog.nodeDown(node.member.node);
        return;
      case 5:
        this.catalog.movePrimary(node.member.node);
        return;
      default:
        if (!node.replica) this.catalog.nodeDown(node.member.node);
    }
  }

  private crash(node: SimNode): void {
    this.counts.crashes += 1;
    node.replica = undefined;
    node.store.crash(this.random.below(node.store.pendingCount + 1));
    node.questions = [];
    node.grants.length = 0;
    node.events.length = 0;
    node.awake = false;
    node.incarnation = 0;
    for (const link of this.links.values()) {
      if (link.primary === node || link.member === node) this.break(link);
    }
    this.admissions = this.admissions.filter((admission) => admission.node !== node);
  }

  private boot(node: SimNode): void {
    const { store, member } = node;
    node.heard = 0;
    node.replica = new Replica({
      chunk: CHUNK,
      node: member.node,
      store: member.storeUuid,
      chunkSize: SIM_CHUNK_SIZE,
      status: store.status,
      uncommitted: [...store.uncommitted],
      freeBytes: () => 1 << 30,
    });
    this.give(node, { kind: "identity", incarnation: node.incarnation });
  }

  /** Restarts what is dead and registers what the catalog thinks is down. */
  private ping(): void {
    const node = this.random.pick(this.nodes);
    const { node: id } = node.member;
    if (!node.replica) {
      if (!this.healing && !this.random.chance(5)) return;
      this.disturbances += 1;
      this.boot(node);
    }
    const isCurrent = node.incarnation === this.catalog.incarnationOf(id) && node.incarnation > 0;
    if (isCurrent && this.catalog.isUp(id)) return;
    this.give(node, { kind: "identity", incarnation: 0 });
    node.incarnation = this.catalog.nodeUp(id);
    this.give(node, { kind: "identity", incarnation: node.incarnation });
  }

  private break(link: SimLink): void {
    if (!link.up) return;
    link.up = false;
    link.toMember.length = 0;
    link.toPrimary.length = 0;
    this.give(link.primary, { kind: "linkDown", node: link.member.member.node });
  }

  private dial(): void {
    const down = [...this.links.values()].filter(
      ({ up, primary, member }) => !up && primary.replica && member.replica,
    );
    if (down.length === 0) return;
    const link = this.random.pick(down);
    link.up = true;
    this.give(link.primary, { kind: "linkUp", node: link.member.member.node });
  }

  private deliver(): void {
    const busy = [...this.links.values()].filter(
      ({ toMember, toPrimary }) => toMember.length + toPrimary.length > 0,
    );
    if (busy.length === 0) return;
    const { primary, member, toMember, toPrimary } = this.random.pick(busy);
    const outwards = toPrimary.length === 0 || (toMember.length > 0 && this.random.chance(50));
    if (outwards) {
      const message = toMember.shift()!;
      this.give(member, { kind: "fromPrimary", from: primary.member.node, message });
    } else {
      const message = toPrimary.shift()!;
      this.give(primary, { kind: "fromMember", from: member.member.node, message });
    }
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
    const answer = question.kind === "read" && this.random.chance(50) ? ask(node, question) : early;
    this.give(node, { kind: "answered", token, answer });
  }

  private hearConfig(): void {
    const node = this.random.pick(this.nodes);
    const { config } = this.catalog;
    if (!node.replica || node.heard === config.version) return;
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
      if (this.catalog.config.isr.length > before) {
        this.counts.admitted += 1;
        this.disturbances += 1;
      }
    }
    // As the driver does: whoever was admitted hears it from the catalog, for others it is a reminder.
    this.give(node, { kind: "admissionUnanswered", store: request.store });
  }

  private send(
    operation: Operation,
    replyTo: (reply: OperationReply) => void,
    isOpen: () => boolean,
  ): void {
    const { primary } = this.catalog.config;
    const node = this.nodes.find(({ member }) => member.node === primary.node)!;
    this.arriving.push({ node, operation, replyTo, isOpen, disturbances: this.disturbances });
  }

  private arrive(): void {
    if (this.arriving.length === 0) return;
    const [arrived] = this.arriving.splice(this.random.below(this.arriving.length), 1);
    const { node, operation, replyTo, isOpen, disturbances } = arrived!;
    if (!isOpen()) return;
    // The window of opIds may have been lost meanwhile: see SimClients.
    if (operation.kind !== "read" && disturbances !== this.disturbances) return;
    const lost = !this.healing && this.random.chance(5);
    const answer = lost ? () => {} : replyTo;
    this.give(node, { kind: "operation", operation, replyTo: answer });
  }

  private give(node: SimNode, event: ReplicaEvent): void {
    node.events.push(event);
    if (node.stepping) return;
    node.stepping = true;
    for (let next = node.events.shift(); next; next = node.events.shift()) {
      for (const effect of node.replica?.step(next) ?? []) this.execute(node, effect);
    }
    node.stepping = false;
  }

  private execute(node: SimNode, effect: ReplicaEffect): void {
    switch (effect.kind) {
      case "commit":
        this.checkCommit(node, effect.lsn);
        node.store.commit(effect.lsn);
        return;
      case "ask":
        node.questions.push({ ...effect, early: ask(node, effect.question) });
        return;
      case "send": {
        const link = this.links.get(`${node.member.node} ${effect.to}`);
        if (link?.up) link.toMember.push(effect.message);
        return;
      }
      case "respond": {
        const link = this.links.get(`${effect.to} ${node.member.node}`);
        if (link?.up) link.toPrimary.push(effect.message);
        return;
      }
      case "reply":
        effect.replyTo(effect.reply);
        return;
      case "link":
        this.wantLink(node, effect.node);
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
      case "checked":
        return;
      case "notice":
        this.onNotice(node, effect);
        return;
      default:
        if (effect.kind === "append") this.checkEntry(effect.entry);
        node.store.call(effect);
    }
  }

  private wantLink(primary: SimNode, to: NodeId): void {
    const key = `${primary.member.node} ${to}`;
    const member = this.nodes.find((other) => other.member.node === to)!;
    const link = this.links.get(key) ?? { primary, member, up: false, toMember: [], toPrimary: [] };
    this.links.set(key, link);
    if (link.up) this.give(primary, { kind: "linkUp", node: to });
  }

  private onNotice(node: SimNode, { notice }: ReplicaEffect & { readonly kind: "notice" }): void {
    if (notice.what === "diverged") throw new Error(`P4: ${JSON.stringify(notice)}`);
    if (notice.what === "resyncEnded") this.counts.resyncs += 1;
    if (notice.what !== "active") return;
    const other = this.activeIn.get(notice.epoch);
    if (other) throw new Error(`P3: ${other} and ${node.member.node} in epoch ${notice.epoch}`);
    this.activeIn.set(notice.epoch, node.member.node);
    this.activeEpoch = Math.max(this.activeEpoch, notice.epoch);
    this.counts.active += 1;
  }

  /** P5: equal LSN means byte-identical. */
  private checkEntry(entry: LogEntry): void {
    const key = formatLsn(entry.lsn);
    const sum = entry.kind === "write" ? crc32cOfScatter(entry.data) : 0;
    const text = `${entry.kind} ${entry.offset}+${entry.length} ${sum} ${entry.opId.seq}`;
    const known = this.entries.get(key) ?? text;
    if (known !== text) throw new Error(`P5: ${key} is "${known}" and "${text}"`);
    this.entries.set(key, text);
  }

  /** P4: one committed log. */
  private checkCommit(node: SimNode, lsn: { epoch: number; seq: number }): void {
    const known = this.committed.get(lsn.seq) ?? formatLsn(lsn);
    if (known !== formatLsn(lsn)) {
      throw new Error(`P4: ${node.member.node} commits ${formatLsn(lsn)}, known is ${known}`);
    }
    this.committed.set(lsn.seq, known);
  }

  private describe(): string {
    const nodes = this.nodes.map(({ member, replica, store, heard, awake, questions }) => {
      const view = replica?.view;
      return {
        node: member.node,
        view,
        pending: store.pendingCount,
        heard,
        awake,
        questions: questions.length,
      };
    });
    return JSON.stringify({ config: this.catalog.config, nodes, idle: this.clients.areIdle });
  }
}

function ask({ store }: SimNode, question: Question): Answers[keyof Answers] {
  switch (question.kind) {
    case "read":
      return store.read(question.offset, question.length);
    case "readExtent":
      return store.readExtent(question.extent);
    case "listExtents":
      return store.extentsNewerThan(question.after);
    case "digest":
      return store.digest(SIM_CHUNK_SIZE / (64 * 1024));
    case "verify":
      return 0;
  }
}
