// One event at a time: what is the same for all roles (Raft 5.1), then the role's own table.

import { CANDIDATE } from "./candidate.ts";
import { ACCEPTED, type RaftCore, refused, type StepResult } from "./core.ts";
import { hasLease, onRequestVote, startElection } from "./election.ts";
import { FOLLOWER } from "./follower.ts";
import { dispatch, type Handlers } from "./handlers.ts";
import { LEADER, quorumActive } from "./leader.ts";
import { encodeChange, LEAVE_JOINT } from "./member-change.ts";
import {
  MESSAGE_VERSION,
  type Message,
  type StorageAppendResponse,
  type StorageApplyResponse,
} from "./messages.ts";
import { abortTransfer, broadcastHeartbeat, releaseUncommitted } from "./replication.ts";
import { becomeFollower } from "./roles.ts";
import { entriesSize, type Index, NONE, type Role } from "./types.ts";

const STEP: Readonly<Record<Role, Handlers>> = {
  follower: FOLLOWER,
  "pre-candidate": CANDIDATE,
  candidate: CANDIDATE,
  leader: LEADER,
};

export function step(core: RaftCore, message: Message): StepResult {
  if (message.version !== MESSAGE_VERSION) return refused("unknown-version");
  if (message.term > core.term) {
    if (!meetLaterTerm(core, message)) return ACCEPTED;
  } else if (message.term !== 0 && message.term < core.term) {
    answerEarlierTerm(core, message);
    return ACCEPTED;
  }
  switch (message.kind) {
    case "request-vote":
      return onRequestVote(core, message);
    case "storage-append-response":
      return onAppended(core, message);
    case "storage-apply-response":
      return onApplied(core, message);
    default:
      return dispatch(STEP[core.role], core, message);
  }
}

/** A later term makes a follower of anyone (Raft 5.1); false if the message is to be ignored. */
function meetLaterTerm(core: RaftCore, message: Message): boolean {
  if (message.kind === "request-vote") {
    // While a leader is heard of, nobody disturbs it, except in its own name (thesis 6.2, 3.10).
    if (!message.transfer && hasLease(core)) return false;
    if (message.preVote) return true;
  }
  const { kind } = message;
  // A granted pre-vote carries the term that was asked for, which nobody is in yet.
  if (kind === "request-vote-response" && message.preVote && !message.reject) return true;
  const fromLeader =
    kind === "append-entries" || kind === "heartbeat" || kind === "install-snapshot";
  becomeFollower(core, message.term, fromLeader ? message.from : NONE);
  return true;
}

/** Messages of earlier terms have no effect; who sent some of them must learn that time went on. */
function answerEarlierTerm(core: RaftCore, message: Message): void {
  const { kind, from: to } = message;
  if (kind === "heartbeat" || kind === "append-entries") {
    // "Reply false" (figure 2): this member's term is ahead, and its votes may be ignored or asked for
    // elsewhere; only this frees it, and the leader.
    core.send({ kind: "append-entries-response", to, index: 0, rejected: undefined });
  } else if (kind === "request-vote") {
    // "Reply false", with the term that the candidate lacks (figure 2): it may hear of it from nobody
    // else, if this member does not know it yet and asks others for their votes.
    core.send({ kind: "request-vote-response", to, preVote: message.preVote, reject: true });
  } else if (kind === "storage-append-response" && message.snapshot !== undefined) {
    // Entries may have been overwritten in the meantime; a snapshot is committed in any term.
    core.log.snapshotStable(message.snapshot);
  }
}

function onAppended(core: RaftCore, { stable, snapshot }: StorageAppendResponse): StepResult {
  if (stable !== undefined) core.log.stableTo(stable);
  if (snapshot !== undefined) core.log.snapshotStable(snapshot);
  return ACCEPTED;
}

function onApplied(core: RaftCore, { entries }: StorageApplyResponse): StepResult {
  const last = entries.at(-1);
  if (last === undefined) return ACCEPTED;
  appliedTo(core, Math.max(last.index, core.log.applied), entriesSize(entries));
  releaseUncommitted(core, entries);
  return ACCEPTED;
}

function appliedTo(core: RaftCore, index: Index, bytes: number): void {
  core.log.appliedTo(index, bytes);
  if (core.role === "leader") leaveJoint(core);
}

/** A leader on its way out cannot: then it tries again with its heartbeats, or the next leader does. */
function leaveJoint(core: RaftCore): void {
  const { autoLeave } = core.group.membership;
  if (!autoLeave || core.log.applied < core.pendingChangeIndex) return;
  const leave = encodeChange(LEAVE_JOINT);
  dispatch(LEADER, core, {
    version: MESSAGE_VERSION,
    kind: "propose",
    from: core.id,
    to: core.id,
    term: 0,
    entries: [leave],
  });
}

/** Time passes (Raft 5.2): the only clock there is. */
export function tick(core: RaftCore): void {
  core.electionElapsed += 1;
  if (core.role === "leader") {
    tickLeader(core);
  } else if (core.promotable && core.electionElapsed >= core.randomizedElectionTicks) {
    core.electionElapsed = 0;
    startElection(core, "timeout");
  }
}

function tickLeader(core: RaftCore): void {
  core.heartbeatElapsed += 1;
  if (core.electionElapsed >= core.config.electionTicks) {
    core.electionElapsed = 0;
    if (core.config.checkQuorum && !checkQuorum(core)) return;
    // The transferee had its time (thesis 3.10).
    abortTransfer(core);
  }
  if (core.heartbeatElapsed >= core.config.heartbeatTicks) {
    core.heartbeatElapsed = 0;
    broadcastHeartbeat(core);
    leaveJoint(core);
  }
}

function checkQuorum(core: RaftCore): boolean {
  const active = quorumActive(core);
  if (!active) {
    becomeFollower(core, core.term, NONE);
    return false;
  }
  for (const [, progress] of core.others) progress.recentActive = false;
  return true;
}
