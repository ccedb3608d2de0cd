// Spreads the sessions of hosts over gateways, at the leader: says which portal serves a login that came to a
// public one, and has gateways ask hosts to log out that shall come again elsewhere. It plans with what gateways
// told with their last pings and with what it answered since, so that many logins at once do not all go to one.
import {
  type GatewaySessions,
  type HeldSession,
  pathsOf,
  planDrain,
  planSpread,
  type SessionMove,
  type SessionPath,
  type SessionPlace,
  SessionTable,
} from "@ashlar/catalog";
import type { NodeId } from "@ashlar/core";
import type { LogoutRequest } from "@ashlar/rpc";
import type { Clock, Log, Startable, Timer } from "@ashlar/runtime";
import { followLeadership } from "./leadership.ts";
import type { ReplicatedLog } from "./replicated-log.ts";
import { SessionBoard } from "./session-board.ts";

/** Gateways ping several times as often; see {@link SessionBoardOptions}. */
const HEARD_MAX_MS = 1_000;
const SETTLED_AFTER_MS = 3_000;
/** A login that was sent somewhere takes less; afterwards it is told with that gateway's pings. */
const EXPECTED_MS = 5_000;
const PLAN_INTERVAL_MS = 500;
/** What hosts have to log out; those of open-iscsi and QEMU do at once. */
const LOGOUT_WITHIN_S = 5;
/** Time for a path that logged out to be up again, before another one of its host is touched. */
const HOST_PAUSE_MS = 2_000;
/** Logouts that are asked for and not done. */
const SPREAD_AT_ONCE_MAX = 4;
const DRAIN_AT_ONCE_MAX = 32;
/** One that stayed is left alone for as long: spreading can wait, draining cannot. */
const SPREAD_AGAIN_MS = 60_000;
const DRAIN_AGAIN_MS = 10_000;

interface Expected {
  readonly path: SessionPath;
  readonly place: SessionPlace;
  readonly untilMs: number;
}

interface Asked {
  readonly move: SessionMove;
  readonly atMs: number;
  readonly enforced: boolean;
  /** When its gateway did not have it any more. */
  goneMs: number | undefined;
}

const keyOf = (path: SessionPath): string => `${pathsOf(path)};${path.isid}`;
const nameOf = (session: HeldSession): string => `${keyOf(session)};${session.tpgt}`;

export interface SessionPlacementDeps {
  readonly replicatedLog: ReplicatedLog;
  readonly clock: Clock;
  readonly log: Log;
}

export class SessionPlacement implements Startable {
  private readonly deps: SessionPlacementDeps;
  private readonly log: Log;
  private readonly board: SessionBoard;
  private readonly expected = new Map<string, Expected>();
  private readonly asked = new Map<string, Asked>();
  private readonly requests = new Map<NodeId, LogoutRequest[]>();
  private timer: Timer | undefined;
  private unsubscribe = (): void => {};

  constructor(deps: SessionPlacementDeps, { pingIntervalMs }: { readonly pingIntervalMs: number }) {
    this.deps = deps;
    this.log = deps.log.child({ component: "placement" });
    const heardMaxMs = Math.max(HEARD_MAX_MS, 2 * pingIntervalMs);
    this.board = new SessionBoard({ heardMaxMs, settledAfterMs: SETTLED_AFTER_MS });
  }

  async start(): Promise<void> {
    this.unsubscribe = followLeadership(this.deps.replicatedLog, {
      onApplied: () => {},
      begin: () => this.begin(),
      end: () => this.end(),
    });
  }

  async stop(): Promise<void> {
    this.unsubscribe();
    this.end();
  }

  /** A ping of the incarnation that is up; returns what its sender has to ask hosts for. */
  heard(
    ping: {
      readonly process: NodeId;
      readonly incarnation: number;
      readonly sessions: readonly HeldSession[] | undefined;
    },
    nowMs: number,
  ): readonly LogoutRequest[] {
    const { process: gateway, incarnation, sessions } = ping;
    this.board.heard({ gateway, incarnation, sessions }, nowMs);
    const requests = this.requests.get(gateway) ?? [];
    this.requests.delete(gateway);
    return requests;
  }

  /**
   * Address of the portal that is to serve a login; undefined when no gateway that lives has a private one.
   * @throws SystemError raft/not-leader
   */
  place(path: SessionPath): string | undefined {
    this.deps.replicatedLog.requireLead();
    const place = this.table().place(path);
    if (!place) return undefined;
    const untilMs = this.deps.clock.nowMs() + EXPECTED_MS;
    this.expected.set(keyOf(path), { path, place, untilMs });
    return place.address;
  }

  /** Null while nothing is known of a gateway's sessions. */
  sessionsOf(gateway: NodeId): number | null {
    const { replicatedLog, clock } = this.deps;
    const record = replicatedLog.view.gateways.get(gateway);
    return (record && this.board.sessionsOf(record, clock.nowMs())?.length) ?? null;
  }

  /** All gateways, with the sessions that are known of them. */
  gatewaySessions(): readonly GatewaySessions[] {
    const nowMs = this.deps.clock.nowMs();
    return [...this.deps.replicatedLog.view.gateways.values()].map((record) => {
      const { gateway, state, draining } = record;
      const sessions = this.board.sessionsOf(record, nowMs);
      const isDown = state === "down";
      return {
        gateway,
        open: !isDown && !draining,
        sessions: isDown ? [] : (sessions ?? undefined),
      };
    });
  }

  private begin(): void {
    this.end();
    this.board.begin(this.deps.clock.nowMs());
    this.timer = this.deps.clock.every(PLAN_INTERVAL_MS, () => this.plan());
  }

  private end(): void {
    this.timer?.cancel();
    this.timer = undefined;
    for (const memory of [this.expected, this.asked, this.requests]) memory.clear();
  }

  /** What gateways told, and what was answered since. */
  private table(): SessionTable {
    const nowMs = this.deps.clock.nowMs();
    const table = new SessionTable(this.board.loads(this.deps.replicatedLog.view, nowMs));
    this.forgetArrived(table, nowMs);
    for (const { path, place } of this.expected.values()) table.put(path, place);
    return table;
  }

  private forgetArrived(table: SessionTable, nowMs: number): void {
    for (const [key, { path, place, untilMs }] of this.expected) {
      if (nowMs >= untilMs || table.holds(path, place)) this.expected.delete(key);
    }
  }

  private plan(): void {
    const { view } = this.deps.replicatedLog;
    const nowMs = this.deps.clock.nowMs();
    const gateways = this.board.loads(view, nowMs);
    const held = new Set(gateways.flatMap(({ sessions }) => sessions.map(nameOf)));
    this.follow(held, nowMs);
    const pausing = this.pausing(nowMs);
    const isHeld = (session: HeldSession): boolean =>
      this.asked.has(nameOf(session)) || pausing.has(pathsOf(session));
    const underWay = (enforced: boolean): number =>
      [...this.asked.values()].filter((one) => one.enforced === enforced && isUnderWay(one, nowMs))
        .length;
    const drained = planDrain(gateways, { movesMax: DRAIN_AT_ONCE_MAX - underWay(true), isHeld });
    this.ask(drained, { enforced: true }, nowMs);
    this.forgetArrived(new SessionTable(gateways), nowMs);
    if (drained.length > 0 || this.expected.size > 0 || !this.board.isSettled(view, nowMs)) return;
    const limits = { movesMax: SPREAD_AT_ONCE_MAX - underWay(false), isHeld };
    this.ask(planSpread(gateways, limits), { enforced: false }, nowMs);
  }

  private ask(
    moves: readonly SessionMove[],
    { enforced }: { readonly enforced: boolean },
    nowMs: number,
  ): void {
    for (const move of moves) {
      const { gateway, session } = move;
      const { initiatorName, targetName } = session;
      this.log.info({ gateway, initiatorName, targetName, enforced }, "session is to move");
      this.asked.set(nameOf(session), { move, atMs: nowMs, enforced, goneMs: undefined });
      const request = { session, withinSeconds: LOGOUT_WITHIN_S, enforced };
      this.requests.set(gateway, [...(this.requests.get(gateway) ?? []), request]);
    }
  }

  private follow(held: ReadonlySet<string>, nowMs: number): void {
    for (const [name, asked] of this.asked) {
      if (!held.has(name)) asked.goneMs ??= nowMs;
      const againMs = asked.enforced ? DRAIN_AGAIN_MS : SPREAD_AGAIN_MS;
      if (nowMs - asked.atMs >= againMs) this.asked.delete(name);
    }
  }

  /** Hosts with a path that may be under way: no other path of theirs to that target is touched. */
  private pausing(nowMs: number): ReadonlySet<string> {
    const recent = [...this.asked.values()].filter(
      (one) => isUnderWay(one, nowMs) || nowMs - (one.goneMs ?? one.atMs) < HOST_PAUSE_MS,
    );
    return new Set(recent.map(({ move }) => pathsOf(move.session)));
  }
}

const isUnderWay = ({ atMs, goneMs }: Asked, nowMs: number): boolean =>
  goneMs === undefined && nowMs - atMs < LOGOUT_WITHIN_S * 1000;
