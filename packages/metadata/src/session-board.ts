// Which gateway has which sessions, as gateways tell with their pings: kept in memory, told anew to each leader.
import type { CatalogView, GatewayLoad, GatewayRecord, HeldSession } from "@ashlar/catalog";
import type { NodeId } from "@ashlar/core";

export interface SessionBoardOptions {
  /** A gateway that was not heard for longer is sent nobody: what lives pings several times as often. */
  readonly heardMaxMs: number;
  /** One that is heard for less long may be about to go again: nothing is moved for its sake. */
  readonly settledAfterMs: number;
}

interface Told {
  readonly incarnation: number;
  sinceMs: number;
  heardMs: number;
  sessions: readonly HeldSession[];
}

export class SessionBoard {
  private readonly options: SessionBoardOptions;
  private readonly told = new Map<NodeId, Told>();

  constructor(options: SessionBoardOptions) {
    this.options = options;
  }

  /** A ping of an incarnation that is up; `sessions` is undefined while they are as it told before. */
  heard(
    {
      gateway,
      incarnation,
      sessions,
    }: {
      readonly gateway: NodeId;
      readonly incarnation: number;
      readonly sessions: readonly HeldSession[] | undefined;
    },
    nowMs: number,
  ): void {
    const known = this.told.get(gateway);
    if (known?.incarnation === incarnation) {
      known.heardMs = nowMs;
      known.sessions = sessions ?? known.sessions;
    } else if (sessions) {
      this.told.set(gateway, { incarnation, sinceMs: nowMs, heardMs: nowMs, sessions });
    }
  }

  /**
   * This member leads from now on. What it was told in an earlier term stands: who told others since comes back on
   * a new stream, and tells all on that.
   */
  begin(nowMs: number): void {
    for (const told of this.told.values()) told.sinceMs = nowMs;
  }

  /** Null while nothing is known of them. */
  sessionsOf(record: GatewayRecord, nowMs: number): readonly HeldSession[] | null {
    return this.fresh(record, nowMs)?.sessions ?? null;
  }

  loads({ gateways }: Pick<CatalogView, "gateways">, nowMs: number): readonly GatewayLoad[] {
    return [...gateways.values()].map((record) => {
      const { gateway, portals } = record;
      const sessions = this.known(record)?.sessions ?? [];
      return { gateway, portals, sessions, state: this.stateOf(record, nowMs) };
    });
  }

  /** Whether all that is up is heard for a while, and nothing is being drained. */
  isSettled({ gateways }: Pick<CatalogView, "gateways">, nowMs: number): boolean {
    return [...gateways.values()].every((record) => {
      if (record.state === "down") return true;
      const told = this.fresh(record, nowMs);
      if (!told || nowMs - told.sinceMs < this.options.settledAfterMs) return false;
      return !record.draining || told.sessions.length === 0;
    });
  }

  private stateOf(record: GatewayRecord, nowMs: number): GatewayLoad["state"] {
    if (record.state === "down") return "closed";
    if (record.draining) return "draining";
    return this.fresh(record, nowMs) ? "open" : "closed";
  }

  private known({ gateway, state, incarnation }: GatewayRecord): Told | undefined {
    const told = this.told.get(gateway);
    return state === "up" && told?.incarnation === incarnation ? told : undefined;
  }

  private fresh(record: GatewayRecord, nowMs: number): Told | undefined {
    const told = this.known(record);
    return told && nowMs - told.heardMs <= this.options.heardMaxMs ? told : undefined;
  }
}
