// The CatalogClient over gRPC: one worker keeps the mirror by a watch that it resumes where it broke
// off, one keeps pinging once registered. Calls, watch and pings go to the member that leads, and share
// what they find out about who that is.
import {
  type CatalogChange,
  CatalogMirror,
  type CatalogView,
  type IsrCandidate,
  type ProposalId,
  RESERVATION_OUTCOMES,
  type ReservationOutcome,
  type SessionPath,
} from "@ashlar/catalog";
import { type ClusterId, hasCode, type StoreUuid, SystemError, type VolumeId } from "@ashlar/core";
import type { ReservationAction } from "@ashlar/reservations";
import type { Clock, Log, Random, Startable } from "@ashlar/runtime";
import { attended } from "./attended-call.ts";
import type {
  CatalogClient,
  GatewayRegistration,
  StorageRegistration,
  StorageReport,
} from "./catalog-client.ts";
import { CATALOG_VERSION, changesOf, checkCatalogVersion } from "./convert/catalog.ts";
import { toAction } from "./convert/reservations.ts";
import { oneOf, safeNumber } from "./convert/scalars.ts";
import type { RegisterReply__Output } from "./gen/ashlar/v1/RegisterReply.ts";
import type { WatchMessage__Output } from "./gen/ashlar/v1/WatchMessage.ts";
import type { Abortable, CallableMethod, GrpcClient } from "./grpc-client.ts";
import type { PathsSeen, SessionSource } from "./heartbeat.ts";
import { LeaderBelief } from "./leader-belief.ts";
import {
  type Attempt,
  isPassing,
  type LeaderSearch,
  MemberCalls,
  refusal,
} from "./member-calls.ts";
import type { Network } from "./network.ts";
import { type PingSource, PingWorker } from "./ping-worker.ts";
import { ProposerSession } from "./proposer-session.ts";
import { catalogService, sessionsService } from "./services.ts";
import { Waiters } from "./waiters.ts";

const NO_PATHS: PathsSeen = { silentPeers: () => [], lostPaths: () => [] };

/** The service gives a change of a volume up much earlier. */
const FENCE_DEADLINE_MS = 30_000;

export interface CatalogClientOptions {
  readonly clusterId: ClusterId;
  /** host:port of the metadata members. */
  readonly metadata: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** To the storage nodes that this process is connected to. */
  readonly paths?: PathsSeen | undefined;
  /** Of a gateway: told and heard of with its pings. */
  readonly sessions?: SessionSource | undefined;
  /** The whole cluster shuts down, and this process with it; may be told more than once. */
  readonly onShutDown?: (() => void) | undefined;
  /** The machine's if absent. */
  readonly network?: Network | undefined;
}

/** Start it before anything else is asked of it. */
export function createCatalogClient(options: CatalogClientOptions): CatalogClient & Startable {
  return new GrpcCatalogClient(options);
}

class GrpcCatalogClient implements CatalogClient, Startable {
  private readonly mirror = new CatalogMirror();
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly belief: LeaderBelief;
  private readonly calls: MemberCalls;
  private readonly pingCalls: MemberCalls;
  private readonly session: ProposerSession;
  private readonly pings: PingWorker;
  private readonly changeListeners = new Set<(changes: readonly CatalogChange[]) => void>();
  private readonly supersededListeners = new Set<(incarnation: number) => void>();
  private readonly stopped = new AbortController();
  private readonly waiters = new Waiters();
  /** The log whose entries the mirror counts; empty before the first full list. */
  private logId = "";
  private watching: Promise<void> = Promise.resolve();

  constructor(options: CatalogClientOptions) {
    const {
      clusterId,
      metadata,
      clock,
      random,
      log,
      network,
      sessions,
      paths = NO_PATHS,
      onShutDown = () => {},
    } = options;
    this.clock = clock;
    this.log = log.child({ component: "catalog-client" });
    const deps = { clock, random, log: this.log, network };
    this.belief = new LeaderBelief(deps, metadata);
    const { belief } = this;
    this.calls = new MemberCalls(deps, { clusterId, belief });
    this.pingCalls = new MemberCalls(deps, { clusterId, belief });
    const open = (options: Abortable): Promise<{ readonly session: number }> =>
      this.ask((member, attempt) => member.unary(sessionsService.Open, {}, attempt), options);
    this.session = new ProposerSession({ open });
    this.pings = new PingWorker(
      { clock, log: this.log, members: this.pingCalls, paths, sessions },
      {
        onSuperseded: (incarnation) => {
          for (const listen of this.supersededListeners) listen(incarnation);
        },
        onShutDown,
      },
    );
  }

  get view(): CatalogView {
    return this.mirror;
  }

  async start(): Promise<void> {
    this.watching = this.watch();
  }

  async stop(): Promise<void> {
    this.pings.end();
    this.stopped.abort(new SystemError("operation/aborted", "the catalog client stops"));
    await this.watching;
    this.calls.close();
    this.pingCalls.close();
  }

  ready({ signal }: Abortable): Promise<void> {
    return this.reached(() => this.logId !== "", { signal });
  }

  onChanges(listen: (changes: readonly CatalogChange[]) => void): () => void {
    this.changeListeners.add(listen);
    return () => this.changeListeners.delete(listen);
  }

  async catchUp({ signal }: Abortable): Promise<void> {
    await this.reachedIndex(await this.readIndex({ signal }), { signal });
  }

  reachedIndex(index: number, { signal }: Abortable): Promise<void> {
    return this.reached(() => this.logId !== "" && this.mirror.appliedIndex >= index, { signal });
  }

  async registerStorage(
    { disks, ...registration }: StorageRegistration,
    report: () => StorageReport,
    { signal }: Abortable,
  ): Promise<{ readonly incarnation: number }> {
    const request = { version: CATALOG_VERSION, ...registration, disks: [...disks] };
    const reply = await this.propose(catalogService.RegisterStorage, request, { signal });
    return this.registered(reply, { process: registration.node, report }, { signal });
  }

  async registerGateway(
    { portals, ...registration }: GatewayRegistration,
    { signal }: Abortable,
  ): Promise<{ readonly incarnation: number }> {
    const { gateway } = registration;
    const request = { version: CATALOG_VERSION, ...registration, portals: [...portals] };
    const reply = await this.propose(catalogService.RegisterGateway, request, { signal });
    const report = (): StorageReport => ({ disks: [] });
    return this.registered(reply, { process: gateway, report }, { signal });
  }

  onSuperseded(listen: (incarnation: number) => void): void {
    this.supersededListeners.add(listen);
  }

  async addToIsr(request: readonly IsrCandidate[], { signal }: Abortable): Promise<void> {
    const items = { version: CATALOG_VERSION, items: [...request] };
    await this.propose(catalogService.AddToIsr, items, { signal });
  }

  async storeDown(store: StoreUuid, { signal }: Abortable): Promise<void> {
    const request = { version: CATALOG_VERSION, store };
    await this.propose(catalogService.StoreDown, request, { signal });
  }

  async fenceVolume(
    asked: { readonly volume: VolumeId; readonly reset: boolean },
    { signal }: Abortable,
  ): Promise<void> {
    const request = { version: CATALOG_VERSION, ...asked };
    const fence = (member: GrpcClient, attempt: Attempt) =>
      this.attendedUnary(catalogService.FenceVolume, request, { member, attempt });
    const { index } = await this.ask(fence, { signal });
    await this.reachedIndex(safeNumber(index), { signal });
  }

  async changeReservation(
    { volume, action }: { readonly volume: VolumeId; readonly action: ReservationAction },
    { signal }: Abortable,
  ): Promise<ReservationOutcome> {
    const request = { version: CATALOG_VERSION, volume, action: toAction(action) };
    const reply = await this.session.run(
      (name) =>
        this.ask(
          (member, attempt) =>
            this.attendedUnary(catalogService.ChangeReservation, request, {
              member,
              attempt,
              proposal: name(),
            }),
          { signal },
        ),
      { signal },
    );
    await this.reachedIndex(safeNumber(reply.index), { signal });
    return oneOf(RESERVATION_OUTCOMES, reply.outcome);
  }

  async proveReservations(
    volume: VolumeId,
    { signal }: Abortable,
  ): Promise<{ readonly changes: number }> {
    const request = { version: CATALOG_VERSION, volume };
    const prove = (member: GrpcClient, attempt: Attempt) =>
      this.attendedUnary(catalogService.ProveReservations, request, { member, attempt });
    const { index, changes } = await this.ask(prove, { signal });
    await this.reachedIndex(safeNumber(index), { signal });
    return { changes: safeNumber(changes) };
  }

  async placeSession(
    { initiatorName, isid, targetName }: SessionPath,
    { signal }: Abortable,
  ): Promise<string | undefined> {
    const request = { version: CATALOG_VERSION, initiatorName, isid, targetName };
    const { address } = await this.ask(
      (member, attempt) => member.unary(catalogService.PlaceSession, request, attempt),
      { signal },
    );
    return address === "" ? undefined : address;
  }

  /** It may take a failover's time, so a leader that falls silent meanwhile is noticed beside it. */
  private attendedUnary<Q, R>(
    method: CallableMethod<Q, R>,
    request: Q,
    {
      member,
      attempt,
      proposal,
    }: {
      readonly member: GrpcClient;
      readonly attempt: Attempt;
      readonly proposal?: ProposalId | undefined;
    },
  ): Promise<R> {
    const call = (options: Abortable): Promise<R> =>
      member.unary(method, request, { ...options, proposal, deadlineMs: FENCE_DEADLINE_MS });
    const { clock } = this;
    return attended({ clock }, call, { signal: attempt.signal, member, onAlive: () => {} });
  }

  private async readIndex({ signal }: Abortable): Promise<number> {
    const { index } = await this.ask(
      (member, attempt) => member.unary(catalogService.ReadIndex, {}, attempt),
      { signal },
    );
    return safeNumber(index);
  }

  /** Sent again after a loss of the leader under the same name, so that it takes effect once. */
  private async propose<Q, R>(
    method: CallableMethod<Q, R>,
    request: Q,
    { signal }: Abortable,
  ): Promise<R> {
    const propose = (): Promise<R> =>
      this.session.run(
        (name) =>
          this.ask(
            (member, attempt) => member.unary(method, request, { ...attempt, proposal: name() }),
            { signal },
          ),
        { signal },
      );
    try {
      return await propose();
    } catch (thrown) {
      if (!hasCode(thrown, "raft/session-expired")) throw thrown;
      // It may have taken effect. What is proposed here can be made twice by its nature: a boot id
      // keeps its incarnation, a compare-and-swap fails, a store is down once and for all.
      return propose();
    }
  }

  private ask<T>(
    call: (member: GrpcClient, attempt: Attempt) => Promise<T>,
    { signal }: Abortable,
  ): Promise<T> {
    return this.calls.ask(call, { signal: AbortSignal.any([signal, this.stopped.signal]) });
  }

  /** Pings begin before the mirror has caught up: a long list must not look like silence. */
  private async registered(
    reply: RegisterReply__Output,
    { process, report }: Pick<PingSource, "process" | "report">,
    { signal }: Abortable,
  ): Promise<{ readonly incarnation: number }> {
    this.stopped.signal.throwIfAborted();
    const incarnation = safeNumber(reply.incarnation);
    this.pings.begin({ process, incarnation, intervalMs: reply.pingIntervalMs, report });
    await this.reachedIndex(safeNumber(reply.index), { signal });
    this.log.info({ process, incarnation }, "registered");
    return { incarnation };
  }

  private async watch(): Promise<void> {
    const { signal } = this.stopped;
    const search = this.calls.newSearch();
    while (!signal.aborted) {
      const error = await this.followLeader(search);
      if (signal.aborted) return;
      const level = isPassing(error.code) ? "debug" : "error";
      this.log[level]({ code: error.code, error }, "catalog watch broke off");
      await search.pause({ signal }).catch(() => {});
    }
  }

  /** Resolves with why there is no more to follow. */
  private async followLeader(search: LeaderSearch): Promise<SystemError> {
    let member: GrpcClient | undefined;
    try {
      // A stream has no deadline: a leader that answers is found by a call, which has one.
      await this.readIndex(this.stopped);
      member = this.calls.current();
      await this.follow(member, search);
      throw new SystemError("rpc/disconnected", `${member.address} ended the watch`);
    } catch (thrown) {
      // Anything else comes from a listener: a bug, which ends the process.
      if (!(thrown instanceof SystemError)) throw thrown;
      const { address } = member ?? this.calls.current();
      this.belief.leave(address, refusal(thrown, new Set([address])));
      return thrown;
    }
  }

  private async follow(member: GrpcClient, search: LeaderSearch): Promise<void> {
    const from = { logId: this.logId, fromIndex: this.mirror.appliedIndex };
    const request = { version: CATALOG_VERSION, ...from };
    // A member that was stopped ends no stream: pings and calls find out, and the watch moves with them.
    const moved = new AbortController();
    const forgetMoves = this.belief.onMoved(() =>
      moved.abort(new SystemError("rpc/disconnected", `${member.address} leads no more`)),
    );
    const signal = AbortSignal.any([this.stopped.signal, moved.signal]);
    let changes: CatalogChange[] = [];
    try {
      for await (const message of member.serverStream(catalogService.Watch, request, { signal })) {
        checkCatalogVersion(message.version, member.address);
        search.found();
        for (const change of changesOf(message)) changes.push(change);
        if (!message.complete) {
          // Many may have arrived together, and others wait for this process.
          await new Promise((resolve) => setImmediate(resolve));
          continue;
        }
        this.take(message, changes);
        changes = [];
      }
    } finally {
      forgetMoves();
    }
  }

  private take(message: WatchMessage__Output, changes: readonly CatalogChange[]): void {
    const index = safeNumber(message.index);
    let told = changes;
    if (message.full) told = this.mirror.replace(changes, index);
    else this.mirror.apply(changes, index);
    this.logId = message.logId;
    if (told.some(({ kind }) => kind === "member" || kind === "memberRemoved")) this.learn();
    if (told.length > 0) for (const listen of this.changeListeners) listen(told);
    this.waiters.look();
  }

  private learn(): void {
    const joined = [...this.mirror.members.values()].filter(({ member }) => member !== 0);
    this.belief.learn(joined.map(({ address }) => address));
  }

  private reached(reached: () => boolean, { signal }: Abortable): Promise<void> {
    return this.waiters.until(reached, { signal: AbortSignal.any([signal, this.stopped.signal]) });
  }
}
