// One member of the group as it runs: gives the core its time and messages, and does what it asks for,
// in the order that raft.ts demands. Writes go through the append worker; entries are applied here,
// since applying neither waits nor takes long.
import { AssertionError, assert, type SystemError, toSystemError } from "@ashlar/core";
import {
  type Entry,
  type EntryId,
  type LogSnapshot,
  type MemberId,
  type Membership,
  type MembershipChange,
  type Message,
  NONE,
  Raft,
  type RaftStatus,
  type RaftStorage,
  type ReadState,
  type SoftState,
} from "@ashlar/raft";
import type { RaftTransport } from "@ashlar/rpc";
import { type Clock, inSlices, type Log, type Random, type Timer } from "@ashlar/runtime";
import type { LogWrites } from "../log/raft-log-store.ts";
import type { LogMetrics } from "../metrics.ts";
import { AppendWorker, responsesOf, type StorageAppend } from "./append-worker.ts";

/** A stopped leader is replaced within 0.6 to 1.2 s, and a busy machine's pauses stay below that. */
export const TICK_MS = 50;
/** Four heartbeats fit into the shortest election timeout. */
const HEARTBEAT_TICKS = 3;
const ELECTION_TICKS = 12;
/** A write that takes longer is not slow, it hangs. */
const DISK_PATIENCE_MS = 1_000;
/** Members that hear at once of a leader's end spread their campaigns over this. */
const CAMPAIGN_SPREAD_MS = 100;
/** Replaying an entry costs some microseconds, so a restart stays well below a second. */
const SNAPSHOT_ENTRIES = 4096;
/** Entries kept behind a snapshot: a member that was away briefly needs no snapshot. */
const ENTRIES_KEPT = 1024;
/** A new member waits for the snapshot that names it. */
const SNAPSHOT_RETRY_MS = 1_000;

/** The durable log, beside what the core reads of it. */
export interface MemberStorage extends RaftStorage {
  write(writes: LogWrites): Promise<void>;
  saveSnapshot(snapshot: LogSnapshot, options: { readonly entriesKept: number }): Promise<void>;
}

/** What the member's entries do: called in the order of the log. */
export interface StateMachine {
  readonly appliedIndex: number;
  apply(entry: Entry): void;
  restore(snapshot: LogSnapshot): void;
  /** The state as of the call, as all of these read it; the work pauses often. */
  encode(membership: Membership): Generator<void, Buffer, undefined>;
}

export interface RaftHostDeps {
  readonly storage: MemberStorage;
  readonly transport: RaftTransport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: LogMetrics;
}

export interface RaftHostEvents {
  onSoftState(state: SoftState): void;
  onRead(read: ReadState): void;
  /** After an entry that changed who belongs to the group, or a snapshot. */
  onMembership(): void;
  /** This member's disk is full; what it was to write is written when there is room. */
  onNoSpace(error: SystemError): void;
  /** The member cannot go on. */
  onFatal(error: SystemError): void;
}

export interface RaftHostOptions {
  readonly member: MemberId;
  readonly snapshotEntries?: number;
}

export class RaftHost {
  readonly member: MemberId;
  private readonly deps: RaftHostDeps;
  private readonly machine: StateMachine;
  private readonly events: RaftHostEvents;
  private readonly raft: Raft;
  private readonly appends: AppendWorker;
  private readonly snapshotEntries: number;
  private readonly heardMs = new Map<MemberId, number>();
  private snapshotAt: number;
  /** A new member takes in only a snapshot that names it. */
  private snapshotOld = false;
  private saving: Promise<void> = Promise.resolve();
  private encoding = false;
  private timer: Timer | undefined;
  private scheduled = false;
  private ended = false;

  /** `machine` holds the storage's snapshot already. */
  constructor(
    deps: RaftHostDeps,
    parts: { readonly machine: StateMachine; readonly events: RaftHostEvents },
    { member, snapshotEntries = SNAPSHOT_ENTRIES }: RaftHostOptions,
  ) {
    this.member = member;
    this.deps = deps;
    this.machine = parts.machine;
    this.events = parts.events;
    this.snapshotEntries = snapshotEntries;
    this.snapshotAt = this.machine.appliedIndex;
    this.raft = new Raft({
      id: member,
      storage: deps.storage,
      random: (bound) => deps.random.below(bound),
      electionTicks: ELECTION_TICKS,
      heartbeatTicks: HEARTBEAT_TICKS,
      applied: this.machine.appliedIndex,
      asyncStorage: true,
    });
    this.appends = new AppendWorker(
      { ...deps, write: (writes) => deps.storage.write(writes) },
      {
        onDurable: (done) => this.durable(done),
        onNoSpace: (error) => this.events.onNoSpace(error),
        onFatal: (error) => this.fail(error),
      },
    );
  }

  start(): void {
    this.timer = this.deps.clock.every(TICK_MS, () => {
      this.raft.tick();
      this.maybeHandOver();
      this.turn();
    });
    // The only voter need not wait for anybody.
    const { incoming, outgoing } = this.raft.status.membership;
    if (incoming.size === 1 && outgoing.size === 0 && incoming.has(this.member)) {
      this.raft.campaign();
    }
    this.schedule();
  }

  async stop(): Promise<void> {
    this.ended = true;
    this.timer?.cancel();
    await this.appends.stop();
    await this.saving;
  }

  get status(): RaftStatus {
    return this.raft.status;
  }

  /** Set while the disk of the log is full. */
  get noSpace(): SystemError | undefined {
    return this.appends.noSpace;
  }

  /** Resolves when a full disk was tried once more; at once if it is not known to be full. */
  diskTriedAgain(): Promise<void> {
    return this.appends.triedAgain();
  }

  /** When a message of `member` last came in, on the monotonic clock. */
  heardOf(member: MemberId): number | undefined {
    return this.heardMs.get(member);
  }

  /**
   * The place the proposal takes in this leader's log; undefined if it cannot take it now. One that lost
   * its place in this turn may not have been told yet: the core would hand the proposal on, and it would
   * have no place here.
   */
  propose(data: Buffer): EntryId | undefined {
    if (!this.isLeader) return undefined;
    return this.placed(this.raft.propose(data).kind === "accepted");
  }

  /** Hands the proposal to whoever leads; it may be lost. */
  proposeAnywhere(data: Buffer): void {
    this.raft.propose(data);
    this.schedule();
  }

  proposeChange(change: MembershipChange): EntryId | undefined {
    if (!this.isLeader) return undefined;
    return this.placed(this.raft.proposeChange(change).kind === "accepted");
  }

  /** Asks for a read; the answer is an event, or never comes. */
  readIndex(context: string): void {
    this.raft.readIndex(context);
    this.schedule();
  }

  transferLeader(to: MemberId): void {
    this.raft.transferLeader(to);
    this.schedule();
  }

  /** It is known that the leader is gone: an election need not wait for its silence. */
  leaderIsGone(): void {
    this.raft.forgetLeader();
    this.schedule();
    // All members are told: one of them asks first.
    this.deps.clock.after(this.deps.random.below(CAMPAIGN_SPREAD_MS), () => {
      if (this.ended || this.raft.status.leader !== NONE) return;
      this.raft.campaign();
      this.schedule();
    });
  }

  receive(message: Message): void {
    if (this.ended) return;
    this.heardMs.set(message.from, this.deps.clock.nowMs());
    try {
      this.raft.step(message);
    } catch (thrown) {
      // Not the sender's matter: this log and the group's contradict each other.
      if (!(thrown instanceof AssertionError)) throw thrown;
      this.fail(toSystemError(thrown));
      return;
    }
    this.schedule();
  }

  unreachable(member: MemberId): void {
    this.raft.reportUnreachable(member);
    this.schedule();
  }

  snapshotSent(member: MemberId, outcome: "delivered" | "failed"): void {
    this.raft.reportSnapshot(member, outcome);
    this.schedule();
  }

  /**
   * A leader applies only what is on its own disk. One whose disk is full or hangs keeps everybody
   * waiting although a majority has it all: another one leads.
   */
  private maybeHandOver(): void {
    if (this.noSpace === undefined && this.appends.pendingMs < DISK_PATIENCE_MS) return;
    const { role, transferee, peers, membership } = this.raft.status;
    if (role !== "leader" || transferee !== NONE) return;
    const heirs = peers.filter(({ id, recentActive, isLearner }) => {
      return id !== this.member && recentActive && !isLearner && membership.incoming.has(id);
    });
    const heir = heirs.sort((a, b) => b.match - a.match)[0];
    if (!heir) return;
    this.deps.log.warn({ to: heir.id }, "the disk does not take writes: another member is to lead");
    this.raft.transferLeader(heir.id);
  }

  private get isLeader(): boolean {
    return this.raft.state.role === "leader";
  }

  private placed(accepted: boolean): EntryId | undefined {
    this.schedule();
    return accepted ? this.raft.lastEntry : undefined;
  }

  /** What comes in within one turn of the event loop is worked off together. */
  private schedule(): void {
    if (this.scheduled || this.ended) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.turn();
    });
  }

  private turn(): void {
    try {
      while (this.raft.hasReady && !this.ended) this.work();
      this.maybeSnapshot();
    } catch (thrown) {
      this.fail(toSystemError(thrown));
    }
  }

  private work(): void {
    const { softState, readStates, messages } = this.raft.ready();
    if (softState) this.events.onSoftState(softState);
    const outgoing: Message[] = [];
    for (const message of messages) {
      if (message.kind === "storage-append") this.appends.add(message);
      else if (message.kind === "storage-apply") this.apply(message);
      else outgoing.push(message);
    }
    if (outgoing.length > 0) this.deps.transport.send(outgoing);
    for (const read of readStates) this.events.onRead(read);
  }

  private apply({ entries, responses }: Extract<Message, { kind: "storage-apply" }>): void {
    const began = this.deps.clock.nowMs();
    for (const entry of entries) {
      this.machine.apply(entry);
      if (entry.kind === "normal") continue;
      const result = this.raft.applyChange(entry);
      if (result.kind === "changed") {
        this.snapshotOld = true;
        this.events.onMembership();
      } else this.deps.log.warn({ index: entry.index, reason: result.reason }, "change refused");
    }
    this.deps.metrics.applySeconds.observe((this.deps.clock.nowMs() - began) / 1000);
    for (const response of responses) this.raft.step(response);
  }

  /** In order: a snapshot is in the state before the core counts it as applied. */
  private durable(done: readonly StorageAppend[]): void {
    for (const { snapshot } of done) {
      if (!snapshot || snapshot.index <= this.machine.appliedIndex) continue;
      this.machine.restore(snapshot);
      this.snapshotAt = snapshot.index;
      this.deps.log.info({ index: snapshot.index }, "snapshot taken in");
    }
    const others: Message[] = [];
    for (const response of responsesOf(done)) {
      if (response.to === this.member) this.raft.step(response);
      else others.push(response);
    }
    if (others.length > 0) this.deps.transport.send(others);
    if (done.some(({ snapshot }) => snapshot)) this.events.onMembership();
    this.schedule();
  }

  /**
   * One that fails is tried again as many entries later, since the log holds everything anyway; but
   * soon, if somebody waits for it.
   */
  private maybeSnapshot(): void {
    const { appliedIndex } = this.machine;
    const awaited = this.snapshotOld;
    const due = awaited || appliedIndex >= this.snapshotAt + this.snapshotEntries;
    if (!due || this.ended || this.encoding) return;
    this.snapshotOld = false;
    this.snapshotAt = appliedIndex;
    const term = this.raft.termOf(appliedIndex);
    assert(term !== undefined, "an applied entry has a term");
    const { membership } = this.raft;
    this.encoding = true;
    const encoded = inSlices(this.deps.clock, this.machine.encode(this.status.membership)).finally(
      () => {
        this.encoding = false;
        // What came due meanwhile waited for this one.
        this.schedule();
      },
    );
    const save = encoded.then((data) => {
      const snapshot: LogSnapshot = { version: 1, index: appliedIndex, term, membership, data };
      return this.deps.storage.saveSnapshot(snapshot, { entriesKept: ENTRIES_KEPT });
    });
    this.saving = save.then(
      () => this.deps.log.info({ index: appliedIndex }, "metadata snapshot written"),
      (thrown) => {
        const error = toSystemError(thrown);
        this.deps.log.warn({ error, code: error.code }, "metadata snapshot failed");
        if (awaited) this.snapshotLater();
      },
    );
  }

  private snapshotLater(): void {
    if (this.ended) return;
    this.deps.clock.after(SNAPSHOT_RETRY_MS, () => {
      this.snapshotOld = true;
      this.schedule();
    });
  }

  private fail(error: SystemError): void {
    if (this.ended) return;
    this.ended = true;
    this.timer?.cancel();
    this.events.onFatal(error);
  }
}
