// The Sessions service bound to gRPC: proposers open a session before they name their proposals.
import type { GrpcServer } from "./grpc-server.ts";
import { unary } from "./grpc-server.ts";
import { sessionsService } from "./services.ts";

/** Served by the leader of the metadata members. */
export interface SessionService {
  /** Opens a session; its name is not used again. */
  open(): Promise<{ readonly session: number }>;
}

/** People's tools propose too, and cannot know the cluster's id: they are served without it. */
export function bindSessions(server: GrpcServer, service: SessionService): void {
  server.add(sessionsService, { Open: unary(() => service.open()) }, { clusterOptional: true });
}
