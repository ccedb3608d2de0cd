// Tells the leader of the metadata group every interval that this process lives, on a connection of its
// own, so that nothing else delays it. The leader answers now and then; one that does not is given up,
// for the watch and the calls of this process too. Learns when the catalog has given this process up.
//
// To a leader in several networks each ping goes over every one of them at the same time, so that no cut of
// one network makes a process that lives look dead; the leader is given up when all are silent.
import { type ErrorCode, type NodeId, SystemError } from "@ashlar/core";
import type { Clock, Log, Timer } from "@ashlar/runtime";
import type { ClientDuplexStream } from "@grpc/grpc-js";
import type { StorageReport } from "./catalog-client.ts";
import { CATALOG_VERSION } from "./convert/catalog.ts";
import { toCopyReport } from "./convert/copying.ts";
import { type LoadReport, toLoadReport } from "./convert/load.ts";
import { fromLogoutRequest } from "./convert/sessions.ts";
import type { PingMessage } from "./gen/ashlar/v1/PingMessage.ts";
import type { PingReply__Output } from "./gen/ashlar/v1/PingReply.ts";
import type { GrpcClient } from "./grpc-client.ts";
import {
  type LostPath,
  type PathsSeen,
  SESSIONS_TOLD_MAX,
  type SessionSource,
  SILENT_PEERS_MAX,
} from "./heartbeat.ts";
import { type MemberCalls, refusal } from "./member-calls.ts";
import { RELEASE } from "./release.ts";
import { heartbeatService } from "./services.ts";
import { fromServiceError } from "./status.ts";

/** The leader answers every 500 ms: two answers are missing then. */
const SILENCE_MAX_MS = 1_000;
/** Of one path to a member, which may be well. Others are of the member. */
const PATH_ERRORS: ReadonlySet<ErrorCode> = new Set([
  "rpc/unavailable",
  "rpc/disconnected",
  "rpc/deadline",
]);
/** Of pings that are far apart each is answered, but an answer takes its time. */
const UNANSWERED_MIN = 2;

export interface PingSource {
  readonly process: NodeId;
  readonly incarnation: number;
  readonly intervalMs: number;
  readonly report: () => StorageReport;
}

/** The stream to one member, over one path. */
interface Line {
  /** Of the member. */
  readonly address: string;
  /** The one of its addresses that this leads to. */
  readonly path: string;
  /** Its place among them. */
  readonly place: number;
  readonly stream: ClientDuplexStream<PingMessage, PingReply__Output>;
  readonly hangUp: AbortController;
  /** Counted in pings: a process that was stopped itself has sent none meanwhile, and blames nobody. */
  unanswered: number;
  /** A ping the stream has not taken yet: the next one waits, none pile up. */
  writing: boolean;
  /** Revision of the sessions that were told last on it. */
  toldRevision: number | undefined;
  /** What program this is was told on it. */
  toldRelease: boolean;
  /** The load that was told last on it. */
  toldLoad: LoadReport | undefined;
}

export class PingWorker {
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly members: MemberCalls;
  private readonly paths: PathsSeen;
  private readonly sessions: SessionSource | undefined;
  private readonly onSuperseded: (incarnation: number) => void;
  private readonly onShutDown: () => void;
  private timer: Timer | undefined;
  private source: PingSource | undefined;
  /** To one member, by path. */
  private readonly lines = new Map<string, Line>();
  /** Paths to it that were lost, and not heard since. */
  private readonly deaf = new Set<string>();
  private serial = 0;
  /** Members that did not take this interval's ping. */
  private readonly tried = new Set<string>();

  constructor(
    deps: {
      readonly clock: Clock;
      readonly log: Log;
      readonly members: MemberCalls;
      /** To peers other than the leader. */
      readonly paths: PathsSeen;
      /** Of a gateway. */
      readonly sessions?: SessionSource | undefined;
    },
    {
      onSuperseded,
      onShutDown,
    }: {
      readonly onSuperseded: (incarnation: number) => void;
      /** The whole cluster shuts down; may be told more than once. */
      readonly onShutDown: () => void;
    },
  ) {
    this.clock = deps.clock;
    this.log = deps.log;
    this.members = deps.members;
    this.paths = deps.paths;
    this.sessions = deps.sessions;
    this.onSuperseded = onSuperseded;
    this.onShutDown = onShutDown;
  }

  /** Begins to ping for `source`, and no longer for an earlier one. */
  begin(source: PingSource): void {
    this.end();
    this.source = source;
    const unansweredMax = Math.max(UNANSWERED_MIN, Math.ceil(SILENCE_MAX_MS / source.intervalMs));
    this.ping(source);
    this.timer = this.clock.every(source.intervalMs, () => {
      this.tried.clear();
      const silent = [...this.lines.values()].filter((line) => line.unanswered >= unansweredMax);
      for (const line of silent) {
        this.lost(line, new SystemError("rpc/deadline", `${line.path} answers no pings`));
      }
      // Whoever lost all has pinged the next member already.
      if (silent.length === 0 || this.lines.size > 0) this.ping(source);
    });
  }

  end(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.source = undefined;
    this.tried.clear();
    this.hangUp();
  }

  private ping(source: PingSource): void {
    const { leader } = this.members.belief;
    if ([...this.lines.values()].some(({ address }) => address !== leader)) this.hangUp();
    for (const [place, member] of this.members.currentPaths().entries()) {
      const path = member.address;
      if (!this.lines.has(path)) this.open(source, member, { address: leader, path, place });
    }
    this.serial += 1;
    const report = source.report();
    for (const line of this.lines.values()) this.say(line, source, report);
  }

  private say(
    line: Line,
    { process, incarnation }: PingSource,
    { disks, copying, load }: StorageReport,
  ): void {
    line.unanswered += 1;
    if (line.writing) return;
    const stores = disks.map(({ scrub, mirror, times, ...disk }) => ({
      ...disk,
      ...(scrub && { scrub: { ...scrub } }),
      ...(mirror && { mirror: { ...mirror } }),
      ...(times && { times: { ...times } }),
    }));
    line.writing = true;
    const silent = this.paths.silentPeers().slice(0, SILENT_PEERS_MAX);
    const lostPaths = this.lostPaths().slice(0, SILENT_PEERS_MAX);
    const way = { serial: this.serial, path: line.place };
    const said = {
      version: CATALOG_VERSION,
      process,
      incarnation,
      stores,
      silent,
      lostPaths,
      ...way,
    };
    const copies = copying && { copying: toCopyReport(copying) };
    const release = line.toldRelease ? {} : RELEASE;
    line.toldRelease = true;
    const news = { ...newLoad(line, load), ...this.newSessions(line), ...release };
    line.stream.write({ ...said, ...copies, ...news }, () => {
      line.writing = false;
    });
  }

  private lostPaths(): readonly LostPath[] {
    const { leader: address } = this.members.belief;
    return [...this.paths.lostPaths(), ...[...this.deaf].map((path) => ({ address, path }))];
  }

  /** Nothing while they are as they were told on this line. */
  private newSessions(line: Line): Pick<PingMessage, "sessions"> {
    const revision = this.sessions?.revision();
    if (!this.sessions || revision === line.toldRevision) return {};
    line.toldRevision = revision;
    return { sessions: { sessions: this.sessions.sessions().slice(0, SESSIONS_TOLD_MAX) } };
  }

  private open(
    { incarnation }: PingSource,
    member: GrpcClient,
    where: Pick<Line, "address" | "path" | "place">,
  ): void {
    const { path } = where;
    const hangUp = new AbortController();
    const stream = member.bidi(heartbeatService.Ping, { signal: hangUp.signal });
    const told = { toldRevision: undefined, toldLoad: undefined, toldRelease: false };
    const line: Line = { ...where, stream, hangUp, unanswered: 0, writing: false, ...told };
    this.lines.set(path, line);
    stream.on("data", ({ superseded, logouts, shutDown }: PingReply__Output) => {
      line.unanswered = 0;
      if (line !== this.lines.get(path)) return;
      if (this.deaf.delete(path)) this.log.info({ path }, "network path is heard again");
      const requests = logouts.flatMap((message) => fromLogoutRequest(message) ?? []);
      if (requests.length > 0) this.sessions?.onLogoutRequests(requests);
      if (shutDown) this.onShutDown();
      if (!superseded) return;
      this.log.warn({ incarnation }, "this incarnation was declared down");
      this.end();
      this.onSuperseded(incarnation);
    });
    stream.on("error", (thrown) => this.lost(line, fromServiceError(thrown, path)));
    stream.on("end", () => this.lost(line, new SystemError("rpc/disconnected", `${path} ended`)));
  }

  /** On to another path if there is one, else to the next member: at once while some were not asked in this interval. */
  private lost(line: Line, error: SystemError): void {
    const { address, path } = line;
    if (line !== this.lines.get(path) || !this.source) return;
    this.log.debug({ address, path, code: error.code, error }, "pings are not heard");
    if (PATH_ERRORS.has(error.code) && this.hasAnotherWay(line)) {
      if (!this.deaf.has(path)) this.log.warn({ path, code: error.code }, "network path is lost");
      this.deaf.add(path);
      this.hangUpLine(line);
      return;
    }
    this.hangUp();
    this.tried.add(address);
    this.members.belief.leave(address, refusal(error, this.tried));
    if (!this.tried.has(this.members.belief.leader)) this.ping(this.source);
  }

  /** One that was lost itself and only tried again is none. */
  private hasAnotherWay({ path }: Line): boolean {
    return [...this.lines.keys()].some((other) => other !== path && !this.deaf.has(other));
  }

  private hangUp(): void {
    for (const line of [...this.lines.values()]) this.hangUpLine(line);
    this.deaf.clear();
  }

  private hangUpLine(line: Line): void {
    this.lines.delete(line.path);
    line.hangUp.abort(new SystemError("operation/aborted", "pings go elsewhere"));
  }
}

/** Nothing while it is as it was told on this line. */
function newLoad(line: Line, load: LoadReport | undefined): Pick<PingMessage, "load"> {
  if (load === undefined || load === line.toldLoad) return {};
  line.toldLoad = load;
  return { load: toLoadReport(load) };
}
