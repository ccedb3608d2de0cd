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
