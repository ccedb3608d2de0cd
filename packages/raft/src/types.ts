// The nouns of the Raft paper as data: members, terms, indexes, log entries, the durable HardState and
// snapshots of the log. Everything here is immutable; entries and snapshots carry a version from the
// first day, because they outlive the process that wrote them.

/** Name of a member within its group: a positive safe integer, never used again for another machine. */
export type MemberId = number;
/** Logical time (Raft 5.1): a safe integer, 0 before the first election. */
export type Term = number;
/** Position in the log: a safe integer, the first entry has index 1, 0 is before all entries. */
export type Index = number;

/** No member: no vote cast, no leader known. */
export const NONE: MemberId = 0;
/** Address of the host's writer of the log, used when storage is written asynchronously. */
export const APPEND_THREAD: MemberId = -1;
/** Address of the host's applier of committed entries, used when storage is written asynchronously. */
export const APPLY_THREAD: MemberId = -2;

/** Version of the form of entries and snapshots. */
export const LOG_VERSION = 1;

/** `config` changes one member at a time (thesis 4.1); `config-v2` may go through a joint one (4.3). */
export type EntryKind = "normal" | "config" | "config-v2";

export interface Entry {
  readonly version: typeof LOG_VERSION;
  readonly kind: EntryKind;
  readonly term: Term;
  readonly index: Index;
  /** Owned by the log from the moment it is given; nobody changes the bytes afterwards. */
  readonly data: Uint8Array;
}

/** An entry that has no place in the log yet: the leader gives it term and index. */
export type ProposedEntry = Pick<Entry, "kind" | "data">;

/** Term and index together name an entry: equal names mean equal logs up to it (Raft 5.3). */
export interface EntryId {
  readonly term: Term;
  readonly index: Index;
}

/** What must be on disk before any message that follows from it leaves (Raft figure 2, R5). */
export interface HardState {
  readonly term: Term;
  readonly vote: MemberId;
  /** Kept for a quick restart only: it could be learned anew from a leader. */
  readonly commit: Index;
}

export const HARD_STATE_ZERO: HardState = { term: 0, vote: NONE, commit: 0 };

/** The membership as it is stored in snapshots; sorted, so that equal memberships are equal data. */
export interface MembershipState {
  readonly voters: readonly MemberId[];
  /** Voters of the old half of a joint membership; empty outside of one. */
  readonly votersOutgoing: readonly MemberId[];
  readonly learners: readonly MemberId[];
  /** Voters of the outgoing half that become learners when the joint membership is left. */
  readonly learnersNext: readonly MemberId[];
  /** The leader leaves the joint membership by itself as soon as it is committed. */
  readonly autoLeave: boolean;
}

/** The state after the entry named by term and index, instead of all entries up to it (Raft 7). */
export interface LogSnapshot {
  readonly version: typeof LOG_VERSION;
  readonly index: Index;
  readonly term: Term;
  readonly membership: MembershipState;
  /** The state machine's own bytes, or a reference that its host understands. */
  readonly data: Uint8Array;
}

export type Role = "follower" | "pre-candidate" | "candidate" | "leader";

const NO_BYTES = new Uint8Array(0);
export const emptyEntry = (): ProposedEntry => ({ kind: "normal", data: NO_BYTES });

/** Bytes an entry takes beside its data in messages and in the log, near enough for limits. */
const ENTRY_OVERHEAD_BYTES = 12;

export const entrySize = (entry: Entry): number => ENTRY_OVERHEAD_BYTES + entry.data.length;

/** Bytes of user data: what limits on proposals count, so that empty entries always pass. */
export const payloadSize = (entries: readonly Pick<Entry, "data">[]): number =>
  entries.reduce((sum, { data }) => sum + data.length, 0);

export const entriesSize = (entries: readonly Entry[]): number =>
  entries.reduce((sum, entry) => sum + entrySize(entry), 0);

/** The longest head of at most `sizeMax` bytes, but one entry at least: progress before limits. */
export function limitSize(entries: readonly Entry[], sizeMax: number): readonly Entry[] {
  let size = 0;
  for (const [at, entry] of entries.entries()) {
    size += entrySize(entry);
    if (at > 0 && size > sizeMax) return entries.slice(0, at);
  }
  return entries;
}
