// Who takes part: voters, learners, and the two halves of a joint membership (thesis 4). A change gives
// a new membership and leaves the old one untouched, or is refused with a reason; either way R6 holds:
// two memberships that may decide at the same time have overlapping quorums.
//
//   simple      one voter more or less: majorities before and after overlap (thesis 4.1)
//   enterJoint  any change: decisions need a majority of the old and of the new voters (thesis 4.3)
//   leaveJoint  the new half remains
import { assert } from "@ashlar/core";
import type { InflightLimits } from "./inflights.ts";
import type { MemberChange } from "./member-change.ts";
import { Progress } from "./progress.ts";
import { type Index, type MemberId, type MembershipState, NONE } from "./types.ts";

export interface Membership {
  /** The voters, or the new half of a joint membership. */
  readonly incoming: ReadonlySet<MemberId>;
  /** The old half of a joint membership, else empty. */
  readonly outgoing: ReadonlySet<MemberId>;
  readonly learners: ReadonlySet<MemberId>;
  /** Voters of the old half that become learners when it is left. */
  readonly learnersNext: ReadonlySet<MemberId>;
  readonly autoLeave: boolean;
}

export type Peers = ReadonlyMap<MemberId, Progress>;

/** A membership with what is known of each of its members, and what a new member starts with. */
export interface Group {
  readonly membership: Membership;
  readonly peers: Peers;
}

export interface NewPeer {
  /** The leader's last index: a new peer is probed from there. */
  readonly lastIndex: Index;
  readonly limits: InflightLimits;
}

export type ChangeResult =
  | { readonly kind: "changed"; readonly group: Group }
  | { readonly kind: "refused"; readonly reason: string };

export const EMPTY_GROUP: Group = {
  membership: {
    incoming: new Set(),
    outgoing: new Set(),
    learners: new Set(),
    learnersNext: new Set(),
    autoLeave: false,
  },
  peers: new Map(),
};

export const isJoint = ({ outgoing }: Membership): boolean => outgoing.size > 0;

/** All who have a vote in either half, in ascending order. */
export const voterIds = ({ incoming, outgoing }: Membership): MemberId[] =>
  sorted(new Set([...incoming, ...outgoing]));

const sorted = (ids: Iterable<MemberId>): MemberId[] => [...ids].sort((a, b) => a - b);

interface Draft {
  incoming: Set<MemberId>;
  outgoing: Set<MemberId>;
  learners: Set<MemberId>;
  learnersNext: Set<MemberId>;
  autoLeave: boolean;
  peers: Map<MemberId, Progress>;
}

const draftOf = ({ membership, peers }: Group): Draft => ({
  incoming: new Set(membership.incoming),
  outgoing: new Set(membership.outgoing),
  learners: new Set(membership.learners),
  learnersNext: new Set(membership.learnersNext),
  autoLeave: membership.autoLeave,
  peers: new Map(peers),
});

const refused = (reason: string): ChangeResult => ({ kind: "refused", reason });

export function simpleChange(
  group: Group,
  changes: readonly MemberChange[],
  newPeer: NewPeer,
): ChangeResult {
  if (isJoint(group.membership)) return refused("can't apply simple config change in joint config");
  const draft = draftOf(group);
  applyChanges(draft, changes, newPeer);
  if (draft.incoming.size === 0) return refused("removed all voters");
  const before = group.membership.incoming;
  const differing = [...new Set([...before, ...draft.incoming])].filter(
    (id) => before.has(id) !== draft.incoming.has(id),
  );
  if (differing.length > 1) {
    return refused("more than one voter changed without entering joint config");
  }
  return finished(draft);
}

export function enterJoint(
  group: Group,
  { changes, autoLeave }: { changes: readonly MemberChange[]; autoLeave: boolean },
  newPeer: NewPeer,
): ChangeResult {
  if (isJoint(group.membership)) return refused("config is already joint");
  if (group.membership.incoming.size === 0) {
    return refused("can't make a zero-voter config joint");
  }
  const draft = draftOf(group);
  draft.outgoing = new Set(draft.incoming);
  draft.autoLeave = autoLeave;
  applyChanges(draft, changes, newPeer);
  return draft.incoming.size === 0 ? refused("removed all voters") : finished(draft);
}

export function leaveJoint(group: Group): ChangeResult {
  if (!isJoint(group.membership)) return refused("can't leave a non-joint config");
  const draft = draftOf(group);
  for (const id of draft.learnersNext) {
    draft.learners.add(id);
    setLearner(draft, id, true);
  }
  draft.learnersNext.clear();
  for (const id of draft.outgoing) {
    if (!draft.incoming.has(id) && !draft.learners.has(id)) draft.peers.delete(id);
  }
  draft.outgoing.clear();
  draft.autoLeave = false;
  return finished(draft);
}

/** The group that a snapshot describes; nothing is known of its members yet. */
export function restoreGroup(state: MembershipState, newPeer: NewPeer): Group {
  const draft: Draft = {
    incoming: new Set(state.voters),
    outgoing: new Set(state.votersOutgoing),
    learners: new Set(state.learners),
    learnersNext: new Set(state.learnersNext),
    autoLeave: state.autoLeave,
    peers: new Map(),
  };
  for (const id of sorted([...draft.incoming, ...draft.outgoing, ...draft.learners])) {
    draft.peers.set(id, startProgress(newPeer, draft.learners.has(id)));
  }
  const group: Group = { membership: draft, peers: draft.peers };
  checkGroup(group);
  return group;
}

export const membershipState = (membership: Membership): MembershipState => ({
  voters: sorted(membership.incoming),
  votersOutgoing: sorted(membership.outgoing),
  learners: sorted(membership.learners),
  learnersNext: sorted(membership.learnersNext),
  autoLeave: membership.autoLeave,
});

/** `voters=(1 2)&&(1) learners=(3)`: the form of logs and transcripts. */
export function formatMembership(membership: Membership): string {
  const list = (ids: Iterable<MemberId>): string => `(${sorted(ids).join(" ")})`;
  const { incoming, outgoing, learners, learnersNext, autoLeave } = membership;
  return [
    `voters=${list(incoming)}${outgoing.size > 0 ? `&&${list(outgoing)}` : ""}`,
    ...(learners.size > 0 ? [`learners=${list(learners)}`] : []),
    ...(learnersNext.size > 0 ? [`learners_next=${list(learnersNext)}`] : []),
    ...(autoLeave ? ["autoleave"] : []),
  ].join(" ");
}

const APPLY: Readonly<
  Record<MemberChange["kind"], (draft: Draft, id: MemberId, newPeer: NewPeer) => void>
> = {
  "add-voter": makeVoter,
  "add-learner": makeLearner,
  remove,
  // Tells the state machine something about a member; the membership stays as it is.
  update: () => {},
};

function applyChanges(draft: Draft, changes: readonly MemberChange[], newPeer: NewPeer): void {
  for (const { kind, id } of changes) {
    // Member 0 is nobody: a host writes it over a change that it refuses after all.
    if (id !== NONE) APPLY[kind](draft, id, newPeer);
  }
}

function makeVoter(draft: Draft, id: MemberId, newPeer: NewPeer): void {
  draft.learners.delete(id);
  draft.learnersNext.delete(id);
  draft.incoming.add(id);
  if (draft.peers.has(id)) setLearner(draft, id, false);
  else draft.peers.set(id, startProgress(newPeer, false));
}

function makeLearner(draft: Draft, id: MemberId, newPeer: NewPeer): void {
  if (draft.learners.has(id)) return;
  draft.incoming.delete(id);
  draft.learnersNext.delete(id);
  // Who still votes in the outgoing half cannot be a learner before that half is left.
  const waits = draft.outgoing.has(id);
  (waits ? draft.learnersNext : draft.learners).add(id);
  if (draft.peers.has(id)) setLearner(draft, id, !waits);
  else draft.peers.set(id, startProgress(newPeer, true));
}

function remove(draft: Draft, id: MemberId): void {
  draft.incoming.delete(id);
  draft.learners.delete(id);
  draft.learnersNext.delete(id);
  if (!draft.outgoing.has(id)) draft.peers.delete(id);
}

function setLearner(draft: Draft, id: MemberId, isLearner: boolean): void {
  const progress = draft.peers.get(id);
  assert(progress !== undefined, "every member has a progress");
  if (progress.isLearner !== isLearner) draft.peers.set(id, progress.copy(isLearner));
}

function startProgress({ lastIndex, limits }: NewPeer, isLearner: boolean): Progress {
  // Counted as active, so that the first quorum check does not find a member that had no time yet.
  const next = Math.max(lastIndex, 1);
  return new Progress({ match: 0, next, isLearner, recentActive: true, limits });
}

function finished(draft: Draft): ChangeResult {
  const { peers, ...membership } = draft;
  const group: Group = {
    membership,
    peers: new Map(sorted(peers.keys()).map((id) => [id, present(peers, id)])),
  };
  checkGroup(group);
  return { kind: "changed", group };
}

function present(peers: ReadonlyMap<MemberId, Progress>, id: MemberId): Progress {
  const progress = peers.get(id);
  assert(progress !== undefined, "every member has a progress");
  return progress;
}

/** The rules between the four sets and the progress map. */
export function checkGroup({ membership, peers }: Group): void {
  const { incoming, outgoing, learners, learnersNext, autoLeave } = membership;
  for (const id of [...incoming, ...outgoing, ...learners, ...learnersNext]) present(peers, id);
  for (const id of learnersNext) {
    assert(outgoing.has(id), "a learner of the next membership votes in the outgoing half");
    assert(!present(peers, id).isLearner, "a learner of the next membership is none yet");
  }
  for (const id of learners) {
    assert(!incoming.has(id) && !outgoing.has(id), "a learner has no vote");
    assert(present(peers, id).isLearner, "a learner's progress says so");
  }
  for (const id of incoming) assert(!present(peers, id).isLearner, "a voter is no learner");
  assert(outgoing.size > 0 || (learnersNext.size === 0 && !autoLeave), "only a joint one waits");
}
