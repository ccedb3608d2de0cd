export { accessOf, changesNothing, type UnitAccess } from "./access.ts";
export { type Applied, applyProposal } from "./apply.ts";
export type { ChunkRow, MemberRole } from "./chunk-row.ts";
export type { ChunkScans, ChunkTables, RowRange, StoreLoad } from "./chunk-tables.ts";
export {
  type Addition,
  CHUNKS_PER_COMMAND_MAX,
  type Command,
  type CommandKind,
  type CommandOf,
  type IsrCandidate,
  type Refusal,
  type Replacement,
  type Result,
  type Surplus,
} from "./command.ts";
export { INCARNATIONS_SKIPPED_MAX } from "./commands/incarnations.ts";
export { decideReservation, outcomeName } from "./commands/reservation.ts";
export { slowNodes, slowNodesMax } from "./commands/slow.ts";
export { isEmptied, NEED_KINDS, type NeedKind } from "./copy-judge.ts";
export { type CopyPlan, type CopyPolicy, planCopiesInParts } from "./copy-plan.ts";
export { CopySizes, type RoomOf, Rooms, type StoreRoom } from "./copy-rooms.ts";
export { type ChunkCount, countByNode, countChunks, type NodeChunkCount } from "./counts.ts";
export {
  decodeState,
  encodeState,
  encodeStateInParts,
  hashOfEncoded,
  STATE_FORMAT_OLDEST_WRITTEN,
  stateFormatOf,
  stateHash,
} from "./encode.ts";
export { FORMATS, FORMATS_UNTOLD, type Formats } from "./formats.ts";
export { hazardText } from "./hazard-text.ts";
export { check, checkStep, chunksOfState } from "./invariants.ts";
export { CatalogMirror } from "./mirror.ts";
export { openDisks } from "./placement.ts";
export { planPrimaries, planPrimariesInParts } from "./primary-plan.ts";
export { decodeProposal, encodeProposal, type Proposal, type ProposalId } from "./proposal.ts";
export {
  type NodeShare,
  planCancelInParts,
  planRebalanceInParts,
  type RebalancePlan,
  type RebalancePolicy,
} from "./rebalance-plan.ts";
export {
  type AccessEdit,
  ADVICE_MODES,
  type AdviceMode,
  type CatalogChange,
  type CatalogView,
  type ChunkConfig,
  type ChunkMember,
  type ClusterRecord,
  COPY_FLOOR,
  type CopySpeed,
  DEFAULT_COPY_SPEED,
  DISK_STATES,
  type DiskRecord,
  type FamilyRange,
  type GatewayRecord,
  type HostChap,
  type HostRecord,
  LATENCY_TARGET_MS,
  type Mapping,
  type MemberRecord,
  NODE_SERVICES,
  type NodeRecord,
  type NodeService,
  PORTAL_ROLES,
  type PortalRecord,
  type PortalRole,
  REBALANCING,
  type Rebalancing,
  SLOW_REASON_MAX,
  type SlowMark,
  UNUSED_STATE,
  VOLUME_ACCESS,
  VOLUME_CHANGES,
  type VolumeAccess,
  type VolumeChange,
  type VolumeChangeKind,
  type VolumeRecord,
} from "./records.ts";
export {
  planReliefInParts,
  RELIEF_COPIES_MAX,
  RELIEVED_SHARE,
  type ReliefPlan,
} from "./relief-plan.ts";
export { RESERVATION_OUTCOMES, type ReservationOutcome } from "./reservation-codecs.ts";
export { planRetirementInParts, type RetirementPlan } from "./retirement-plan.ts";
export {
  breaksNow,
  type GatewaySessions,
  type GroupMember,
  HAZARD_KINDS,
  HAZARDS,
  type Hazard,
  type HazardKind,
  judgeGateway,
  judgeMember,
  judgeStoresInParts,
  MEMBER_LAG_MAX,
  type Safety,
  VERDICTS,
  type Verdict,
  verdictOf,
} from "./safety.ts";
export { type NodeDemand, planSeparationInParts, type Separation } from "./separation-plan.ts";
export {
  type GatewayLoad,
  type HeldSession,
  pathsOf,
  planDrain,
  planSpread,
  type SessionMove,
  type SessionPath,
  type SessionPlace,
  SessionTable,
} from "./session-plan.ts";
export { keptResult, RESULTS_KEPT_MAX, SESSIONS_MAX } from "./sessions.ts";
export { isWaitedForInVain, type Lives, livingNodes } from "./silence.ts";
export { planOffSlowDisksInParts } from "./slow-disk-plan.ts";
export { type CatalogState, emptyState, type HashReports, type VolumeDraft } from "./state.ts";
