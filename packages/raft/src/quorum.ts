// Vote and commit arithmetic (Raft 5.2, 5.3; thesis 4.3). A decision of a joint membership needs a
// majority of each half, so it is the weaker of the two halves' decisions; a half without members
// decides everything, which makes a plain membership the special case of an empty outgoing half.
import type { Index, MemberId } from "./types.ts";

export type VoteResult = "pending" | "lost" | "won";

/** The two sets of voters; `outgoing` is empty outside of joint consensus. */
export interface VoterHalves {
  readonly incoming: ReadonlySet<MemberId>;
  readonly outgoing: ReadonlySet<MemberId>;
}

/** The highest index that a majority of `voters` acknowledged; infinite if there are no voters. */
export function majorityCommitted(
  voters: ReadonlySet<MemberId>,
  acknowledged: (voter: MemberId) => Index | undefined,
): Index {
  if (voters.size === 0) return Number.POSITIVE_INFINITY;
  const indexes = [...voters].map((voter) => acknowledged(voter) ?? 0).sort((a, b) => b - a);
  return indexes[Math.floor(indexes.length / 2)] ?? 0;
}

/** `won` with a majority of yes, `lost` when no majority is possible any more. */
export function majorityVote(
  voters: ReadonlySet<MemberId>,
  votes: ReadonlyMap<MemberId, boolean>,
): VoteResult {
  if (voters.size === 0) return "won";
  const needed = Math.floor(voters.size / 2) + 1;
  let yes = 0;
  let open = 0;
  for (const voter of voters) {
    const vote = votes.get(voter);
    if (vote === undefined) open += 1;
    else if (vote) yes += 1;
  }
  if (yes >= needed) return "won";
  return yes + open >= needed ? "pending" : "lost";
}

/** The index that both halves committed. */
export const jointCommitted = (
  { incoming, outgoing }: VoterHalves,
  acknowledged: (voter: MemberId) => Index | undefined,
): Index =>
  Math.min(majorityCommitted(incoming, acknowledged), majorityCommitted(outgoing, acknowledged));

/** Lost if either half is lost, won if both are won. */
export function jointVote(
  { incoming, outgoing }: VoterHalves,
  votes: ReadonlyMap<MemberId, boolean>,
): VoteResult {
  const results = [majorityVote(incoming, votes), majorityVote(outgoing, votes)];
  if (results.includes("lost")) return "lost";
  return results.includes("pending") ? "pending" : "won";
}
