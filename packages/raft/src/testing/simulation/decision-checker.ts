// Who may decide what: elections, commits, and the memberships that decide.
//
// R1 one leader a term, one vote a member and term, and a leader has the votes of a quorum. R5 nothing is
// answered before term, vote and entries are durable: asked of the disk at the moment of sending, and of
// a quorum's disks at the moment of committing. R6 memberships that may decide at the same time overlap.
import { assert } from "@ashlar/core";
import { formatMembership, type Membership, membershipState } from "../../membership.ts";
import type { AppendEntriesResponse, Message, RequestVoteResponse } from "../../messages.ts";
import type { RaftState } from "../../raft.ts";
import type { EntryId, Index, MemberId, MembershipState, Term } from "../../types.ts";
import { quorumsOverlap } from "./quorum-overlap.ts";
import type { SimulatedMember } from "./simulated-member.ts";

/** Whether the voters that agree are a majority of each half. */
function isQuorum({ incoming, outgoing }: Membership, agrees: (id: MemberId) => boolean): boolean {
  const majority = (voters: ReadonlySet<MemberId>): boolean => {
    let agreeing = 0;
    for (const id of voters) if (agrees(id)) agreeing += 1;
    return voters.size === 0 || 2 * agreeing > voters.size;
  };
  return majority(incoming) && majority(outgoing);
}

export class DecisionChecker {
  /** The highest index that a leader committed on a quorum's disks. */
  decided: Index;
  /** Each with the term of its leader: the entries up to `index` are committed in it. */
  private readonly decisions: EntryId[] = [];
  private readonly leaders = new Map<Term, MemberId>();
  private lastTerm: Term = 0;
  private readonly votes = new Map<string, MemberId>();
  private readonly members: ReadonlyMap<MemberId, SimulatedMember>;
  /** The memberships by the index that brought each, and their names. */
  private readonly memberships = new Map<Index, Membership>();
  private readonly names = new Set<string>();
  newest: Membership;

  constructor(
    members: ReadonlyMap<MemberId, SimulatedMember>,
    start: { readonly index: Index; readonly membership: Membership },
  ) {
    this.members = members;
    this.decided = start.index;
    this.newest = start.membership;
    this.note(start.index, start.membership);
  }

  sawSend({ id, disk }: SimulatedMember, message: Message): void {
    switch (message.kind) {
      case "request-vote-response":
        if (!message.preVote) this.sawVote(id, message);
        break;
      case "append-entries-response":
        sawAppended(id, disk, message);
        break;
    }
  }

  private sawVote(id: MemberId, { term, to, reject }: RequestVoteResponse): void {
    const { hardState } = this.member(id).disk;
    assert(hardState.term >= term, `R5: ${id} answers a vote of term ${term}, not durable`);
    if (reject) return;
    const voted = hardState.term > term || hardState.vote === to;
    assert(voted, `R5: ${id} votes for ${to} in term ${term}, not durable`);
    const before = this.votes.get(`${id} ${term}`) ?? to;
    assert(before === to, `R1: ${id} votes twice in term ${term}`);
    this.votes.set(`${id} ${term}`, to);
  }

  /** True in a term that had no leader yet. */
  sawLeader({ id, disk }: SimulatedMember, { term, membership }: RaftState): boolean {
    const before = this.leaders.get(term);
    assert((before ?? id) === id, `R1: ${before} and ${id} lead term ${term}`);
    const { hardState } = disk;
    const ownVote = hardState.term === term && hardState.vote === id;
    assert(ownVote, `R5: ${id} leads term ${term}, its own vote not durable`);
    const elected = isQuorum(membership, (voter) => {
      return voter === id || this.votes.get(`${voter} ${term}`) === id;
    });
    assert(elected, `R1: ${id} leads term ${term} without the votes of a quorum`);
    this.sawDecider(id, term, membership);
    this.leaders.set(term, id);
    return before === undefined;
  }

  /** A leader's commit: an entry of its own term (Raft 5.4.2) on the disks of a quorum. */
  sawDecision({ id, term, commit, membership }: RaftState): void {
    const held = isQuorum(membership, (voter) => {
      return this.members.get(voter)?.disk.holds(commit, term) === true;
    });
    assert(held, `R5: ${id} commits ${commit} in term ${term} without a quorum's disks`);
    this.sawDecider(id, term, membership);
    if (commit <= this.decided) return;
    this.decided = commit;
    this.decisions.push({ term, index: commit });
  }

  /** The term in which the entry at `index` was first known to be committed; 0 before all. */
  termDeciding(index: Index): Term {
    let term = 0;
    for (let at = this.decisions.length - 1; at >= 0; at -= 1) {
      const decision = this.decisions[at]!;
      if (decision.index < index) break;
      term = decision.term;
    }
    return term;
  }

  sawCommit({ id, commit }: RaftState): void {
    assert(commit <= this.decided, `R4: ${id} commits ${commit}, decided is ${this.decided}`);
  }

  /** A stale leader may act on late answers, so only the latest term's is asked (R6). */
  private sawDecider(id: MemberId, term: Term, membership: Membership): void {
    if (term < this.lastTerm) return;
    this.lastTerm = term;
    const overlap = quorumsOverlap(membership, this.newest);
    assert(overlap, `R6: ${id} decides by a membership that is past in term ${term}`);
  }

  /** A member applied the change at `index`; true for the first. */
  sawChange(index: Index, membership: Membership): boolean {
    const before = this.memberships.get(index);
    if (before !== undefined) {
      const same = formatMembership(before) === formatMembership(membership);
      assert(same, `R6: two memberships at ${index}`);
      return false;
    }
    assert(
      quorumsOverlap(this.newest, membership),
      `R6: ${formatMembership(this.newest)} and ${formatMembership(membership)} do not overlap`,
    );
    this.newest = membership;
    this.note(index, membership);
    return true;
  }

  /** The membership in a snapshot is the one of the last change before it. */
  sawSnapshot(index: Index, { voters, votersOutgoing, learners }: MembershipState): void {
    const latest = [...this.memberships].filter(([changed]) => changed <= index).at(-1)?.[1];
    const state = latest === undefined ? undefined : membershipState(latest);
    const same =
      String(state?.voters) === String(voters) &&
      String(state?.votersOutgoing) === String(votersOutgoing) &&
      String(state?.learners) === String(learners);
    assert(same, `R8: the snapshot at ${index} has another membership`);
  }

  /** Whatever a member goes by was a membership of the group once. */
  sawMembership(id: MemberId, membership: Membership): void {
    const name = formatMembership(membership);
    const isNew = membership.incoming.size === 0;
    assert(isNew || this.names.has(name), `R6: ${id} goes by ${name}, which never was`);
  }

  private note(index: Index, membership: Membership): void {
    this.memberships.set(index, membership);
    this.names.add(formatMembership(membership));
  }

  private member(id: MemberId): SimulatedMember {
    const member = this.members.get(id);
    assert(member !== undefined, "members are known");
    return member;
  }
}

function sawAppended(
  id: MemberId,
  disk: SimulatedMember["disk"],
  { term, index, rejected }: AppendEntriesResponse,
): void {
  const { hardState, storage } = disk;
  assert(hardState.term >= term, `R5: ${id} answers an append of term ${term}, not durable`);
  // A later leader may have shortened the log: then this answer has no effect any more.
  if (rejected !== undefined || hardState.term > term) return;
  assert(index <= storage.lastIndex(), `R5: ${id} acknowledges ${index}, not durable`);
}
