export {
  decodeMessage,
  encodeMessage,
  entryCodec,
  hardStateCodec,
  snapshotCodec,
} from "./codec.ts";
export { checkConfig, type RaftConfig } from "./config.ts";
export type { RefusalReason, StepResult } from "./core.ts";
export type { InflightLimits } from "./inflights.ts";
export {
  decodeChange,
  encodeChange,
  LEAVE_JOINT,
  type MemberChange,
  type MembershipChange,
  type Transition,
} from "./member-change.ts";
export { type ChangeResult, formatMembership, type Membership } from "./membership.ts";
export {
  MESSAGE_VERSION,
  type Message,
  type MessageKind,
  type MessageOf,
} from "./messages.ts";
export type { ProgressState } from "./progress.ts";
export { type PeerStatus, Raft, type RaftStatus, type SoftState } from "./raft.ts";
export type { ReadState } from "./read-index.ts";
export type { Ready } from "./ready.ts";
export { type InitialState, MEMBERSHIP_EMPTY, MemoryStorage, type RaftStorage } from "./storage.ts";
export {
  APPEND_THREAD,
  APPLY_THREAD,
  type Entry,
  type EntryId,
  type EntryKind,
  HARD_STATE_ZERO,
  type HardState,
  type Index,
  LOG_VERSION,
  type LogSnapshot,
  type MemberId,
  type MembershipState,
  NONE,
  type Role,
  type Term,
} from "./types.ts";
