// The state of one member (Raft figure 2) and the few operations that every role needs. The role files
// change it; nothing else does. Messages that are sent collect here until the host takes them with a
// Ready; answers that acknowledge something durable are kept apart, so that they cannot leave early (R5).
import { assert } from "@ashlar/core";
import { type CheckedConfig, checkConfig, type RaftConfig } from "./config.ts";
import { RaftLog } from "./log.ts";
import { type Group, type NewPeer, restoreGroup } from "./membership.ts";
import {
  AFTER_APPEND,
  MESSAGE_VERSION,
  type Message,
  type Outgoing,
  WITHOUT_TERM,
} from "./messages.ts";
import { Progress } from "./progress.ts";
import { ReadRounds, type ReadState } from "./read-index.ts";
import { type HardState, type Index, type MemberId, NONE, type Role, type Term } from "./types.ts";

export type StepResult =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly reason: RefusalReason };

/**
 * `proposal-dropped`: no leader is known, or it cannot take more now: try again later.
 * `unknown-peer`: an answer from someone who is not a member.
 * `lease-reads`: a leader is not forgotten while its lease answers reads.
 * `not-promotable`: a learner, a removed member, or one with a change to apply cannot campaign.
 */
export type RefusalReason =
  | "proposal-dropped"
  | "unknown-peer"
  | "lease-reads"
  | "not-promotable"
  | "unknown-version";

export const ACCEPTED: StepResult = { kind: "accepted" };
export const refused = (reason: RefusalReason): StepResult => ({ kind: "refused", reason });

export class RaftCore {
  readonly config: CheckedConfig;
  readonly id: MemberId;
  readonly log: RaftLog;
  term: Term = 0;
  vote: MemberId = NONE;
  role: Role = "follower";
  leader: MemberId = NONE;
  group: Group;

  /** Ticks since a leader was heard of, or, of a leader, since its last quorum check. */
  electionElapsed = 0;
  heartbeatElapsed = 0;
  randomizedElectionTicks = 0;

  /** Answers in the present election. */
  votes = new Map<MemberId, boolean>();

  /** Leader only: to whom leadership is being given (thesis 3.10). */
  transferee: MemberId = NONE;
  /** Leader only: it told someone to campaign in spite of its lease, so the lease proves nothing. */
  leaseGivenAway = false;
  /** Leader only: no further membership change before this index is applied (thesis 4.1). */
  pendingChangeIndex: Index = 0;
  uncommittedBytes = 0;
  reads = new ReadRounds();

  /** Term and vote of the last Ready: a change is fsynced. */
  syncedTerm: Term;
  syncedVote: MemberId;

  messages: Message[] = [];
  /** Answers that wait for the writes of the same Ready. */
  afterAppend: Message[] = [];
  readStates: ReadState[] = [];

  constructor(config: RaftConfig) {
    this.config = checkConfig(config);
    this.id = this.config.id;
    const { storage, applied, committedBytesMax } = this.config;
    this.log = new RaftLog(storage, committedBytesMax);
    const { hardState, membership } = storage.initialState();
    this.group = restoreGroup(membership, this.newPeer);
    this.term = hardState.term;
    this.vote = hardState.vote;
    this.syncedTerm = this.term;
    this.syncedVote = this.vote;
    // What is applied was committed, even if the write of the commit index, never synced, was lost.
    this.log.commitTo(Math.max(hardState.commit, applied));
    if (applied > this.log.applied) this.log.appliedTo(applied, 0);
    this.reset(this.term);
  }

  get hardState(): HardState {
    return { term: this.term, vote: this.vote, commit: this.log.committed };
  }

  get newPeer(): NewPeer {
    return { lastIndex: this.log.lastIndex, limits: this.config.inflight };
  }

  /** Undefined for members that are not in the group. */
  progress(id: MemberId): Progress | undefined {
    return this.group.peers.get(id);
  }

  /** Has a vote and a state of its own: may become leader. */
  get promotable(): boolean {
    const own = this.progress(this.id);
    return own !== undefined && !own.isLearner && !this.log.hasUnstableSnapshot;
  }

  /** All peers in ascending order of their ids, without this member. */
  get others(): readonly (readonly [MemberId, Progress])[] {
    return [...this.group.peers].filter(([id]) => id !== this.id);
  }

  /** Queues a message, in this member's name and term. */
  send(message: Outgoing): void {
    const term = WITHOUT_TERM.has(message.kind) ? 0 : (message.term ?? this.term);
    const stamped: Message = { ...message, version: MESSAGE_VERSION, from: this.id, term };
    if (AFTER_APPEND.has(message.kind)) {
      this.afterAppend.push(stamped);
    } else {
      assert(message.to !== this.id, "only acknowledgements of writes go to oneself");
      this.messages.push(stamped);
    }
  }

  /** Start of a role: forgets all that belonged to the former one. A new term has no vote yet (R1). */
  reset(term: Term): void {
    assert(term >= this.term, "terms only rise");
    if (term !== this.term) {
      this.term = term;
      this.vote = NONE;
    }
    this.leader = NONE;
    this.electionElapsed = 0;
    this.heartbeatElapsed = 0;
    this.randomizeElectionTicks();
    this.transferee = NONE;
    this.leaseGivenAway = false;
    this.votes = new Map();
    this.pendingChangeIndex = 0;
    this.uncommittedBytes = 0;
    this.reads = new ReadRounds();
    this.resetPeers();
  }

  private resetPeers(): void {
    const { lastIndex } = this.log;
    const peers = [...this.group.peers].map(([id, { isLearner }]): [MemberId, Progress] => [
      id,
      new Progress({
        match: id === this.id ? lastIndex : 0,
        next: lastIndex + 1,
        isLearner,
        recentActive: false,
        limits: this.config.inflight,
      }),
    ]);
    this.group = { membership: this.group.membership, peers: new Map(peers) };
  }

  private randomizeElectionTicks(): void {
    const { electionTicks, random } = this.config;
    this.randomizedElectionTicks = electionTicks + random(electionTicks);
  }
}
