// A membership takes effect (thesis 4): by an applied entry or by a snapshot.
import type { RaftCore } from "./core.ts";
import { type MembershipChange, stepOf } from "./member-change.ts";
import {
  type ChangeResult,
  enterJoint,
  type Group,
  leaveJoint,
  simpleChange,
  voterIds,
} from "./membership.ts";
import { abortTransfer, broadcastAppend, maybeCommit, maybeSendAppend } from "./replication.ts";
import { becomeFollower } from "./roles.ts";
import { NONE } from "./types.ts";

/**
 * Applies a committed change. One that the membership does not allow is refused and changes nothing;
 * every member comes to the same result, since all apply the same entries in the same order.
 */
export function applyChange(core: RaftCore, change: MembershipChange): ChangeResult {
  const result = changed(core, change);
  if (result.kind === "changed") applyGroup(core, result.group);
  return result;
}

function changed(core: RaftCore, change: MembershipChange): ChangeResult {
  const { group, newPeer } = core;
  const step = stepOf(change);
  switch (step) {
    case "simple":
      return simpleChange(group, change.changes, newPeer);
    case "leave-joint":
      return leaveJoint(group);
    case "enter-joint":
    case "enter-joint-auto-leave":
      return enterJoint(
        group,
        { changes: change.changes, autoLeave: step === "enter-joint-auto-leave" },
        newPeer,
      );
  }
}

export function applyGroup(core: RaftCore, group: Group): void {
  core.group = group;
  if (core.role !== "leader") return;
  const own = core.progress(core.id);
  if (own === undefined || own.isLearner) {
    if (core.config.stepDownOnRemoval) {
      becomeFollower(core, core.term, NONE);
      return;
    }
  }
  if (group.membership.incoming.size === 0) return;
  // A smaller quorum may hold more; a new peer is probed without waiting for a heartbeat.
  if (maybeCommit(core)) broadcastAppend(core);
  else for (const [id] of core.others) maybeSendAppend(core, id, false);
  const voters = voterIds(group.membership);
  if (core.transferee !== NONE && !voters.includes(core.transferee)) abortTransfer(core);
}
