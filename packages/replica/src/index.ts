export {
  type ChunkStatus,
  type ChunkStore,
  damagedUnitsOf,
  type ExtentCopy,
  type ExtentStamp,
  type Pace,
  type ReadResult,
  type StoreSpace,
  type UnitRepair,
} from "./chunk-store.ts";
export { contentDigest } from "./content-digest.ts";
export type {
  Answers,
  CheckOutcome,
  JournalEffect,
  Notice,
  Question,
  QuestionFailure,
  ReplicaConfig,
  ReplicaEffect,
  ReplicaEvent,
  ReplyTo,
} from "./events.ts";
export { OPERATION_AGE_MAX_MS } from "./limits.ts";
export { LOG_ENTRY_VERSION, type LogEntry, type OpId } from "./log-entry.ts";
export {
  isMemberMessage,
  type MemberMessage,
  NAK_REASON,
  type NakReason,
  type PrimaryMessage,
  REPLICATION_VERSION,
  type ReplicationMessage,
} from "./messages.ts";
export { type OperationWindow, OperationWindows } from "./operation-windows.ts";
export {
  type Cancellation,
  OPERATION_STATUS,
  OPERATION_VERSION,
  type Operation,
  type OperationReply,
  type OperationStatusName,
} from "./operations.ts";
export { Replica, type ReplicaRole, type ReplicaView } from "./replica.ts";
export type { ReplicaOptions } from "./replica-core.ts";
export { SpaceClaims } from "./space-claims.ts";
