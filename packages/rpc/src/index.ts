export type { AccessEdit, HostChap } from "@ashlar/catalog";
export type {
  AdminClient,
  AdminService,
  CheckProgress,
  ChunkCounts,
  ClusterStatus,
  CreateHostOptions,
  CreateVolumeOptions,
  DiskPlace,
  DiskStatus,
  GatewayStatus,
  GroupStatus,
  HostStatus,
  LostPathStatus,
  MemberAnswer,
  MemberRole,
  MemberStatus,
  NodeStatus,
  ProcessState,
  ProcessStatus,
  SetHostOptions,
  VolumeCheck,
  VolumeStatus,
} from "./admin.ts";
export { type AdminClientOptions, createAdminClient } from "./admin-client.ts";
export type {
  Carrier,
  CarrierAcceptor,
  CarrierDialer,
  CarrierKind,
  CarrierPeer,
  CarrierPurpose,
  Frame,
  ReceivedFrame,
} from "./carrier.ts";
export {
  type CarrierDialerOptions,
  type ClosableCarrierDialer,
  createCarrierDialer,
} from "./carrier-dialer.ts";
export { type CarrierSelf, CarrierServer, type CarrierServerOptions } from "./carrier-server.ts";
export type {
  CatalogClient,
  GatewayRegistration,
  StorageRegistration,
  StorageReport,
} from "./catalog-client.ts";
export { type CatalogClientOptions, createCatalogClient } from "./catalog-client-grpc.ts";
export {
  bindAdmin,
  bindCatalog,
  bindHeartbeat,
  type CatalogService,
  type ProposalContext,
  type Registered,
} from "./catalog-service.ts";
export type { WatchStep } from "./convert/catalog.ts";
export type { CopyReport } from "./convert/copying.ts";
export type { DiskTimes, OperationTimes } from "./convert/disk-times.ts";
export { type LoadReport, VOLUMES_TOLD_MAX } from "./convert/load.ts";
export type { MirrorStatus } from "./convert/mirror.ts";
export type { ScrubPass } from "./convert/scrub.ts";
export { createExitReporterClient, type ExitReporterClient } from "./exit-reporter.ts";
export { type CallOptions, GrpcClient } from "./grpc-client.ts";
export {
  type CallContext,
  GrpcServer,
  type GrpcServerOptions,
  type Handler,
  type Handlers,
} from "./grpc-server.ts";
export type {
  ExitReport,
  HeartbeatService,
  LogoutRequest,
  LostPath,
  PathsSeen,
  Ping,
  PingVerdict,
  SessionSource,
} from "./heartbeat.ts";
export { askGroupStatus } from "./member-answers.ts";
export type { CallServer, Channel, Connection, ConnectionListener, Network } from "./network.ts";
export { nodeNetwork } from "./node-network.ts";
export {
  type OnOutcome,
  OperationClient,
  type OperationClientOptions,
  type OperationOutcome,
} from "./operation-client.ts";
export {
  type OperationHandler,
  OperationServer,
  type OperationServerDependencies,
} from "./operation-server.ts";
export { OperationStreams } from "./operation-streams.ts";
export {
  bindRaft,
  type JoinAnswer,
  type JoinRequest,
  joinGroup,
  type RaftService,
} from "./raft-service.ts";
export type { RaftInbox, RaftTransport } from "./raft-transport.ts";
export { createRaftTransport, type RaftTransportOptions } from "./raft-transport-grpc.ts";
export {
  type AppliedAdvice,
  type AskedPair,
  HOT_KINDS,
  type HotKind,
  type HotSpot,
  type Measure,
  type Recommendation,
  type RecommendationList,
  type RecommendService,
} from "./recommend.ts";
export { bindRecommend } from "./recommend-service.ts";
export { type ProcessRelease, RELEASE, type Release } from "./release.ts";
export { decodeReplication, encodeReplication } from "./replication-codec.ts";
export type { SafetyAnswer, SafetySubject } from "./safety.ts";
export { bindSessions, type SessionService } from "./session-service.ts";
export { askMayStop, type StopQuestion } from "./stop-question.ts";
export {
  addStorageService,
  type ChunkCheck,
  checkChunks,
  closeGeneration,
  type GenerationToClose,
  type StorageService,
  scrubDisk,
} from "./storage-service.ts";
export type {
  CopySpeedChange,
  RebalancePreview,
  RebalanceStatus,
  ShutdownStatus,
  SlowDisks,
  UpkeepServer,
  UpkeepService,
} from "./upkeep.ts";
export { bindUpkeep } from "./upkeep-service.ts";
