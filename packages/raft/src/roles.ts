// The transitions between roles (Raft figure 4), with the pre-candidate of thesis 9.6.
import { assert } from "@ashlar/core";
import type { RaftCore } from "./core.ts";
import { appendOwn } from "./replication.ts";
import { emptyEntry, type MemberId, NONE, type Term } from "./types.ts";

export function becomeFollower(core: RaftCore, term: Term, leader: MemberId): void {
  core.reset(term);
  core.leader = leader;
  core.role = "follower";
}

/** Neither term nor vote change: a pre-vote leaves no trace. */
export function becomePreCandidate(core: RaftCore): void {
  assert(core.role !== "leader", "a leader does not campaign");
  core.votes = new Map();
  core.leader = NONE;
  core.role = "pre-candidate";
}

export function becomeCandidate(core: RaftCore): void {
  assert(core.role !== "leader", "a leader does not campaign");
  core.reset(core.term + 1);
  core.vote = core.id;
  core.role = "candidate";
}

/** Begins the term with an empty entry, for whose commit all older entries wait (Raft 5.4.2, 8). */
export function becomeLeader(core: RaftCore): void {
  assert(core.role === "candidate", "R1: a leader was elected in its term");
  core.reset(core.term);
  core.leader = core.id;
  core.role = "leader";
  const own = core.progress(core.id);
  assert(own !== undefined, "a leader is a member when it is elected");
  own.becomeReplicate();
  own.recentActive = true;
  // An older change may wait unapplied in the log; one index for all of them is enough.
  core.pendingChangeIndex = core.log.lastIndex;
  assert(appendOwn(core, [emptyEntry()]), "an empty entry is never too much");
}
