// The candidate and the pre-candidate (Raft 5.2, thesis 9.6): counts answers, and yields to a leader of
// its own term. A message of a leader of a later term has made it a follower before it comes here.
import { ACCEPTED, type RaftCore, refused, type StepResult } from "./core.ts";
import { campaign, poll } from "./election.ts";
import { onAppendEntries, onHeartbeat, onInstallSnapshot } from "./follower.ts";
import type { Handlers } from "./handlers.ts";
import type { RequestVoteResponse } from "./messages.ts";
import { broadcastAppend } from "./replication.ts";
import { becomeFollower, becomeLeader } from "./roles.ts";
import { NONE } from "./types.ts";

export const CANDIDATE: Handlers = {
  propose: () => refused("proposal-dropped"),
  "append-entries": (core, message) => {
    becomeFollower(core, message.term, message.from);
    return onAppendEntries(core, message);
  },
  heartbeat: (core, message) => {
    becomeFollower(core, message.term, message.from);
    return onHeartbeat(core, message);
  },
  "install-snapshot": (core, message) => {
    becomeFollower(core, message.term, message.from);
    return onInstallSnapshot(core, message);
  },
  "request-vote-response": onVoteResponse,
};

function onVoteResponse(core: RaftCore, message: RequestVoteResponse): StepResult {
  // The other phase's answers say nothing about this one.
  if (message.preVote !== (core.role === "pre-candidate")) return ACCEPTED;
  switch (poll(core, message.from, !message.reject)) {
    case "won":
      if (core.role === "pre-candidate") {
        campaign(core, "timeout", false);
      } else {
        becomeLeader(core);
        broadcastAppend(core);
      }
      break;
    case "lost":
      // A pre-vote is answered in a term that nobody is in yet: this member stays in its own.
      becomeFollower(core, core.term, NONE);
      break;
    case "pending":
      break;
  }
  return ACCEPTED;
}
