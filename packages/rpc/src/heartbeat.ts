// Signs of life, in domain types: what the metadata process hears, and how a supervisor reports an
// exit. The pings themselves belong to the CatalogClient.
import type { HeldSession } from "@ashlar/catalog";
import type { NodeId } from "@ashlar/core";
import type { StorageReport } from "./catalog-client.ts";
import type { Path } from "./path-silences.ts";
import type { Release } from "./release.ts";

export interface Ping {
  readonly process: NodeId;
  readonly incarnation: number;
  /** No disks for gateways. */
  readonly report: StorageReport;
  /** host:port of the storage nodes that it does not hear, at most {@link SILENT_PEERS_MAX}. */
  readonly silent: readonly string[];
  /** Paths to peers that it reaches over others, at most {@link SILENT_PEERS_MAX}. */
  readonly lostPaths: readonly LostPath[];
  /** Of gateways: undefined while they are as this member was told before. */
  readonly sessions: readonly HeldSession[] | undefined;
  /** Undefined when it was told before, or is not told at all. */
  readonly release?: Release | undefined;
  /** Rises with each ping of this process; the same one comes over each path. 0: not told. */
  readonly serial: number;
  /** Which of the paths between the two it came over. */
  readonly path: number;
}

/** A path that a process does not hear, to a peer that it reaches over another one. */
export type LostPath = Path;

/** What a process knows of the paths to its peers; told with its pings. */
export interface PathsSeen {
  /** Addresses of those that it is connected to, or tries to be, and of which it hears nothing over any path. */
  silentPeers(): readonly string[];
  lostPaths(): readonly LostPath[];
}

/** More than the portals of a gateway take; some 200 bytes each. */
export const SESSIONS_TOLD_MAX = 4096;

/** A host shall log out of a session, and come again where it is sent then. */
export interface LogoutRequest {
  readonly session: HeldSession;
  readonly withinSeconds: number;
  /** The session is ended if its host does not follow in time. */
  readonly enforced: boolean;
}

/** What a gateway tells of its sessions, and hears of them, with its pings. */
export interface SessionSource {
  /** Another one whenever there are other sessions. */
  readonly revision: () => number;
  readonly sessions: () => readonly HeldSession[];
  readonly onLogoutRequests: (requests: readonly LogoutRequest[]) => void;
}

/** More than a gateway or storage node has peers; a ping stays small. */
export const SILENT_PEERS_MAX = 256;

export interface ExitReport {
  readonly process: NodeId;
  /** Of the process that ended: another one of the same name is left alone. */
  readonly bootId: string;
  /** For the log: `exit 70`, `signal SIGKILL`. */
  readonly status: string;
}

export interface PingVerdict {
  /** That incarnation is down or replaced: it has to register again. */
  readonly superseded: boolean;
  /** Whether the pinger is told at all: most pings are answered by silence. */
  readonly answer: boolean;
  /** Of gateways. */
  readonly logouts: readonly LogoutRequest[];
  /** The whole cluster shuts down: stop in order, and rest. */
  readonly shutDown: boolean;
}

export interface HeartbeatService {
  /** @throws SystemError raft/not-leader: pings are heard by the leader. */
  ping(ping: Ping): PingVerdict;
  /** Declares the process down if it still is the registered one. */
  reportExit(report: ExitReport): Promise<void>;
}
