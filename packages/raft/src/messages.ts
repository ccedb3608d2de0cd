// Every message between members, and between a member and its own storage, as one union. Names follow
// the paper's RPCs. The version stands in each message; a reader refuses one that it does not know.
//
// `term` is the sender's term, except in a pre-vote (the term it would campaign in) and in local or
// forwarded messages, where it is 0: these carry no claim about time.
import type {
  Entry,
  EntryId,
  HardState,
  Index,
  LogSnapshot,
  MemberId,
  ProposedEntry,
  Term,
} from "./types.ts";

export const MESSAGE_VERSION = 1;

interface Envelope {
  readonly version: typeof MESSAGE_VERSION;
  readonly from: MemberId;
  readonly to: MemberId;
  readonly term: Term;
}

/** RequestVote (Raft 5.2, 5.4.1), and the pre-vote of thesis 9.6. */
export interface RequestVote extends Envelope {
  readonly kind: "request-vote";
  readonly preVote: boolean;
  /** The candidate's last entry. */
  readonly last: EntryId;
  /** Asked for by the leader itself, so its lease does not stand in the way (thesis 3.10). */
  readonly transfer: boolean;
}

export interface RequestVoteResponse extends Envelope {
  readonly kind: "request-vote-response";
  readonly preVote: boolean;
  readonly reject: boolean;
}

/** AppendEntries (Raft 5.3). */
export interface AppendEntries extends Envelope {
  readonly kind: "append-entries";
  /** The entry that must be there before `entries`. */
  readonly previous: EntryId;
  readonly entries: readonly Entry[];
  readonly commit: Index;
}

export interface AppendEntriesResponse extends Envelope {
  readonly kind: "append-entries-response";
  /** Accepted: the last index known to equal the leader's. Rejected: the index asked for. */
  readonly index: Index;
  /** Of a rejection: where the logs may meet (Raft 5.3, last paragraph). */
  readonly rejected: EntryId | undefined;
}

/** An append without a log position: keeps the term, carries the commit index and a read round. */
export interface Heartbeat extends Envelope {
  readonly kind: "heartbeat";
  readonly commit: Index;
  /** See read-index.ts: an answer acknowledges leadership at this round of this term. */
  readonly round: number;
}

export interface HeartbeatResponse extends Envelope {
  readonly kind: "heartbeat-response";
  readonly round: number;
}

/** InstallSnapshot (Raft 7). The transport may carry the snapshot's bytes in pieces. */
export interface InstallSnapshot extends Envelope {
  readonly kind: "install-snapshot";
  readonly snapshot: LogSnapshot;
}

/** Campaign at once (thesis 3.10). */
export interface TimeoutNow extends Envelope {
  readonly kind: "timeout-now";
}

export interface TransferLeader extends Envelope {
  readonly kind: "transfer-leader";
  readonly transferee: MemberId;
}

export interface Propose extends Envelope {
  readonly kind: "propose";
  readonly entries: readonly ProposedEntry[];
}

/** Asks for a linearizable read (thesis 6.4); `context` names it and is never used for another. */
export interface ReadIndex extends Envelope {
  readonly kind: "read-index";
  readonly context: string;
}

export interface ReadIndexResponse extends Envelope {
  readonly kind: "read-index-response";
  readonly context: string;
  readonly index: Index;
}

/** To the append thread: make this durable, then deliver `responses`, all in order. */
export interface StorageAppend extends Envelope {
  readonly kind: "storage-append";
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
  readonly snapshot: LogSnapshot | undefined;
  readonly responses: readonly Message[];
}

export interface StorageAppendResponse extends Envelope {
  readonly kind: "storage-append-response";
  /** The log is durable up to here, if no later term wrote over it meanwhile. */
  readonly stable: EntryId | undefined;
  readonly snapshot: LogSnapshot | undefined;
}

/** To the apply thread: apply these committed entries, then deliver `responses`. */
export interface StorageApply extends Envelope {
  readonly kind: "storage-apply";
  readonly entries: readonly Entry[];
  readonly responses: readonly Message[];
}

export interface StorageApplyResponse extends Envelope {
  readonly kind: "storage-apply-response";
  readonly entries: readonly Entry[];
}

export type Message =
  | RequestVote
  | RequestVoteResponse
  | AppendEntries
  | AppendEntriesResponse
  | Heartbeat
  | HeartbeatResponse
  | InstallSnapshot
  | TimeoutNow
  | TransferLeader
  | Propose
  | ReadIndex
  | ReadIndexResponse
  | StorageAppend
  | StorageAppendResponse
  | StorageApply
  | StorageApplyResponse;

export type MessageKind = Message["kind"];
export type MessageOf<K extends MessageKind> = Extract<Message, { kind: K }>;

/** A message before its sender stamps it; `term` only where it is not the sender's own. */
export type Outgoing = {
  [K in MessageKind]: Omit<MessageOf<K>, "version" | "from" | "term"> & { readonly term?: Term };
}[MessageKind];

/** Answers that may leave only after what they acknowledge is durable (R5). */
export const AFTER_APPEND: ReadonlySet<MessageKind> = new Set<MessageKind>([
  "append-entries-response",
  "request-vote-response",
]);

/** Local or forwarded: they carry term 0. */
export const WITHOUT_TERM: ReadonlySet<MessageKind> = new Set<MessageKind>([
  "propose",
  "read-index",
  "transfer-leader",
]);

/** Answers are of use only from someone in the group. */
export const ANSWERS: ReadonlySet<MessageKind> = new Set<MessageKind>([
  "append-entries-response",
  "request-vote-response",
  "heartbeat-response",
  "read-index-response",
]);
