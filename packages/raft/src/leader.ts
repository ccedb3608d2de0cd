// The leader (Raft 5.3, 5.4.2; thesis 3.10, 4, 6.4): takes proposals, follows its peers' answers,
// commits, answers reads, gives leadership away.
import { ACCEPTED, type RaftCore, refused, type StepResult } from "./core.ts";
import type { Handlers } from "./handlers.ts";
import { decodeChange } from "./member-change.ts";
import { isJoint } from "./membership.ts";
import type { AppendEntriesResponse, HeartbeatResponse, Propose } from "./messages.ts";
import type { Progress } from "./progress.ts";
import type { ReadRequest } from "./read-index.ts";
import {
  abortTransfer,
  appendOwn,
  broadcastAppend,
  broadcastHeartbeat,
  committedInTerm,
  maybeCommit,
  maybeSendAppend,
  sendAppend,
  sendTimeoutNow,
} from "./replication.ts";
import { emptyEntry, type Index, type MemberId, NONE, type ProposedEntry } from "./types.ts";

export const LEADER: Handlers = {
  propose: onPropose,
  "append-entries-response": onAppendResponse,
  "heartbeat-response": onHeartbeatResponse,
  "read-index": (core, { from, context }) => onReadIndex(core, { from, context }),
  "transfer-leader": (core, { transferee }) => onTransfer(core, transferee),
};

function onPropose(core: RaftCore, { entries }: Propose): StepResult {
  // A leader that is removed, or on its way out, takes nothing more.
  const leaving = core.progress(core.id) === undefined || core.transferee !== NONE;
  if (leaving) return refused("proposal-dropped");
  const first = core.log.lastIndex + 1;
  const pendingBefore = core.pendingChangeIndex;
  const allowed = entries.map((entry, at) => allowChange(core, entry, first + at));
  if (!appendOwn(core, allowed)) {
    // What is not in the log holds no other change up.
    core.pendingChangeIndex = pendingBefore;
    return refused("proposal-dropped");
  }
  broadcastAppend(core);
  return ACCEPTED;
}

/**
 * One membership change at a time (thesis 4.1), and only ones that the applied membership allows;
 * an empty entry takes the place of a change that comes too early.
 */
function allowChange(core: RaftCore, entry: ProposedEntry, index: Index): ProposedEntry {
  if (entry.kind === "normal") return entry;
  const leaves = decodeChange(entry.data).changes.length === 0;
  const pending = core.pendingChangeIndex > core.log.applied;
  const fits = leaves === isJoint(core.group.membership);
  if ((pending || !fits) && !core.config.changesUnchecked) return emptyEntry();
  core.pendingChangeIndex = index;
  return entry;
}

function onAppendResponse(core: RaftCore, message: AppendEntriesResponse): StepResult {
  const progress = core.progress(message.from);
  if (progress === undefined) return ACCEPTED;
  progress.recentActive = true;
  if (message.rejected === undefined) onAccepted(core, message, progress);
  else onRejected(core, message, progress);
  return ACCEPTED;
}

/** Goes back to where the logs may meet, by terms instead of by entries (Raft 5.3). */
function onRejected(core: RaftCore, message: AppendEntriesResponse, progress: Progress): void {
  const { from, index, rejected } = message;
  if (rejected === undefined) return;
  const { term } = rejected;
  const hint = term > 0 ? core.log.findConflict(rejected.index, term).index : rejected.index;
  if (!progress.maybeDecrease(index, hint)) return;
  if (progress.state === "replicate") progress.becomeProbe();
  sendAppend(core, from);
}

function onAccepted(core: RaftCore, message: AppendEntriesResponse, progress: Progress): void {
  const { from, index } = message;
  const probed = progress.match === index && progress.state === "probe";
  if (!progress.maybeUpdate(index) && !probed) return;
  followState(core, progress, index);
  if (maybeCommit(core)) {
    releaseReads(core);
    broadcastAppend(core);
  } else if (from !== core.id && progress.commitIsNews(core.log.committed)) {
    sendAppend(core, from);
  }
  // The answer may have made room for several appends of limited size.
  if (from !== core.id) while (maybeSendAppend(core, from, false));
  if (from === core.transferee && progress.match === core.log.lastIndex) sendTimeoutNow(core, from);
}

function followState(core: RaftCore, progress: Progress, index: Index): void {
  switch (progress.state) {
    case "probe":
      progress.becomeReplicate();
      break;
    case "snapshot":
      // Any state that the log continues will do, be it not the snapshot that was sent.
      if (progress.match + 1 >= core.log.firstIndex) progress.becomeReplicate();
      break;
    case "replicate":
      progress.inflights.freeTo(index);
      break;
  }
}

function onHeartbeatResponse(core: RaftCore, { from, round }: HeartbeatResponse): StepResult {
  const progress = core.progress(from);
  if (progress === undefined) return ACCEPTED;
  progress.recentActive = true;
  // Whatever filled the window may be lost: one append finds out.
  progress.resumeFlow();
  if (progress.match < core.log.lastIndex || progress.state === "probe") sendAppend(core, from);
  for (const { request, index } of core.reads.acknowledge(from, round, core.group.membership)) {
    answerRead(core, request, index);
  }
  return ACCEPTED;
}

function onReadIndex(core: RaftCore, request: ReadRequest): StepResult {
  // Who asked asks again; a queue without end would help nobody.
  if (core.reads.isFull) return ACCEPTED;
  if (!committedInTerm(core)) core.reads.wait(request);
  else beginRead(core, request);
  return ACCEPTED;
}

function beginRead(core: RaftCore, request: ReadRequest): void {
  const { incoming, outgoing } = core.group.membership;
  const alone = incoming.size === 1 && outgoing.size === 0 && incoming.has(core.id);
  const leased = core.config.reads === "lease" && !core.leaseGivenAway;
  if (alone || leased) {
    answerRead(core, request, core.log.committed);
  } else {
    core.reads.begin(request, core.log.committed, core.id);
    broadcastHeartbeat(core);
  }
}

/** The term's first commit tells the leader what is committed: waiting reads begin. */
function releaseReads(core: RaftCore): void {
  if (!committedInTerm(core)) return;
  for (const request of core.reads.takeWaiting()) beginRead(core, request);
}

function answerRead(core: RaftCore, { from, context }: ReadRequest, index: Index): void {
  if (from === core.id) core.readStates.push({ context, index });
  else core.send({ kind: "read-index-response", to: from, context, index });
}

function onTransfer(core: RaftCore, transferee: MemberId): StepResult {
  const progress = core.progress(transferee);
  if (progress === undefined || progress.isLearner) return ACCEPTED;
  if (core.transferee === transferee) return ACCEPTED;
  abortTransfer(core);
  if (transferee === core.id) return ACCEPTED;
  // It has one election timeout; see tick.
  core.electionElapsed = 0;
  core.transferee = transferee;
  if (progress.match === core.log.lastIndex) sendTimeoutNow(core, transferee);
  else sendAppend(core, transferee);
  return ACCEPTED;
}

/** A leader that does not hear of a quorum cannot commit and would only mislead (thesis 6.2). */
export function quorumActive(core: RaftCore): boolean {
  const { incoming, outgoing } = core.group.membership;
  const active = (voters: ReadonlySet<MemberId>): boolean => {
    const heard = [...voters].filter((id) => core.progress(id)?.recentActive === true);
    return voters.size === 0 || heard.length > Math.floor(voters.size / 2);
  };
  return active(incoming) && active(outgoing);
}
