// The catalog says who should be in the group; the leader makes it so, one change of the membership at
// a time. Whatever interrupted it, the next leader goes on from what it sees.
//
//   expected and joined, not in the group   comes in as a learner
//   learner that has caught up              becomes a voter; whom it replaces goes in the same step
//   in the group and not expected           goes, unless somebody who lives is about to take its place,
//                                           or too few would be left that answer
import type { MemberChange, MemberId, MembershipChange, PeerStatus } from "@ashlar/raft";

/** A learner this close to the leader's log holds up nobody when it becomes a voter. */
const CAUGHT_UP_ENTRIES = 64;

export interface GroupSight {
  readonly self: MemberId;
  readonly voters: ReadonlySet<MemberId>;
  readonly learners: ReadonlySet<MemberId>;
  /** A change is under way: the membership is joint, or one is not applied yet. */
  readonly changing: boolean;
  readonly lastIndex: number;
  readonly peers: readonly Pick<PeerStatus, "id" | "state" | "match" | "recentActive">[];
  /** Members that were heard of lately. */
  readonly heard: ReadonlySet<MemberId>;
  /** Members that joined and that the catalog wants. */
  readonly wanted: ReadonlySet<MemberId>;
}

export type KeeperStep =
  | { readonly kind: "change"; readonly change: MembershipChange }
  /** This member is to go: another leads first. */
  | { readonly kind: "transfer"; readonly to: MemberId };

/** What the leader does next; undefined when the group is as wanted, or has to be waited for. */
export function nextStep(sight: GroupSight): KeeperStep | undefined {
  const { voters, learners, wanted, self } = sight;
  if (sight.changing) return undefined;
  const missing = [...wanted].find((id) => !voters.has(id) && !learners.has(id));
  if (missing !== undefined) return simple({ kind: "add-learner", id: missing });
  const strangers = [...voters, ...learners].filter((id) => !wanted.has(id));
  if (strangers.includes(self)) return transferAway(sight);
  const ready = [...learners].find((id) => wanted.has(id) && isCaughtUp(sight, id));
  if (ready !== undefined) {
    const changes: MemberChange[] = [{ kind: "add-voter", id: ready }];
    const replaced = strangers[0];
    if (replaced !== undefined) changes.push({ kind: "remove", id: replaced });
    return { kind: "change", change: { transition: "auto", changes } };
  }
  const waiting = [...learners].some((id) => wanted.has(id) && sight.heard.has(id));
  const stranger = strangers[0];
  if (stranger === undefined || waiting || !isDispensable(sight, stranger)) return undefined;
  return simple({ kind: "remove", id: stranger });
}

const simple = (change: MemberChange): KeeperStep => ({
  kind: "change",
  change: { transition: "auto", changes: [change] },
});

/** Whether the others can decide without it: if not, its going could not even be taken back. */
function isDispensable({ voters, heard, self }: GroupSight, id: MemberId): boolean {
  const staying = [...voters].filter((voter) => voter !== id);
  const alive = staying.filter((voter) => voter === self || heard.has(voter));
  return alive.length > staying.length / 2;
}

function isCaughtUp({ peers, lastIndex }: GroupSight, id: MemberId): boolean {
  const peer = peers.find((one) => one.id === id);
  if (!peer?.recentActive || peer.state !== "replicate") return false;
  return lastIndex - peer.match <= CAUGHT_UP_ENTRIES;
}

function transferAway(sight: GroupSight): KeeperStep | undefined {
  const { peers, voters, wanted } = sight;
  const heirs = peers
    .filter(({ id, recentActive }) => voters.has(id) && wanted.has(id) && recentActive)
    .sort((a, b) => b.match - a.match);
  const heir = heirs[0];
  return heir && { kind: "transfer", to: heir.id };
}
