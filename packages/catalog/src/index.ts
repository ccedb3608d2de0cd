export { type Applied, apply } from "./apply.ts";
export type { ChunkRow, MemberRole, StoreLoad } from "./chunk-tables.ts";
export {
  CHUNKS_PER_COMMAND_MAX,
  type Command,
  type CommandKind,
  type CommandOf,
  type IsrCandidate,
  type Refusal,
  type Result,
} from "./command.ts";
export { type ChunkCount, countByNode, countChunks, type NodeChunkCount } from "./counts.ts";
export { decodeCommand, decodeState, encodeCommand, encodeState, stateHash } from "./encode.ts";
export { check, checkStep, chunksOfState } from "./invariants.ts";
export { CatalogMirror } from "./mirror.ts";
export type { ProposalId } from "./proposal.ts";
export type {
  CatalogChange,
  CatalogView,
  ChunkConfig,
  ChunkMember,
  ClusterRecord,
  DiskRecord,
  GatewayRecord,
  NodeRecord,
  VolumeRecord,
} from "./records.ts";
export { type CatalogState, emptyState, type VolumeDraft } from "./state.ts";
