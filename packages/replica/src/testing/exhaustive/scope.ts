// How far a search goes. Everything within is tried; nothing is said about what lies beyond.

export interface Scope {
  /** Replicas of the chunk, at most three; the first leads epoch 1 and is ACTIVE at the start. */
  readonly replicas: number;
  /** The first so many are in sync at the start, the others learners that were level once. */
  readonly inSync: number;
  /** No epoch beyond this one. */
  readonly epochs: number;
  /** Operations on one unit, each sent once, in this order; a read at last if `reads`. */
  readonly mutations: readonly Mutation[];
  readonly reads: boolean;
  /** Processes that die and restart, in all. */
  readonly crashes: number;
  /** Connections that break and lose what was on its way, in all. */
  readonly breaks: number;
  /** Nodes that are declared down, whatever they are. */
  readonly downs: number;
  /** Registrations of nodes that crashed or were declared down. */
  readonly ups: number;
  /** Moves of the primary within the ISR. */
  readonly moves: number;
  /**
   * No session of a primary beyond this one in an epoch: who is refused because a newer epoch is known
   * asks again for as long as it has not heard of that.
   */
  readonly sessions: number;
  /** A write of the disk may be synced without those behind it, and a crash may keep any of them. */
  readonly partialSyncs?: boolean;
  /** Takes states of a replica for equal only if they behave so: slow, to show that prints suffice. */
  readonly proves?: boolean;
  readonly broken?: BrokenWord;
}

export type Mutation = "write" | "unmap";

/** What breaks its word, so that the search must find what comes of it. */
export type BrokenWord =
  /** A disk that has forgotten its newest promise after a crash. */
  | "promiseForgotten"
  /** A disk that has forgotten its newest uncommitted entry after a crash. */
  | "entryForgotten"
  /** A driver that calls durable what was only handed to the disk. */
  | "toldBeforeDurable";
