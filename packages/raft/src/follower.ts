// The follower (Raft 5.2, 5.3, 7): takes what the leader of its term sends, forwards what is for it.
import { ACCEPTED, type RaftCore, refused, type StepResult } from "./core.ts";
import { startElection } from "./election.ts";
import { applyGroup } from "./group-change.ts";
import type { Handlers } from "./handlers.ts";
import { restoreGroup } from "./membership.ts";
import type { AppendEntries, Heartbeat, InstallSnapshot } from "./messages.ts";
import { becomeFollower } from "./roles.ts";
import { type LogSnapshot, NONE } from "./types.ts";

export const FOLLOWER: Handlers = {
  "append-entries": (core, message) => {
    hearLeader(core, message.from);
    return onAppendEntries(core, message);
  },
  heartbeat: (core, message) => {
    hearLeader(core, message.from);
    return onHeartbeat(core, message);
  },
  "install-snapshot": (core, message) => {
    hearLeader(core, message.from);
    return onInstallSnapshot(core, message);
  },
  "timeout-now": (core) => startElection(core, "transfer"),
  propose: (core, { entries }) => {
    if (core.leader === NONE) return refused("proposal-dropped");
    core.send({ kind: "propose", to: core.leader, entries });
    return ACCEPTED;
  },
  "transfer-leader": (core, { transferee }) => {
    if (core.leader !== NONE) core.send({ kind: "transfer-leader", to: core.leader, transferee });
    return ACCEPTED;
  },
  "read-index": (core, { context }) => {
    if (core.leader !== NONE) core.send({ kind: "read-index", to: core.leader, context });
    return ACCEPTED;
  },
  "read-index-response": (core, { context, index }) => {
    core.readStates.push({ context, index });
    return ACCEPTED;
  },
};

function hearLeader(core: RaftCore, leader: number): void {
  core.electionElapsed = 0;
  core.leader = leader;
}

export function onAppendEntries(core: RaftCore, message: AppendEntries): StepResult {
  const { from: to, previous, entries, commit } = message;
  const { log } = core;
  const answer = (index: number): void =>
    core.send({ kind: "append-entries-response", to, index, rejected: undefined });
  if (previous.index < log.committed) {
    // An old message; what is committed is known to match.
    answer(log.committed);
    return ACCEPTED;
  }
  const lastNew = log.maybeAppend(previous, entries, commit);
  if (lastNew !== undefined) {
    answer(lastNew);
    return ACCEPTED;
  }
  // Where this log has no later term than the leader's at that point, they may meet (Raft 5.3).
  const rejected = log.findConflict(Math.min(previous.index, log.lastIndex), previous.term);
  core.send({ kind: "append-entries-response", to, index: previous.index, rejected });
  return ACCEPTED;
}

export function onHeartbeat(core: RaftCore, { from: to, commit, round }: Heartbeat): StepResult {
  core.log.commitTo(commit);
  core.send({ kind: "heartbeat-response", to, round });
  return ACCEPTED;
}

export function onInstallSnapshot(core: RaftCore, message: InstallSnapshot): StepResult {
  const index = restore(core, message.snapshot) ? core.log.lastIndex : core.log.committed;
  core.send({ kind: "append-entries-response", to: message.from, index, rejected: undefined });
  return ACCEPTED;
}

/** False if the snapshot brings nothing new, or is not for this member. */
function restore(core: RaftCore, snapshot: LogSnapshot): boolean {
  const { log } = core;
  if (snapshot.index <= log.committed) return false;
  if (core.role !== "follower") {
    becomeFollower(core, core.term + 1, NONE);
    return false;
  }
  const { voters, votersOutgoing, learners } = snapshot.membership;
  if (![...voters, ...votersOutgoing, ...learners].includes(core.id)) return false;
  if (log.matches(snapshot)) {
    log.commitTo(snapshot.index);
    return false;
  }
  log.restore(snapshot);
  applyGroup(core, restoreGroup(snapshot.membership, core.newPeer));
  return true;
}
