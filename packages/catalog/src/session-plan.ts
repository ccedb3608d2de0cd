// Where sessions of hosts belong: on which gateway a login is served, and which sessions go elsewhere when a
// gateway came back or is drained. Pure: who is open, and who holds what, is given.
//
// A host's paths to one target stand on different gateways while there are enough of them, since what they are
// for is to outlive one; among those that are left the gateway with the fewest sessions is taken. A move is only
// planned where that same choice would not lead back, and each one leaves fewer paths side by side, or a smaller
// difference: moving comes to an end.
import { type NodeId, present } from "@ashlar/core";
import type { PortalRecord } from "./records.ts";

/** One of a host's paths to a target. */
export interface SessionPath {
  readonly initiatorName: string;
  /** Twelve hexadecimal digits: tells apart the paths of one host. */
  readonly isid: string;
  readonly targetName: string;
}

/** A session, by its nexus. */
export interface HeldSession extends SessionPath {
  readonly tpgt: number;
}

export interface GatewayLoad {
  readonly gateway: NodeId;
  /** `open`: lives and takes sessions. `draining`: shall have none. `closed`: nothing is sent there. */
  readonly state: "open" | "draining" | "closed";
  readonly portals: readonly PortalRecord[];
  readonly sessions: readonly HeldSession[];
}

/** A private portal of a gateway. */
export interface SessionPlace {
  readonly gateway: NodeId;
  readonly address: string;
  readonly tpgt: number;
}

export interface SessionMove {
  readonly gateway: NodeId;
  readonly session: HeldSession;
}

/** A gateway is clearly less loaded than others with a tenth less than its share, and one session at least. */
const SLACK = 0.1;

/** Names all paths of one host to one target. */
export const pathsOf = ({ initiatorName, targetName }: SessionPath): string =>
  `${initiatorName};${targetName}`;

interface Entry {
  readonly isid: string;
  readonly gateway: NodeId;
  readonly tpgt: number;
}

/** Who holds how many sessions, and which of each host's paths. */
export class SessionTable {
  private readonly places: readonly SessionPlace[];
  private readonly byGateway = new Map<NodeId, number>();
  private readonly byPortal = new Map<number, number>();
  private readonly byPaths = new Map<string, Entry[]>();

  constructor(gateways: readonly GatewayLoad[]) {
    this.places = gateways.flatMap(({ gateway, state, portals }) =>
      state === "open" ? privatePlaces(gateway, portals) : [],
    );
    for (const { gateway, sessions } of gateways) {
      for (const session of sessions) this.put(session, { gateway, tpgt: session.tpgt });
    }
  }

  loadOf(gateway: NodeId): number {
    return this.byGateway.get(gateway) ?? 0;
  }

  /** Gateways that sessions can be sent to. */
  get destinations(): ReadonlySet<NodeId> {
    return new Set(this.places.map(({ gateway }) => gateway));
  }

  /** Other paths of the host to that target on a gateway. */
  siblings(path: SessionPath, gateway: NodeId): number {
    return this.entries(path).filter((one) => one.gateway === gateway && one.isid !== path.isid)
      .length;
  }

  holds(path: SessionPath, { gateway, tpgt }: Pick<SessionPlace, "gateway" | "tpgt">): boolean {
    return this.entries(path).some(
      (one) => one.isid === path.isid && one.gateway === gateway && one.tpgt === tpgt,
    );
  }

  put(path: SessionPath, { gateway, tpgt }: Pick<SessionPlace, "gateway" | "tpgt">): void {
    const entries = this.entries(path);
    this.byPaths.set(pathsOf(path), [...entries, { isid: path.isid, gateway, tpgt }]);
    this.count({ gateway, tpgt }, 1);
  }

  take(path: SessionPath, place: Pick<SessionPlace, "gateway" | "tpgt">): void {
    if (!this.holds(path, place)) return;
    const { gateway, tpgt } = place;
    const rest = this.entries(path).filter(
      (one) => one.isid !== path.isid || one.gateway !== gateway || one.tpgt !== tpgt,
    );
    this.byPaths.set(pathsOf(path), rest);
    this.count(place, -1);
  }

  /** Where a login is served; undefined when no gateway has a private portal and is open. */
  place(path: SessionPath): SessionPlace | undefined {
    const entries = this.entries(path);
    let best: SessionPlace | undefined;
    let bestRank: readonly number[] = [];
    for (const place of this.places) {
      const rank = this.rank(path, entries, place);
      if (best && !isLess(rank, bestRank)) continue;
      best = place;
      bestRank = rank;
    }
    return best;
  }

  /**
   * The less the better, from the first number on. A session of the same ISID is taken for one that this login
   * replaces, and avoided all the same: there are initiators that use one ISID towards several portals, and at
   * one portal the second session would end the first (RFC 7143, 6.3.5, 10.1.1).
   */
  private rank(
    { isid }: SessionPath,
    entries: readonly Entry[],
    { gateway, tpgt }: SessionPlace,
  ): readonly number[] {
    const here = entries.filter((one) => one.gateway === gateway);
    const twins = here.filter((one) => one.isid === isid);
    const twinsAtPortal = twins.filter((one) => one.tpgt === tpgt).length;
    return [
      here.length - twins.length,
      twins.length,
      here.filter((one) => one.tpgt === tpgt).length,
      this.loadOf(gateway) - twins.length,
      (this.byPortal.get(tpgt) ?? 0) - twinsAtPortal,
      tpgt,
    ];
  }

  private entries(path: SessionPath): readonly Entry[] {
    return this.byPaths.get(pathsOf(path)) ?? [];
  }

  private count({ gateway, tpgt }: Pick<SessionPlace, "gateway" | "tpgt">, by: number): void {
    this.byGateway.set(gateway, this.loadOf(gateway) + by);
    this.byPortal.set(tpgt, (this.byPortal.get(tpgt) ?? 0) + by);
  }
}

const privatePlaces = (gateway: NodeId, portals: readonly PortalRecord[]): SessionPlace[] =>
  portals
    .filter(({ role }) => role === "private")
    .map(({ address, tpgt }) => ({ gateway, address, tpgt }));

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at >= 0 && present(a[at], "ranks are of one length") < (b[at] ?? 0);
}

export interface MoveLimits {
  /** Moves planned at once. */
  readonly movesMax: number;
  /** Sessions that stay for now, as those of a host that has one on its way already. */
  readonly isHeld: (session: HeldSession) => boolean;
}

/** Which sessions leave gateways that are being drained: one path of each host at a time. */
export function planDrain(
  gateways: readonly GatewayLoad[],
  { movesMax, isHeld }: MoveLimits,
): readonly SessionMove[] {
  const moves: SessionMove[] = [];
  const hosts = new Set<string>();
  for (const { gateway, state, sessions } of gateways) {
    if (state !== "draining") continue;
    for (const session of sessions) {
      if (moves.length === movesMax) return moves;
      if (isHeld(session) || hosts.has(pathsOf(session))) continue;
      hosts.add(pathsOf(session));
      moves.push({ gateway, session });
    }
  }
  return moves;
}

/**
 * Which sessions leave gateways that have clearly more than their share, or two paths of a host: one path of each
 * host at a time. Only those that come back through a public portal, and so go where they are sent.
 */
export function planSpread(
  gateways: readonly GatewayLoad[],
  { movesMax, isHeld }: MoveLimits,
): readonly SessionMove[] {
  const table = new SessionTable(gateways);
  const { destinations } = table;
  if (destinations.size < 2) return [];
  const open = gateways.filter(({ state }) => state === "open");
  const total = [...destinations].reduce((sum, gateway) => sum + table.loadOf(gateway), 0);
  const fair = total / destinations.size;
  const lowMax = fair - Math.max(1, fair * SLACK);
  const moves: SessionMove[] = [];
  const hosts = new Set<string>();
  const plan = (isGain: (session: HeldSession, from: NodeId, to: NodeId) => boolean): void => {
    for (const { gateway, session } of movable(open, table)) {
      if (moves.length === movesMax) return;
      if (isHeld(session) || hosts.has(pathsOf(session))) continue;
      table.take(session, { gateway, tpgt: session.tpgt });
      const place = table.place(session);
      const goes = place && place.gateway !== gateway && isGain(session, gateway, place.gateway);
      table.put(session, goes ? place : { gateway, tpgt: session.tpgt });
      if (!goes) continue;
      hosts.add(pathsOf(session));
      moves.push({ gateway, session });
    }
  };
  plan((session, from, to) => table.siblings(session, to) < table.siblings(session, from));
  // The session itself is taken off its gateway here.
  plan((_session, from, to) => table.loadOf(to) <= lowMax && table.loadOf(from) > table.loadOf(to));
  return moves;
}

/** Sessions that came through a public portal, those of the most loaded gateways first. */
function* movable(
  gateways: readonly GatewayLoad[],
  table: SessionTable,
): Generator<{ readonly gateway: NodeId; readonly session: HeldSession }> {
  const byLoad = [...gateways].sort((a, b) => table.loadOf(b.gateway) - table.loadOf(a.gateway));
  for (const { gateway, portals, sessions } of byLoad) {
    const direct = new Set(portals.flatMap(({ tpgt, role }) => (role === "direct" ? [tpgt] : [])));
    for (const session of sessions) if (!direct.has(session.tpgt)) yield { gateway, session };
  }
}
