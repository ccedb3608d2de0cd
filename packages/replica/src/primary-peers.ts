// The members a primary leads: sessions, alignment with its log, admission of learners, and who must
// have acked what. To answer anything a primary needs the word of every member of every possibly-
// current ISR: the ISR of the newest configuration of its epoch, and the learners whose admission it
// has asked for on that or a later base.
import {
  compareLsn,
  LSN_ZERO,
  type Lsn,
  type NodeId,
  present,
  type StoreUuid,
  sameLsn,
} from "@ashlar/core";
import { commonPoint } from "./common-point.ts";
import type { ReplicaConfig } from "./events.ts";
import { RETRY_TICKS } from "./limits.ts";
import type { PrimaryMessage } from "./messages.ts";
import { Peer, type PromiseMessage } from "./peer.ts";
import type { RangeLocks } from "./range-locks.ts";
import type { ReplicaCore } from "./replica-core.ts";
import { ResyncSource } from "./resync-source.ts";
import { UnitRepairs } from "./unit-repair.ts";

type WithoutHead<M> = M extends unknown ? Omit<M, "chunk" | "epoch" | "session"> : never;
export type PeerMessage = WithoutHead<PrimaryMessage>;

export class PrimaryPeers {
  readonly repairs: UnitRepairs;
  private readonly core: ReplicaCore;
  private readonly locks: RangeLocks;
  private readonly peers = new Map<NodeId, Peer>();
  private config: ReplicaConfig;
  /** Of every possibly-current ISR, without this replica itself. */
  private required: readonly Peer[] = [];
  private sessions = 0;
  private gathering = false;
  private active = false;

  constructor(core: ReplicaCore, locks: RangeLocks, config: ReplicaConfig) {
    this.core = core;
    this.locks = locks;
    this.config = config;
    this.repairs = new UnitRepairs(core, this);
    this.follow(config);
  }

  get all(): IterableIterator<Peer> {
    return this.peers.values();
  }

  get members(): readonly Peer[] {
    return this.required;
  }

  get(node: NodeId): Peer | undefined {
    return this.peers.get(node);
  }

  /** The own log is fixed: sessions may begin. */
  gather(): void {
    this.gathering = true;
    for (const { node } of this.peers.values()) this.core.emit({ kind: "link", node });
  }

  /** All required members are level: learners may be brought up. */
  activate(): void {
    this.active = true;
    for (const peer of this.peers.values()) this.attachLearner(peer);
  }

  /** Goes by a newer configuration of the same epoch. */
  follow(config: ReplicaConfig): void {
    this.config = config;
    const wanted = new Map<StoreUuid, ReplicaConfig["members"][number]>();
    for (const member of config.members) {
      const { storeUuid } = member;
      if (storeUuid === this.core.store) continue;
      if (config.isr.includes(storeUuid) || config.learners.includes(storeUuid)) {
        wanted.set(storeUuid, member);
      }
    }
    const gone: Peer[] = [];
    for (const [node, peer] of this.peers) {
      if (wanted.delete(peer.store)) continue;
      this.peers.delete(node);
      gone.push(peer);
    }
    for (const member of wanted.values()) {
      this.peers.set(member.node, new Peer(member, this.core.claims));
      if (this.gathering) this.core.emit({ kind: "link", node: member.node });
    }
    for (const peer of this.peers.values()) {
      if (peer.admissionBase !== undefined && peer.admissionBase < config.version) {
        peer.admissionBase = undefined;
      }
    }
    this.findRequired();
    for (const peer of gone) this.reset(peer);
  }

  linkUp(node: NodeId): void {
    const peer = this.peers.get(node);
    if (!peer || !this.gathering) return;
    peer.linked = true;
    this.open(peer);
  }

  linkDown(node: NodeId): void {
    const peer = this.peers.get(node);
    if (!peer) return;
    peer.linked = false;
    this.reset(peer);
  }

  /** Ends a session; the next attempt follows after a pause. */
  restart(peer: Peer): void {
    this.reset(peer);
    peer.retryIn = RETRY_TICKS;
    this.core.emit({ kind: "wake" });
  }

  stop(): void {
    this.repairs.end();
    for (const peer of this.peers.values()) peer.reset();
  }

  onPromise(peer: Peer, promise: PromiseMessage): void {
    if (promise.store !== peer.store || peer.promise) return;
    peer.promise = promise;
    if (this.required.includes(peer)) this.align(peer, promise);
    else this.attachLearner(peer);
  }

  /** Greatest seq durable on every required member, given the own; -1 while one is not heard. */
  ackedByAll(own: number): number {
    let least = own;
    for (const { acked } of this.required) {
      if (!acked) return -1;
      if (acked.seq < least) least = acked.seq;
    }
    return least;
  }

  /** Every required member has promised, with a durable tail equal to ours. */
  get areLevel(): boolean {
    const { tail } = this.core.log;
    return this.required.every(
      ({ promise, acked }) => promise !== undefined && acked !== undefined && sameLsn(acked, tail),
    );
  }

  /** Sends an entry that was just logged to whoever follows. */
  replicate(prev: Lsn, entry: (PeerMessage & { kind: "append" })["entry"], needed: number): void {
    const { commit } = this.core.log;
    for (const peer of this.peers.values()) {
      if (!peer.attached) continue;
      peer.toldCommit = commit;
      peer.claims.add(entry.lsn.seq, needed);
      this.send(peer, { kind: "append", prev, commit, entry });
    }
  }

  /** Asks for the admission of learners that have everything; they count from then on. */
  admit(): void {
    const { version, learners } = this.config;
    if (!this.active || learners.length === 0) return;
    const { log } = this.core;
    for (const peer of this.peers.values()) {
      if (peer.admissionAsked || peer.retryIn > 0 || !learners.includes(peer.store)) continue;
      if (peer.admissionBase === undefined) {
        if (!peer.complete || !peer.acked || compareLsn(peer.acked, log.commit) < 0) continue;
        peer.admissionBase = version;
        this.findRequired();
      }
      this.askAdmission(peer);
    }
  }

  /** No outcome: it goes on counting, and the same question is put again after a pause. */
  onAdmissionUnanswered(store: StoreUuid): void {
    for (const peer of this.peers.values()) {
      if (peer.store !== store) continue;
      peer.admissionAsked = false;
      peer.retryIn = RETRY_TICKS;
      this.core.emit({ kind: "wake" });
    }
  }

  onResyncGranted(node: NodeId): void {
    const peer = this.peers.get(node);
    const { resync, promise } = peer ?? {};
    if (!peer || !resync || resync.isGranted || !promise) {
      if (!resync) this.core.emit({ kind: "releaseResync", node });
      return;
    }
    resync.start(promise.resyncFrom ?? promise.commit);
    this.sendAfter(peer, this.core.log.commit);
  }

  /** Tells the commit LSN to whoever has not heard it, and tries again what failed a while ago. */
  tick(): void {
    const { commit } = this.core.log;
    for (const peer of this.peers.values()) {
      if (peer.attached && peer.toldCommit && compareLsn(peer.toldCommit, commit) < 0) {
        peer.toldCommit = commit;
        this.send(peer, { kind: "commit", commit, report: false });
      }
      if (peer.retryIn === 0) continue;
      peer.retryIn -= 1;
      if (peer.retryIn > 0) this.core.emit({ kind: "wake" });
      else if (peer.session === 0 && peer.linked) this.open(peer);
      else this.admit();
    }
  }

  send(peer: Peer, message: PeerMessage): void {
    const { chunk } = this.core;
    const { epoch } = this.config;
    const head = { chunk, epoch, session: peer.session };
    this.core.emit({
      kind: "send",
      to: peer.node,
      message: { ...message, ...head } as PrimaryMessage,
    });
  }

  private findRequired(): void {
    const { isr } = this.config;
    this.required = [...this.peers.values()].filter(
      ({ store, admissionBase }) => isr.includes(store) || admissionBase !== undefined,
    );
  }

  private reset(peer: Peer): void {
    peer.reset();
    this.repairs.onLost(peer);
  }

  private open(peer: Peer): void {
    this.reset(peer);
    peer.session = ++this.sessions;
    peer.retryIn = 0;
    const { tail, commit } = this.core.log;
    const { version } = this.config;
    this.send(peer, { kind: "newEpoch", store: peer.store, version, tail, commit });
  }

  /** Truncates what the member has beyond the common point and sends what it lacks. */
  private align(peer: Peer, promise: PromiseMessage): void {
    const { log } = this.core;
    const own = { commit: log.commit, uncommitted: log.uncommittedLsns };
    const common = promise.resyncFrom ? undefined : commonPoint(own, promise);
    if (!common || common.seq < log.commit.seq) {
      // A member that lacks what is committed cannot have been in sync: never count it.
      this.core.notice({ what: "diverged", node: peer.node, tail: promise.tail });
      return;
    }
    if (sameLsn(common, promise.tail)) peer.acked = common;
    else this.send(peer, { kind: "truncate", after: common });
    this.sendAfter(peer, common);
    peer.complete = true;
  }

  private sendAfter(peer: Peer, after: Lsn): void {
    const { log } = this.core;
    peer.attached = true;
    // It may be behind even if there is nothing to send: the next tick tells it.
    peer.toldCommit = LSN_ZERO;
    let prev = after;
    for (const { entry } of log.uncommitted) {
      if (entry.lsn.seq <= after.seq) continue;
      this.send(peer, { kind: "append", prev, commit: log.commit, entry });
      prev = entry.lsn;
    }
    this.core.emit({ kind: "wake" });
  }

  private attachLearner(peer: Peer): void {
    const { promise } = peer;
    if (!this.active || !promise || peer.attached || peer.resync) return;
    const { log } = this.core;
    const own = { commit: log.commit, uncommitted: log.uncommittedLsns };
    const common = promise.resyncFrom ? undefined : commonPoint(own, promise);
    if (common && common.seq >= log.commit.seq) {
      this.align(peer, promise);
      this.admit();
      return;
    }
    peer.resync = new ResyncSource(
      {
        core: this.core,
        locks: this.locks,
        send: (to, message) => this.send(to, message),
        restart: (of) => this.restart(of),
        repairs: this.repairs,
      },
      peer,
    );
  }

  private askAdmission(peer: Peer): void {
    const { chunk } = this.core;
    const { epoch } = this.config;
    const version = present(peer.admissionBase, "an admission has a base");
    peer.admissionAsked = true;
    this.core.emit({ kind: "admit", request: { chunk, epoch, version, store: peer.store } });
  }
}
