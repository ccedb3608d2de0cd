// Makes copies where they are wanted and drops those that are one too many, as long as this member leads: the
// copies of a disk that failed at once, those of a node that is down when nobody waits for it any more, of what
// is to be emptied, and of volumes that want more. As many at a time as keep the nodes busy; the replicas
// themselves bring them up to date, as they do those of a node that returned.
import { type CatalogChange, type CopyPlan, NEED_KINDS, planCopiesInParts } from "@ashlar/catalog";
import { type NodeId, toSystemError } from "@ashlar/core";
import type { StorageReport } from "@ashlar/rpc";
import { type Clock, inSlices, type Log, type Startable, type Timer } from "@ashlar/runtime";
import { followLeadership } from "./leadership.ts";
import type { CopyMetrics } from "./metrics.ts";
import { accepted } from "./refusal.ts";
import type { ReplicatedLog } from "./replicated-log.ts";
import { storeRooms } from "./store-rooms.ts";

/** How often the copies are looked at, while there is something to do. */
export const COPY_INTERVAL_MS = 2_000;
/** Chunks that learn at the same time, more than nodes copy at once: none shall wait for the next look. */
export const COPIES_UNDER_WAY_MAX = 64;
/** Of these, copies that only move: the rest is for those that are lost meanwhile. */
export const MOVES_UNDER_WAY_MAX: number = COPIES_UNDER_WAY_MAX / 2;
/** Where one copy is left the next loss is one of data. */
const SOLE_COPY_WAIT_MAX_MS = 60_000;

/** What copies depend on. */
const CONCERNED: ReadonlySet<CatalogChange["kind"]> = new Set([
  "node",
  "nodeRemoved",
  "volume",
  "chunk",
]);

export interface CopyKeeperDeps {
  readonly replicatedLog: ReplicatedLog;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: CopyMetrics;
  /** What a node told of its disks last. */
  readonly reportOf: (node: NodeId) => StorageReport | undefined;
}

export interface CopyKeeperOptions {
  /** How long a node that is down is waited for. */
  readonly copyAfterMs: number;
}

export class CopyKeeper implements Startable {
  private readonly deps: CopyKeeperDeps;
  private readonly options: CopyKeeperOptions;
  private timer: Timer | undefined;
  /** Since when this leader has known that a node is down. */
  private readonly downSinceMs = new Map<NodeId, number>();
  private looking = false;
  /** Something changed since a look that found nothing to do. */
  private unsettled = true;
  private homeless = 0;
  private unsubscribe = (): void => {};

  constructor(deps: CopyKeeperDeps, options: CopyKeeperOptions) {
    this.deps = deps;
    this.options = options;
  }

  async start(): Promise<void> {
    this.unsubscribe = followLeadership(this.deps.replicatedLog, {
      onApplied: ({ changes, restored }) => {
        if (restored) this.readNodes();
        else for (const change of changes) this.follow(change);
        this.unsettled ||= restored || changes.some(({ kind }) => CONCERNED.has(kind));
      },
      begin: () => this.begin(),
      end: () => this.end(),
    });
  }

  async stop(): Promise<void> {
    this.unsubscribe();
    this.end();
  }

  /** Who was down before is waited for anew: nobody kept for how long it was. */
  private begin(): void {
    this.end();
    this.unsettled = true;
    this.readNodes();
    this.timer = this.deps.clock.every(COPY_INTERVAL_MS, () => void this.look());
  }

  private end(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.downSinceMs.clear();
    this.homeless = 0;
  }

  private readNodes(): void {
    for (const record of this.deps.replicatedLog.view.nodes.values()) {
      this.follow({ kind: "node", record });
    }
  }

  private follow(change: CatalogChange): void {
    if (change.kind === "nodeRemoved") this.downSinceMs.delete(change.node);
    if (change.kind !== "node") return;
    const { node, state } = change.record;
    if (state === "up") this.downSinceMs.delete(node);
    else if (!this.downSinceMs.has(node)) this.downSinceMs.set(node, this.deps.clock.nowMs());
  }

  private async look(): Promise<void> {
    const { replicatedLog, clock, log } = this.deps;
    const { view } = replicatedLog;
    const { learning } = view.chunks;
    if (this.looking || !(this.unsettled || view.chunks.short > 0)) return;
    this.looking = true;
    this.unsettled = false;
    try {
      const rooms = storeRooms(view.nodes.keys(), this.deps.reportOf);
      const plan = await inSlices(
        clock,
        planCopiesInParts(view, {
          isGivenUp: (node, inSync) => this.isGivenUp(node, inSync),
          roomOf: (store) => rooms.get(store),
          copiesMax: Math.max(0, COPIES_UNDER_WAY_MAX - learning),
          movesMax: Math.max(0, MOVES_UNDER_WAY_MAX - learning),
        }),
      );
      if (replicatedLog.leads) await this.carryOut(plan);
    } catch (thrown) {
      const error = toSystemError(thrown);
      log.warn({ code: error.code, error }, "copies cannot be made or dropped");
      this.unsettled = true;
    } finally {
      this.looking = false;
    }
  }

  private async carryOut({ replacements, additions, surplus, homeless }: CopyPlan): Promise<void> {
    const { replicatedLog, metrics, log } = this.deps;
    if (homeless.lost > this.homeless) {
      log.warn({ chunks: homeless.lost }, "no disk has room for copies that are lost");
    }
    this.homeless = homeless.lost;
    // There may be room later, and none of what is planned here has happened yet.
    this.unsettled ||= NEED_KINDS.some((kind) => homeless[kind] > 0);
    if (surplus.length > 0) {
      const { result } = await replicatedLog.propose({ kind: "dropMembers", items: surplus });
      const dropped = surplus.length - accepted(result).skipped.length;
      metrics.copiesDropped.inc(dropped);
      if (dropped > 0) log.info({ chunks: dropped }, "copies that are one too many are dropped");
    }
    if (replacements.length > 0) {
      const { result } = await replicatedLog.propose({
        kind: "replaceMembers",
        items: replacements,
      });
      this.begun(replacements.length - accepted(result).skipped.length, "lost copies");
    }
    if (additions.length > 0) {
      const { result } = await replicatedLog.propose({ kind: "addMembers", items: additions });
      this.begun(additions.length - accepted(result).skipped.length, "further copies");
    }
  }

  private begun(chunks: number, what: string): void {
    if (chunks === 0) return;
    this.deps.metrics.copiesBegun.inc(chunks);
    this.deps.log.info({ chunks }, `${what} are made elsewhere`);
  }

  private isGivenUp(node: NodeId, inSync: number): boolean {
    const sinceMs = this.downSinceMs.get(node);
    if (sinceMs === undefined) return false;
    const { copyAfterMs } = this.options;
    const waitMs = inSync === 1 ? Math.min(copyAfterMs, SOLE_COPY_WAIT_MAX_MS) : copyAfterMs;
    return this.deps.clock.nowMs() - sinceMs >= waitMs;
  }
}
