// What stands in a log entry: a command, and in whose name it is proposed. Sessions make a proposal
// that is sent again take effect once (R10, Raft thesis 6.3); they are part of the replicated state, so
// every member, also one that leads later, knows what was answered.

/** Names a proposal within its proposer's session: sent again, it takes effect once. */
export interface ProposalId {
  readonly session: number;
  /** From 1 upwards. */
  readonly sequence: number;
  /** All below are answered: their results need not be kept. */
  readonly answeredBelow: number;
}
