export type {
  ChunkStatus,
  ChunkStore,
  ExtentCopy,
  ExtentStamp,
  ReadResult,
  StoreSpace,
} from "./chunk-store.ts";
export { contentDigest } from "./content-digest.ts";
export { LOG_ENTRY_VERSION, type LogEntry, type OpId } from "./log-entry.ts";
export {
  OPERATION_STATUS,
  OPERATION_VERSION,
  type Operation,
  type OperationReply,
  type OperationStatusName,
} from "./operations.ts";
