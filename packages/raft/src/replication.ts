// The leader's sending side (Raft 5.3, 5.4.2, 7): appends, heartbeats, snapshots, and the commit index.
import { assert } from "@ashlar/core";
import type { RaftCore } from "./core.ts";
import type { Progress } from "./progress.ts";
import { jointCommitted } from "./quorum.ts";
import {
  type Entry,
  LOG_VERSION,
  type MemberId,
  NONE,
  type ProposedEntry,
  payloadSize,
} from "./types.ts";

/** Adds proposals to the leader's log; false if too much is uncommitted already. */
export function appendOwn(core: RaftCore, proposed: readonly ProposedEntry[]): boolean {
  const bytes = payloadSize(proposed);
  const { uncommittedBytesMax } = core.config;
  // The first of them always passes, and what has no data costs nothing.
  const crosses = core.uncommittedBytes + bytes > uncommittedBytesMax;
  if (core.uncommittedBytes > 0 && bytes > 0 && crosses) return false;
  core.uncommittedBytes += bytes;
  const first = core.log.lastIndex + 1;
  const entries = proposed.map(
    ({ kind, data }, at): Entry => ({
      version: LOG_VERSION,
      kind,
      term: core.term,
      index: first + at,
      data,
    }),
  );
  const index = core.log.append(entries);
  // The leader counts itself only when its own write is durable (R5): it answers itself.
  core.send({ kind: "append-entries-response", to: core.id, index, rejected: undefined });
  return true;
}

/** What is applied is not uncommitted any more. */
export function releaseUncommitted(core: RaftCore, entries: readonly Entry[]): void {
  core.uncommittedBytes = Math.max(0, core.uncommittedBytes - payloadSize(entries));
}

export function broadcastAppend(core: RaftCore): void {
  for (const [id] of core.others) sendAppend(core, id);
}

/** Sends what the peer lacks, or an empty append with the commit index. */
export const sendAppend = (core: RaftCore, to: MemberId): boolean =>
  maybeSendAppend(core, to, true);

/** False if nothing was sent: the peer is paused, or nothing is new and `evenEmpty` is false. */
export function maybeSendAppend(core: RaftCore, to: MemberId, evenEmpty: boolean): boolean {
  const progress = core.progress(to);
  assert(progress !== undefined, "appends go to members");
  if (progress.isPaused) return false;
  const { log } = core;
  const previous = { index: progress.next - 1, term: log.term(progress.next - 1) };
  const windowOpen = progress.state !== "replicate" || !progress.inflights.full;
  const entries = windowOpen
    ? log.entries(progress.next, log.lastIndex + 1, core.config.messageBytesMax)
    : [];
  if (entries?.length === 0 && !evenEmpty) return false;
  if (previous.term === undefined || entries === undefined) return sendSnapshot(core, to, progress);
  core.send({
    kind: "append-entries",
    to,
    previous: { index: previous.index, term: previous.term },
    entries,
    commit: log.committed,
  });
  progress.sentEntries(entries.length, payloadSize(entries));
  progress.sentCommit(log.committed);
  return true;
}

/** The peer needs entries that are compacted away (Raft 7). */
function sendSnapshot(core: RaftCore, to: MemberId, progress: Progress): boolean {
  // Nobody is there to take it.
  if (!progress.recentActive) return false;
  const snapshot = core.log.snapshot();
  if (snapshot === undefined) return false;
  assert(snapshot.index > 0, "a compacted log has a snapshot");
  progress.becomeSnapshot(snapshot.index);
  core.send({ kind: "install-snapshot", to, snapshot });
  return true;
}

export function broadcastHeartbeat(core: RaftCore): void {
  for (const [to, progress] of core.others) {
    // Never beyond what the peer is known to hold: the follower commits it unseen.
    const commit = Math.min(progress.match, core.log.committed);
    core.send({ kind: "heartbeat", to, commit, round: core.reads.round });
    progress.sentCommit(commit);
  }
}

/** Moves the commit index to what a quorum holds, if that is of this term (Raft 5.4.2). */
export function maybeCommit(core: RaftCore): boolean {
  const { membership } = core.group;
  const index = jointCommitted(membership, (id) => core.progress(id)?.match);
  return core.log.maybeCommit({ term: core.term, index });
}

/** Leader completeness makes the new leader's log hold all, but only now it knows (Raft 8). */
export const committedInTerm = (core: RaftCore): boolean =>
  core.log.term(core.log.committed) === core.term;

export function sendTimeoutNow(core: RaftCore, to: MemberId): void {
  core.leaseGivenAway = true;
  core.send({ kind: "timeout-now", to });
}

export function abortTransfer(core: RaftCore): void {
  core.transferee = NONE;
}
