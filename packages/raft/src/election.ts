// Elections (Raft 5.2, 5.4.1; thesis 9.6 for the pre-vote, 3.10 for a transfer): the candidate's
// campaign and the voter's decision.
import { ACCEPTED, type RaftCore, refused, type StepResult } from "./core.ts";
import { voterIds } from "./membership.ts";
import type { RequestVote } from "./messages.ts";
import { jointVote, type VoteResult } from "./quorum.ts";
import { becomeCandidate, becomePreCandidate } from "./roles.ts";
import { type MemberId, NONE } from "./types.ts";

/** `timeout` asks first whether it could win, if so configured; a `transfer` does not. */
export type CampaignReason = "timeout" | "transfer";

/** Starts an election, unless this member leads already or may not. */
export function startElection(core: RaftCore, reason: CampaignReason): StepResult {
  if (core.role === "leader") return ACCEPTED;
  if (!core.promotable || hasUnappliedChange(core)) return refused("not-promotable");
  campaign(core, reason, core.config.preVote && reason === "timeout");
  return ACCEPTED;
}

/** A member that does not know the membership yet might count the wrong quorum (R6). */
function hasUnappliedChange({ log }: RaftCore): boolean {
  const entries = log.entries(log.applied + 1, log.committed + 1) ?? [];
  return entries.some(({ kind }) => kind !== "normal");
}

export function campaign(core: RaftCore, reason: CampaignReason, preVote: boolean): void {
  if (preVote) becomePreCandidate(core);
  else becomeCandidate(core);
  const term = preVote ? core.term + 1 : core.term;
  const { last } = core.log;
  const transfer = reason === "transfer";
  for (const to of voterIds(core.group.membership)) {
    // Its own vote counts when it is durable (R5): it answers itself.
    if (to === core.id) {
      core.send({ kind: "request-vote-response", to, term, preVote, reject: false });
    } else {
      core.send({ kind: "request-vote", to, term, preVote, last, transfer });
    }
  }
}

/** Notes an answer and tells how the election stands; the first answer of a member counts. */
export function poll(core: RaftCore, from: MemberId, granted: boolean): VoteResult {
  if (!core.votes.has(from)) core.votes.set(from, granted);
  const result = jointVote(core.group.membership, core.votes);
  // Elected by the others alone, it could crash before its own vote is durable, and be elected once
  // more in the same term with another log (R2, R5).
  return result === "won" && !core.votes.has(core.id) ? "pending" : result;
}

/**
 * The voter's decision. One vote a term (R1), for a log that is not behind its own (R3). Learners
 * vote too: the candidate may know that they are voters by now.
 */
export function onRequestVote(core: RaftCore, message: RequestVote): StepResult {
  const { from: to, preVote } = message;
  const mayVote =
    core.vote === to ||
    (core.vote === NONE && core.leader === NONE) ||
    (preVote && message.term > core.term);
  const reject = !(mayVote && core.log.isUpToDate(message.last));
  // A granted pre-vote answers in the term it was asked for; it is no promise.
  const term = reject ? core.term : message.term;
  core.send({ kind: "request-vote-response", to, term, preVote, reject });
  if (!reject && !preVote) {
    core.electionElapsed = 0;
    core.vote = to;
  }
  return ACCEPTED;
}

/** Whether a leader was heard of so recently that nobody else is elected (thesis 6.2, 9.6). */
export const hasLease = (core: RaftCore): boolean =>
  core.config.checkQuorum &&
  core.leader !== NONE &&
  core.electionElapsed < core.config.electionTicks;
