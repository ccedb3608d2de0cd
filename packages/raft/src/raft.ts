// One member of a Raft group, as its host sees it. The host drives it: `tick` for time, `step` for
// received messages, `propose` and `readIndex` for requests; then it takes what is to be done with
// `ready`, does it in this order, and says so with `advance`:
//
//   1. write entries, hard state and snapshot; fsync if `mustSync`, and always for a snapshot
//      (a crash may leave a head of that, each entry with its term and vote, but never a commit index
//      beyond the entries it came with: what they were to replace would count as committed)
//   2. send the messages: they may promise what was written, so never before 1 (R5)
//   3. apply a snapshot, then the committed entries; `applyChange` for those that are no `normal` ones
//   4. advance
//
// With asyncStorage the writes are messages to two threads of the host, each working in order, and their
// responses come back through `step`; then there is no `advance`.
import { assert } from "@ashlar/core";
import type { RaftConfig } from "./config.ts";
import { ACCEPTED, RaftCore, refused, type StepResult } from "./core.ts";
import { startElection } from "./election.ts";
import { applyChange } from "./group-change.ts";
import { decodeChange, encodeChange, type MembershipChange } from "./member-change.ts";
import { type ChangeResult, type Membership, membershipState } from "./membership.ts";
import { ANSWERS, MESSAGE_VERSION, type Message } from "./messages.ts";
import type { Progress, ProgressState } from "./progress.ts";
import { type Ready, takeReady } from "./ready.ts";
import { step, tick } from "./step.ts";
import {
  type Entry,
  type EntryId,
  type EntryKind,
  HARD_STATE_ZERO,
  type HardState,
  type Index,
  type MemberId,
  type MembershipState,
  NONE,
  type ProposedEntry,
  type Role,
  type Term,
} from "./types.ts";

/** Changes without being written: who leads, as far as this member knows, and its own role. */
export interface SoftState {
  readonly leader: MemberId;
  readonly role: Role;
}

export interface PeerStatus {
  readonly id: MemberId;
  readonly state: ProgressState;
  readonly match: Index;
  readonly next: Index;
  readonly isLearner: boolean;
  readonly isPaused: boolean;
  readonly recentActive: boolean;
  readonly pendingSnapshot: Index;
  readonly inflightCount: number;
  readonly inflightFull: boolean;
}

/** Of this member itself. */
export interface RaftState extends SoftState {
  readonly id: MemberId;
  readonly term: Term;
  readonly vote: MemberId;
  readonly commit: Index;
  readonly applied: Index;
  readonly firstIndex: Index;
  readonly lastIndex: Index;
  readonly membership: Membership;
  readonly transferee: MemberId;
}

export interface RaftStatus extends RaftState {
  /** Of a leader: its peers, itself included. */
  readonly peers: readonly PeerStatus[];
}

export class Raft {
  private readonly core: RaftCore;
  private softState: SoftState;
  private hardState: HardState;
  /** Messages to itself that follow from the Ready in the host's hands. */
  private onAdvance: readonly Message[] | undefined;

  constructor(config: RaftConfig) {
    this.core = new RaftCore(config);
    this.softState = this.currentSoftState;
    this.hardState = this.core.hardState;
  }

  /** One unit of time. */
  tick(): void {
    tick(this.core);
  }

  /** A message from a peer, or from one of the host's storage threads. */
  step(message: Message): StepResult {
    const fromThread = message.from < NONE || message.from === this.core.id;
    if (!fromThread && ANSWERS.has(message.kind) && !this.core.group.peers.has(message.from)) {
      return refused("unknown-peer");
    }
    return step(this.core, message);
  }

  /** Asks for entries to be added; accepted means on its way, not committed. */
  propose(data: Uint8Array): StepResult {
    return this.proposeEntries([{ kind: "normal", data }]);
  }

  proposeChange(change: MembershipChange, kind?: Exclude<EntryKind, "normal">): StepResult {
    return this.proposeEntries([encodeChange(change, kind)]);
  }

  /** Asks for a linearizable read; the answer is a read state of some later Ready, or never comes. */
  readIndex(context: string): StepResult {
    return this.local({ kind: "read-index", context });
  }

  /** Starts an election, as if its timeout had passed. */
  campaign(): StepResult {
    return startElection(this.core, "timeout");
  }

  transferLeader(transferee: MemberId): StepResult {
    return this.local({ kind: "transfer-leader", transferee });
  }

  /** The host knows that the leader is gone: vote for another without waiting for the timeout. */
  forgetLeader(): StepResult {
    if (this.core.role !== "follower") return ACCEPTED;
    if (this.core.config.reads === "lease") return refused("lease-reads");
    this.core.leader = NONE;
    return ACCEPTED;
  }

  /** The transport could not deliver: pipelined appends may be lost. */
  reportUnreachable(id: MemberId): void {
    const progress = this.core.progress(id);
    if (this.core.role === "leader" && progress?.state === "replicate") progress.becomeProbe();
  }

  /**
   * The transport has delivered a snapshot, or given up. It always says so: a peer that waits for a
   * snapshot is sent nothing else, and the peer's own answer may be lost.
   */
  reportSnapshot(id: MemberId, outcome: "delivered" | "failed"): void {
    const progress = this.core.progress(id);
    if (this.core.role !== "leader" || progress?.state !== "snapshot") return;
    if (outcome === "delivered") progress.becomeProbe();
    else progress.snapshotFailed();
    // Its answer, or the next heartbeat's, goes on: not before.
    progress.pauseFlow();
  }

  /** Applies a committed membership change: for each entry that is not `normal`, in its turn. */
  applyChange(entry: Entry): ChangeResult {
    assert(entry.kind !== "normal", "only membership changes");
    // A snapshot that came meanwhile brought the membership of a later index.
    const isPast = entry.index < this.core.log.firstIndex;
    if (isPast) return { kind: "changed", group: this.core.group };
    return applyChange(this.core, decodeChange(entry.data));
  }

  get membership(): MembershipState {
    return membershipState(this.core.group.membership);
  }

  /** Whether {@link ready} has anything to tell. */
  get hasReady(): boolean {
    const { core } = this;
    return (
      this.nextSoftState !== undefined ||
      this.nextHardState !== undefined ||
      core.messages.length > 0 ||
      core.afterAppend.length > 0 ||
      core.readStates.length > 0 ||
      core.log.nextUnstable.length > 0 ||
      core.log.nextSnapshot !== undefined ||
      core.log.nextCommitted(!core.config.asyncStorage).length > 0
    );
  }

  /** Hands out all that is to be done; with synchronous storage, `advance` comes before the next. */
  ready(): Ready {
    assert(this.onAdvance === undefined, "a Ready is advanced before the next one");
    const { ready, responses } = takeReady(this.core, this.nextSoftState, this.nextHardState);
    this.softState = this.currentSoftState;
    this.hardState = this.core.hardState;
    if (!this.core.config.asyncStorage) this.onAdvance = responses;
    return ready;
  }

  /** All of the last Ready is written, sent and applied. */
  advance(): void {
    const responses = this.onAdvance;
    assert(responses !== undefined, "advance follows a Ready");
    this.onAdvance = undefined;
    for (const response of responses) step(this.core, response);
  }

  /** The newest entry of this member's log, durable or not. */
  get lastEntry(): EntryId {
    return this.core.log.last;
  }

  /** Undefined for entries that are compacted away or not there. */
  termOf(index: Index): Term | undefined {
    return this.core.log.term(index);
  }

  /** What a host or a test asks after every step. */
  get state(): RaftState {
    const { id, term, vote, role, leader, log, group, transferee } = this.core;
    return {
      id,
      term,
      vote,
      role,
      leader,
      commit: log.committed,
      applied: log.applied,
      firstIndex: log.firstIndex,
      lastIndex: log.lastIndex,
      membership: group.membership,
      transferee,
    };
  }

  get status(): RaftStatus {
    const peers = this.core.role === "leader" ? [...this.core.group.peers] : [];
    return { ...this.state, peers: peers.map(([id, progress]) => peerStatus(id, progress)) };
  }

  /** For tests that need a certain member to time out first. */
  setRandomizedElectionTicks(ticks: number): void {
    this.core.randomizedElectionTicks = ticks;
  }

  private get currentSoftState(): SoftState {
    return { leader: this.core.leader, role: this.core.role };
  }

  private get nextSoftState(): SoftState | undefined {
    const { leader, role } = this.core;
    const same = leader === this.softState.leader && role === this.softState.role;
    return same ? undefined : { leader, role };
  }

  private get nextHardState(): HardState | undefined {
    const next = this.core.hardState;
    return sameHardState(next, this.hardState) || sameHardState(next, HARD_STATE_ZERO)
      ? undefined
      : next;
  }

  private proposeEntries(entries: readonly ProposedEntry[]): StepResult {
    return this.local({ kind: "propose", entries });
  }

  private local(request: LocalRequest): StepResult {
    const { id } = this.core;
    return step(this.core, { version: MESSAGE_VERSION, from: id, to: id, term: 0, ...request });
  }
}

type LocalRequest =
  | { readonly kind: "propose"; readonly entries: readonly ProposedEntry[] }
  | { readonly kind: "read-index"; readonly context: string }
  | { readonly kind: "transfer-leader"; readonly transferee: MemberId };

/** What a status tells of a peer. */
export const peerStatus = (id: MemberId, progress: Progress): PeerStatus => ({
  id,
  state: progress.state,
  match: progress.match,
  next: progress.next,
  isLearner: progress.isLearner,
  isPaused: progress.isPaused,
  recentActive: progress.recentActive,
  pendingSnapshot: progress.pendingSnapshot,
  inflightCount: progress.inflights.count,
  inflightFull: progress.inflights.full,
});

const sameHardState = (a: HardState, b: HardState): boolean =>
  a.term === b.term && a.vote === b.vote && a.commit === b.commit;
