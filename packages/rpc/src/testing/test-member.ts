// A metadata member as its clients see it: real servers on loopback whose services a test directs. It
// leads, follows with or without a hint, or is silent as a stopped process is: connected, never answering.
import type { ProposalId } from "@ashlar/catalog";
import { clusterId, SystemError } from "@ashlar/core";
import { type Startable, silentLog } from "@ashlar/runtime";
import { CATALOG_VERSION } from "../convert/catalog.ts";
import type { WatchMessage } from "../gen/ashlar/v1/WatchMessage.ts";
import type { WatchRequest__Output } from "../gen/ashlar/v1/WatchRequest.ts";
import {
  bidi,
  type CallContext,
  failStream,
  GrpcServer,
  serverStream,
  unary,
} from "../grpc-server.ts";
import type { LogoutRequest, LostPath } from "../heartbeat.ts";
import { RELEASE } from "../release.ts";
import {
  adminService,
  catalogService,
  heartbeatService,
  sessionsService,
  upkeepService,
} from "../services.ts";

export const TEST_CLUSTER = clusterId("11111111-2222-4333-8444-555555555555");

type Part = "leads" | "follows" | "silent";

type Answer = (request: object) => object | Promise<object>;

interface Asked {
  readonly method: string;
  readonly request: object;
  readonly proposal: ProposalId | undefined;
}

/** What a full list of a catalog without anything in it looks like. */
export const emptyList = (logId: string, index: number): WatchMessage => ({
  version: CATALOG_VERSION,
  logId,
  index,
  full: true,
  complete: true,
});

export class TestMember implements Startable {
  readonly name: string;
  part: Part = "follows";
  /** Whom it takes for the leader while it follows. */
  hint = "";
  /** Told by GroupStatus. */
  group: readonly TestMember[] = [];
  /** What a watch begins with. */
  firstStep: (request: WatchRequest__Output) => readonly WatchMessage[] = () => [];
  /** Calls in order of arrival, but for GroupStatus, which everybody answers. */
  readonly asked: Asked[] = [];
  readonly pinging = new Set<(superseded: boolean) => void>();
  /** Whether pings are answered. */
  answersPings = true;
  pings = 0;
  /** How often it was started, as far as it tells. */
  lives = 1;
  /** Told with its answers to pings. */
  shutsDown = false;
  /** What gateways told of their sessions, one for each ping: undefined for nothing new. */
  readonly toldSessions: unknown[] = [];
  readonly toldLoads: unknown[] = [];
  /** What it asks of gateways with its next answer. */
  readonly logouts: LogoutRequest[] = [];
  /** Paths to it that are cut: what comes over them is not heard. */
  readonly cutPaths = new Set<number>();
  /** Of each ping that was heard. */
  readonly toldLostPaths: (readonly LostPath[])[] = [];
  readonly toldWays: { readonly serial: number; readonly path: number }[] = [];
  private readonly hosts: readonly string[];
  private readonly server: GrpcServer;
  private readonly answers = new Map<string, Answer>([["Open", () => ({ session: 1 })]]);

  /** @param others where it listens besides 127.0.0.1, at the same port. */
  constructor(name = "metadata-1", others: readonly string[] = []) {
    this.name = name;
    this.hosts = ["127.0.0.1", ...others];
    const also = others.map((host) => ({ host, port: 0 }));
    const options = { clusterId: TEST_CLUSTER, host: "127.0.0.1", port: 0, others: also };
    this.server = new GrpcServer({ log: silentLog }, options);
    this.addServices();
  }

  get address(): string {
    return this.hosts.map((host) => `${host}:${this.server.port}`).join(",");
  }

  start(): Promise<void> {
    return this.server.start();
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  /** What it answers to `method` while it leads; {} unless told here. */
  on(method: string, answer: Answer): void {
    this.answers.set(method, answer);
  }

  asks(method: string): readonly Asked[] {
    return this.asked.filter((one) => one.method === method);
  }

  private serve(method: string, request: object, { proposal }: CallContext): Promise<object> {
    this.asked.push({ method, request, proposal });
    return this.answer(() => this.answers.get(method)?.(request) ?? {});
  }

  private async answer(give: () => ReturnType<Answer>): Promise<object> {
    if (this.part === "silent") return new Promise(() => {});
    if (this.part === "follows") throw this.refusal();
    return give();
  }

  private refusal(): SystemError {
    return new SystemError("raft/not-leader", `${this.name} follows`, { leader: this.hint });
  }

  private addServices(): void {
    const served = (method: string) =>
      unary<object, object>((request, context) => this.serve(method, request, context));
    const check = async (send: (reply: object) => Promise<void>, ...rest: [object, CallContext]) =>
      send(await this.serve("CheckVolume", ...rest));
    this.server.add(
      adminService,
      {
        ClusterStatus: served("ClusterStatus"),
        GroupStatus: unary(async () =>
          this.part === "silent" ? new Promise<never>(() => {}) : this.groupStatus(),
        ),
        AddMember: served("AddMember"),
        RemoveMember: served("RemoveMember"),
        ListNodes: served("ListNodes"),
        ScrubDisk: served("ScrubDisk"),
        RetireDisk: served("RetireDisk"),
        ListGateways: served("ListGateways"),
        DrainGateway: served("DrainGateway"),
        ListVolumes: served("ListVolumes"),
        GetVolume: served("GetVolume"),
        CreateVolume: served("CreateVolume"),
        DeleteVolume: served("DeleteVolume"),
        FenceVolume: served("FenceVolume"),
        ChangeAccess: served("ChangeAccess"),
        ListHosts: served("ListHosts"),
        GetHost: served("GetHost"),
        CreateHost: served("CreateHost"),
        SetHost: served("SetHost"),
        DeleteHost: served("DeleteHost"),
        CheckVolume: serverStream((request, send, context) => check(send, request, context)),
      },
      { clusterOptional: true },
    );
    this.server.add(sessionsService, { Open: served("Open") }, { clusterOptional: true });
    this.server.add(catalogService, {
      RegisterStorage: served("RegisterStorage"),
      RegisterGateway: served("RegisterGateway"),
      AddToIsr: served("AddToIsr"),
      StoreDown: served("StoreDown"),
      FenceVolume: served("FenceVolume"),
      ChangeReservation: served("ChangeReservation"),
      ProveReservations: served("ProveReservations"),
      PlaceSession: served("PlaceSession"),
      ReadIndex: served("ReadIndex"),
      Watch: serverStream(async (request, send, context) => {
        await this.serve("Watch", request, context);
        for (const message of this.firstStep(request)) await send(message);
        await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
      }),
    });
    this.addHeartbeat(served("ReportExit"));
    this.addUpkeep(served);
  }

  private addUpkeep(served: (method: string) => ReturnType<typeof unary<object, object>>): void {
    this.server.add(
      upkeepService,
      {
        SetNodeService: served("SetNodeService"),
        RemoveNode: served("RemoveNode"),
        EmptyDisk: served("EmptyDisk"),
        TrustDisk: served("TrustDisk"),
        KeepSlowDisks: served("KeepSlowDisks"),
        SlowDisks: served("SlowDisks"),
        SetReplicas: served("SetReplicas"),
        SetRebalancing: served("SetRebalancing"),
        RebalanceStatus: served("RebalanceStatus"),
        PreviewRebalance: served("PreviewRebalance"),
        SetCopySpeed: served("SetCopySpeed"),
        JudgeSafety: served("JudgeSafety"),
        MayStop: served("MayStop"),
        SetShutdown: served("SetShutdown"),
        ShutdownStatus: served("ShutdownStatus"),
        ListReleases: served("ListReleases"),
        EndMember: unary(async (request, { proposal }) => {
          this.asked.push({ method: "EndMember", request, proposal });
          return {};
        }),
      },
      { clusterOptional: true },
    );
  }

  private addHeartbeat(reportExit: ReturnType<typeof unary<object, object>>): void {
    this.server.add(heartbeatService, {
      Ping: bidi((stream) => {
        const reply = (superseded: boolean): void =>
          void stream.write({
            superseded,
            logouts: this.logouts.splice(0),
            shutDown: this.shutsDown,
          });
        let lostSome = false;
        this.pinging.add(reply);
        stream.on("close", () => this.pinging.delete(reply));
        stream.on("data", ({ sessions, load, serial, path, lostPaths }) => {
          const isCut = this.cutPaths.has(path);
          // No stream goes on without what it lost.
          if (lostSome && !isCut) failStream(stream, new SystemError("rpc/unavailable", "cut"));
          lostSome ||= isCut;
          if (lostSome) return;
          this.pings += 1;
          this.toldLostPaths.push(lostPaths);
          this.toldWays.push({ serial: Number(serial), path });
          this.toldSessions.push(sessions?.sessions);
          this.toldLoads.push(load?.windowMs);
          if (this.part === "follows") failStream(stream, this.refusal());
          else if (this.part === "leads" && this.answersPings) reply(false);
        });
        stream.on("end", () => stream.end());
      }),
      ReportExit: reportExit,
    });
  }

  private groupStatus(): object {
    const leads = this.part === "leads";
    return {
      clusterId: TEST_CLUSTER,
      self: this.name,
      role: leads ? "leader" : "follower",
      term: 3,
      leader: leads ? this.name : "",
      lastIndex: 7,
      commitIndex: 6,
      appliedIndex: 5,
      ...RELEASE,
      bootId: `${this.name}-${this.lives}`,
      members: this.group.map(({ name, address }, place) => {
        const known = { id: name, address, member: place + 1, state: "up" };
        return { ...known, role: name === this.name && leads ? "leader" : "follower" };
      }),
    };
  }
}

/** Members that know each other, all of them followers; the caller stops them. */
export async function startMembers(
  count: number,
  others: readonly string[] = [],
): Promise<TestMember[]> {
  const members = Array.from(
    { length: count },
    (_, place) => new TestMember(`metadata-${place + 1}`, others),
  );
  for (const member of members) {
    member.group = members;
    await member.start();
  }
  return members;
}
