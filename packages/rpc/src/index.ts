export type {
  AdminClient,
  AdminService,
  CheckProgress,
  ChunkCounts,
  ClusterStatus,
  CreateVolumeOptions,
  DiskStatus,
  NodeStatus,
  ProcessState,
  ProcessStatus,
  VolumeCheck,
  VolumeStatus,
} from "./admin.ts";
export { type AdminClientOptions, createAdminClient } from "./admin-client.ts";
export {
  type Carrier,
  type CarrierAcceptor,
  type CarrierDialer,
  type CarrierKind,
  type CarrierPeer,
  type CarrierPurpose,
  FRAME_HEAD_SIZE,
  FRAME_LENGTH_MAX,
  FRAME_VERSION,
  type Frame,
  type ReceivedFrame,
} from "./carrier.ts";
export { type CarrierDialerOptions, createCarrierDialer } from "./carrier-dialer.ts";
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
  type Registered,
} from "./catalog-service.ts";
export type { WatchStep } from "./convert/catalog.ts";
export { createExitReporterClient, type ExitReporterClient } from "./exit-reporter.ts";
export { BodyReader, BodyWriter, badFrame, LSN_LENGTH } from "./frame-codec.ts";
export { type CallOptions, GrpcClient } from "./grpc-client.ts";
export {
  bidi,
  type CallContext,
  failStream,
  GrpcServer,
  type GrpcServerOptions,
  type Handler,
  type Handlers,
  serverStream,
  unary,
} from "./grpc-server.ts";
export type { ExitReport, HeartbeatService, Ping } from "./heartbeat.ts";
export { type OnOutcome, OperationClient, type OperationOutcome } from "./operation-client.ts";
export { type OperationHandler, OperationServer } from "./operation-server.ts";
export { decodeReplication, encodeReplication, REPLICATION_FRAME } from "./replication-codec.ts";
export { fromServiceError } from "./status.ts";
export {
  addStorageService,
  CHECK_CHUNKS_MAX,
  type ChunkCheck,
  checkChunks,
  type StorageService,
} from "./storage-service.ts";
