// Hears pings, as long as this member leads, and proposes that who fell silent, was reported to have ended,
// or lives and is not reached by those who need it, is down: once, for the incarnation in question only.
// What storage nodes tell with their pings is kept here, in memory.
import { type CommandOf, isWaitedForInVain, livingNodes } from "@ashlar/catalog";
import { type NodeId, toSystemError } from "@ashlar/core";
import type {
  ExitReport,
  HeartbeatService,
  LostPathStatus,
  Ping,
  PingVerdict,
  Release,
  StorageReport,
} from "@ashlar/rpc";
import type { Clock, Log, Startable, Timer } from "@ashlar/runtime";
import type { ClusterShutdown } from "../cluster-shutdown.ts";
import { KeptMembers } from "../kept-members.ts";
import { followLeadership } from "../leadership.ts";
import { LivenessMonitor, type LivenessOptions, type Silent } from "../liveness-monitor.ts";
import { LostPaths, type Named } from "../lost-paths.ts";
import { isWaitedFor, PathJudge } from "../path-judge.ts";
import { accepted } from "../refusal.ts";
import type { ReplicatedLog } from "../replicated-log.ts";
import type { SessionPlacement } from "../session-placement.ts";

/**
 * What processes have to find a new leader: they notice a silent one after a second, about when the next
 * one is elected. More would delay the failover of a node that was lost together with the leader.
 */
const GRACE_MS = 2_000;
/** Pingers take a leader for lost that does not answer for twice this. */
const ANSWER_INTERVAL_MS = 500;

export interface HeartbeatOptions {
  readonly pingIntervalMs: number;
  /** Pings missed in a row before a process counts as down. */
  readonly pingsMissedMax: number;
}

interface Registration {
  readonly state: "up" | "down";
  readonly incarnation: number;
  readonly bootId: string;
}

const isUpAs = (known: Registration | undefined, incarnation: number): boolean =>
  known?.state === "up" && known.incarnation === incarnation;

const idsOf = (silent: readonly Silent[]): readonly NodeId[] =>
  silent.map(({ process }) => process);

export class LogHeartbeatService implements HeartbeatService, Startable {
  private readonly replicatedLog: ReplicatedLog;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly placement: Pick<SessionPlacement, "heard">;
  private readonly onMemberExit: (member: NodeId) => boolean;
  private readonly shutdown: Pick<ClusterShutdown, "tells" | "underWay">;
  private readonly options: LivenessOptions;
  private monitor: LivenessMonitor;
  private judge = new PathJudge();
  private kept = new KeptMembers();
  /** When a node was declared down last: others that were not heard since may have gone with it. */
  private fellMs = Number.NEGATIVE_INFINITY;
  /** Nodes that were up and not heard at the last look. */
  private unheard: readonly Silent[] = [];
  /** Of each process and path. */
  private readonly answeredMs = new Map<string, number>();
  /** The last ping of each process. */
  private readonly serials = new Map<
    NodeId,
    { readonly incarnation: number; readonly serial: number }
  >();
  private readonly reports = new Map<NodeId, StorageReport>();
  private paths = new LostPaths();
  private readonly releases = new Map<NodeId, Release & { readonly incarnation: number }>();
  private timer: Timer | undefined;
  private unsubscribe = (): void => {};

  constructor(
    deps: {
      readonly replicatedLog: ReplicatedLog;
      readonly clock: Clock;
      readonly log: Log;
      /** Follows the sessions of gateways. */
      readonly placement: Pick<SessionPlacement, "heard">;
      /** A process ended; true if it was a metadata member, which is nobody's but the group's matter. */
      readonly onMemberExit: (member: NodeId) => boolean;
      readonly shutdown: Pick<ClusterShutdown, "tells" | "underWay">;
    },
    { pingIntervalMs, pingsMissedMax }: HeartbeatOptions,
  ) {
    this.replicatedLog = deps.replicatedLog;
    this.clock = deps.clock;
    this.log = deps.log.child({ component: "heartbeat" });
    this.placement = deps.placement;
    this.onMemberExit = deps.onMemberExit;
    this.shutdown = deps.shutdown;
    this.options = {
      silenceMaxMs: pingIntervalMs * pingsMissedMax,
      graceMs: GRACE_MS,
      checkIntervalMs: pingIntervalMs / 2,
    };
    this.monitor = new LivenessMonitor(this.options);
  }

  async start(): Promise<void> {
    this.unsubscribe = followLeadership(this.replicatedLog, {
      onApplied: ({ changes }) => {
        for (const change of changes) {
          if (change.kind === "node") this.follow(change.record.node, change.record);
          if (change.kind === "gateway") this.follow(change.record.gateway, change.record);
        }
      },
      begin: () => this.begin(),
      end: () => this.end(),
    });
  }

  async stop(): Promise<void> {
    this.unsubscribe();
    this.end();
  }

  /** All that the catalog says is up has to find this leader first. */
  private begin(): void {
    this.end();
    this.monitor = new LivenessMonitor(this.options);
    this.judge = new PathJudge();
    this.kept = new KeptMembers();
    this.unheard = [];
    this.fellMs = Number.NEGATIVE_INFINITY;
    const { nodes, gateways } = this.replicatedLog.view;
    const now = this.clock.nowMs();
    for (const [process, { state, incarnation }] of [...nodes, ...gateways]) {
      if (state === "up") this.monitor.grace(process, incarnation, now);
      else if (nodes.has(process)) this.kept.wasDown(process, now);
    }
    this.timer = this.clock.every(this.options.checkIntervalMs, () => this.check());
  }

  private check(): void {
    for (const silent of this.monitor.check(this.clock.nowMs())) {
      this.log.warn({ ...silent }, "process fell silent");
      void this.declareDown(silent);
    }
    this.judgePaths();
    this.letGoOfKept();
  }

  /** Declares those down once more that chunks wait for which others could serve. */
  private letGoOfKept(): void {
    const { view } = this.replicatedLog;
    const now = this.clock.nowMs();
    const unheard = this.unheardNow();
    const isOnlyLate = ({ process, incarnation }: Silent): boolean =>
      isUpAs(this.registration(process), incarnation) && this.isHeard(process);
    if (this.unheard.some(isOnlyLate)) this.kept.heardAgain(now);
    this.unheard = unheard;
    const due = this.kept.due(now);
    if (due.length === 0) return;
    const lives = livingNodes(view, idsOf(unheard));
    for (const process of due) {
      const { incarnation, state } = view.nodes.get(process) ?? {};
      if (incarnation === undefined || state !== "down") continue;
      if (!isWaitedForInVain(view, process, lives)) continue;
      this.log.info({ process, incarnation }, "others go on without a node that is down");
      void this.declareDown({ process, incarnation });
    }
  }

  /** Nodes that may have been lost together with one that is declared down now. */
  private unheardNow(): readonly Silent[] {
    return [...this.replicatedLog.view.nodes.values()]
      .filter(({ node, state }) => state === "up" && !this.isHeard(node))
      .map(({ node, incarnation }) => ({ process: node, incarnation }));
  }

  private isHeard(node: NodeId): boolean {
    return this.monitor.isHeard(node, this.clock.nowMs(), this.fellMs);
  }

  private end(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.answeredMs.clear();
    this.paths = new LostPaths();
  }

  /** The newest report of a node, since this process started. */
  reportOf(node: NodeId): StorageReport | undefined {
    return this.reports.get(node);
  }

  /** Nodes that are up and were not heard lately. */
  get unheardNodes(): readonly NodeId[] {
    return idsOf(this.unheardNow());
  }

  /** Whether all who live hear each other, for a while already. */
  get pathsAreWhole(): boolean {
    return !this.judge.inTrouble(this.clock.nowMs());
  }

  /** Whether somebody tells that it does not hear another one. */
  get hearsComplaints(): boolean {
    return this.judge.isComplainedOf(this.clock.nowMs());
  }

  /** Network paths that are lost while others are left, with the names of these members. */
  lostPaths(members: readonly Named[]): readonly LostPathStatus[] {
    const nodes = [...this.replicatedLog.view.nodes.values()];
    const peers = nodes.map(({ node, address }) => ({ id: node, address }));
    return this.paths.list([...members, ...peers], (process, incarnation) =>
      isUpAs(this.registration(process), incarnation),
    );
  }

  /** The program of an incarnation, as its pings told this process. */
  releaseOf(process: NodeId, incarnation: number): Release | undefined {
    const told = this.releases.get(process);
    return told?.incarnation === incarnation ? told : undefined;
  }

  ping(ping: Ping): PingVerdict {
    this.replicatedLog.requireLead();
    const { process, incarnation, path } = ping;
    if (!isUpAs(this.registration(process), incarnation)) {
      return { superseded: true, answer: true, logouts: [], shutDown: false };
    }
    const now = this.clock.nowMs();
    const logouts = this.isNew(ping) ? this.hear(ping, now) : [];
    const shutDown = this.shutdown.tells(process);
    const line = `${process} ${path}`;
    const answer =
      shutDown ||
      logouts.length > 0 ||
      now - (this.answeredMs.get(line) ?? Number.NEGATIVE_INFINITY) >= ANSWER_INTERVAL_MS;
    if (answer) this.answeredMs.set(line, now);
    return { superseded: false, answer, logouts, shutDown };
  }

  /** The same ping came over another path before, or a later one: what it says is known, or is not so any more. */
  private isNew({ process, incarnation, serial }: Ping): boolean {
    if (serial === 0) return true;
    const last = this.serials.get(process);
    if (last?.incarnation === incarnation && serial <= last.serial) return false;
    this.serials.set(process, { incarnation, serial });
    return true;
  }

  private hear(
    { process, incarnation, report, silent, lostPaths, sessions, release }: Ping,
    now: number,
  ): PingVerdict["logouts"] {
    this.monitor.heard(process, incarnation, now);
    this.reports.set(process, { ...report, load: report.load ?? this.reports.get(process)?.load });
    this.paths.heard(process, incarnation, lostPaths);
    if (release) this.releases.set(process, { ...release, incarnation });
    if (silent.length > 0) this.judge.heard(process, this.living(silent), now);
    const isGateway = this.replicatedLog.view.gateways.has(process);
    return isGateway ? this.placement.heard({ process, incarnation, sessions }, now) : [];
  }

  async reportExit({ process, bootId, status }: ExitReport): Promise<void> {
    if (this.onMemberExit(process)) return;
    this.replicatedLog.requireLead();
    const known = this.registration(process);
    if (known?.state !== "up" || known.bootId !== bootId) return;
    this.log.info({ process, bootId, status, incarnation: known.incarnation }, "process ended");
    await this.propose({ process, incarnation: known.incarnation });
  }

  /** The storage nodes of these addresses that are up: of others it is known that they are silent. */
  private living(addresses: readonly string[]): readonly NodeId[] {
    const nodes = [...this.replicatedLog.view.nodes.values()];
    return nodes
      .filter(({ state, address }) => state === "up" && addresses.includes(address))
      .map(({ node }) => node);
  }

  private judgePaths(): void {
    const { view } = this.replicatedLog;
    const picked = this.judge.pick(this.clock.nowMs(), {
      isStorage: (process) => view.nodes.has(process),
      isWaited: (complaint) => isWaitedFor(view, complaint),
    });
    const incarnation = picked && view.nodes.get(picked)?.incarnation;
    if (picked === undefined || incarnation === undefined) return;
    this.log.warn({ process: picked, incarnation }, "process lives and is not reached");
    void this.declareDown({ process: picked, incarnation });
  }

  private registration(process: NodeId): Registration | undefined {
    const { nodes, gateways } = this.replicatedLog.view;
    return nodes.get(process) ?? gateways.get(process);
  }

  private follow(process: NodeId, { state, incarnation }: Registration): void {
    const now = this.clock.nowMs();
    const isStorage = this.replicatedLog.view.nodes.has(process);
    if (state === "up") {
      this.monitor.heard(process, incarnation, now);
      if (isStorage) this.kept.returned(process, now);
    } else {
      this.monitor.forget(process);
      if (isStorage) this.kept.fell(process, now);
    }
  }

  /**
   * A proposal that fails (a full disk) is made again after a while; one that failed with the leadership is
   * the next leader's.
   */
  private async declareDown(silent: Silent): Promise<void> {
    try {
      await this.propose(silent);
    } catch (thrown) {
      const error = toSystemError(thrown);
      this.log.error({ ...silent, code: error.code, error }, "cannot declare a process down");
      this.tryAgain(silent);
    }
  }

  private tryAgain({ process, incarnation }: Silent): void {
    const now = this.clock.nowMs();
    const known = this.registration(process);
    if (known?.incarnation !== incarnation) return;
    if (known.state === "up") this.monitor.again(process, incarnation, now);
    else this.kept.wasDown(process, now);
  }

  private async propose({ process, incarnation }: Silent): Promise<void> {
    const isNode = this.replicatedLog.view.nodes.has(process);
    if (isNode && this.shutdown.underWay) {
      // What it has in sync stays so. It is looked at again, in case the shutdown is given up.
      this.log.debug({ process, incarnation }, "storage node is silent, as the cluster shuts down");
      this.tryAgain({ process, incarnation });
      return;
    }
    const { result } = await this.replicatedLog.propose(
      isNode
        ? this.nodeDown({ process, incarnation })
        : { kind: "gatewayDown", gateway: process, incarnation },
    );
    const { effective } = accepted(result);
    if (effective) this.log.info({ process, incarnation }, "process is down");
  }

  private nodeDown({ process, incarnation }: Silent): CommandOf<"nodeDown"> {
    const unheard = idsOf(this.unheardNow());
    if (this.registration(process)?.state === "up") this.fellMs = this.clock.nowMs();
    return { kind: "nodeDown", node: process, incarnation, unheard };
  }
}
