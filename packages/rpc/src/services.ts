// The service definitions of this process family, loaded once.
import type { AdminDefinition } from "./gen/ashlar/v1/Admin.ts";
import type { CatalogDefinition } from "./gen/ashlar/v1/Catalog.ts";
import type { HeartbeatDefinition } from "./gen/ashlar/v1/Heartbeat.ts";
import type { RaftDefinition } from "./gen/ashlar/v1/Raft.ts";
import type { RecommendDefinition } from "./gen/ashlar/v1/Recommend.ts";
import type { SessionsDefinition } from "./gen/ashlar/v1/Sessions.ts";
import type { UpkeepDefinition } from "./gen/ashlar/v1/Upkeep.ts";
import { loadService } from "./proto.ts";

export const adminService: AdminDefinition = loadService("admin.proto", "Admin");
export const catalogService: CatalogDefinition = loadService("catalog.proto", "Catalog");
export const heartbeatService: HeartbeatDefinition = loadService("heartbeat.proto", "Heartbeat");
export const raftService: RaftDefinition = loadService("raft.proto", "Raft");
export const recommendService: RecommendDefinition = loadService("recommend.proto", "Recommend");
export const upkeepService: UpkeepDefinition = loadService("upkeep.proto", "Upkeep");
export const sessionsService: SessionsDefinition = loadService("session.proto", "Sessions");
