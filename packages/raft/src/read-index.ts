// Linearizable reads (thesis 6.4). A read may be answered from a state that holds everything committed
// when it arrived, if the leader proves afterwards that no other leader had been elected by then.
//
// The proof is a round: every read takes the next round number of this term, heartbeats carry the latest
// round, and an answer acknowledges all rounds up to its own. A read is safe when a quorum acknowledged
// its round. So an answer to an older heartbeat proves nothing for a newer read, a lost heartbeat is made
// good by the next one, and a read that is asked again simply is another read.
//
// A new leader does not know what is committed before an entry of its own term is (R7): reads wait.
import { jointCommitted, type VoterHalves } from "./quorum.ts";
import type { Index, MemberId } from "./types.ts";

export interface ReadRequest {
  readonly context: string;
  /** Who asked: this member itself, or the one that forwarded it. */
  readonly from: MemberId;
}

/** The state machine may answer `context` when it has applied `index`. */
export interface ReadState {
  readonly context: string;
  readonly index: Index;
}

interface PendingRead {
  readonly request: ReadRequest;
  readonly index: Index;
  readonly round: number;
}

/** Reads that wait at one leader; more means a lost quorum, and the askers time out anyway. */
export const READS_PENDING_MAX = 16_384;

export class ReadRounds {
  /** Latest round of this term, carried by every heartbeat. */
  round = 0;
  /** Reads before the first commit of the term. */
  private waiting: ReadRequest[] = [];
  /** In order of their rounds. */
  private pending: PendingRead[] = [];
  private readonly acknowledged = new Map<MemberId, number>();

  get isFull(): boolean {
    return this.waiting.length + this.pending.length >= READS_PENDING_MAX;
  }

  wait(request: ReadRequest): void {
    this.waiting.push(request);
  }

  takeWaiting(): readonly ReadRequest[] {
    const taken = this.waiting;
    this.waiting = [];
    return taken;
  }

  /** Starts a round for a read at the commit index of its arrival. */
  begin(request: ReadRequest, index: Index, self: MemberId): void {
    this.round += 1;
    this.pending.push({ request, index, round: this.round });
    this.acknowledged.set(self, this.round);
  }

  /** Notes an answer; gives the reads that are proved by it, in their order. */
  acknowledge(from: MemberId, round: number, voters: VoterHalves): readonly PendingRead[] {
    this.acknowledged.set(from, Math.max(round, this.acknowledged.get(from) ?? 0));
    const proved = jointCommitted(voters, (voter) => this.acknowledged.get(voter));
    const open = this.pending.findIndex((read) => read.round > proved);
    return this.pending.splice(0, open < 0 ? this.pending.length : open);
  }
}
