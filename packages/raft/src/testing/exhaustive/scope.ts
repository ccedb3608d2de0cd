// How far a search goes. Everything within is tried; nothing is said about what lies beyond.
import type { HardState, Index, Term } from "../../types.ts";

export interface Scope {
  /** No election beyond this term. */
  readonly terms: Term;
  /** Proposals in all, by whoever leads; every leader's empty entry comes on top. */
  readonly proposals: number;
  /** Crashes in all, each followed by a restart. */
  readonly crashes: number;
  /** Leaders' timeouts in all: heartbeats, and with leases the quorum check. */
  readonly heartbeats: number;
  /** Writes that may wait in a thread of the host, to be lost in a crash; 0 is synchronous storage. */
  readonly writesWaiting: number;
  /** Pre-vote and quorum check, as a real group has them; without both it is the paper's Raft. */
  readonly leases: boolean;
  /** Keeps messages that can have no effect any more: only to show that nothing depends on them. */
  readonly keepsDeadMessages?: boolean;
  readonly disk?: DiskFault;
}

/** What a disk that breaks its word still holds after a crash. */
export interface DiskFault {
  readonly hardState?: (synced: HardState) => HardState;
  readonly lastIndex?: (synced: Index) => Index;
}
