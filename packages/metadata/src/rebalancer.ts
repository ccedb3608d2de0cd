// Spreads copies over the nodes anew when disks came, went or grew, as long as this member leads and nobody has paused
// it. Only in a cluster at rest: while a node is down, a copy is missing or something is being emptied, that comes
// first. As few at a time as leave the nodes to their hosts; copies that were moved are dropped by the copy keeper.
import {
  type Addition,
  type CatalogChange,
  CHUNKS_PER_COMMAND_MAX,
  isEmptied,
  planCancelInParts,
  planRebalanceInParts,
  type RebalancePlan,
} from "@ashlar/catalog";
import { type NodeId, toSystemError, type VolumeId } from "@ashlar/core";
import type { StorageReport } from "@ashlar/rpc";
import { type Clock, inSlices, type Log, type Startable, type Timer } from "@ashlar/runtime";
import { MOVES_UNDER_WAY_MAX } from "./copy-keeper.ts";
import { followLeadership } from "./leadership.ts";
import type { RebalanceMetrics } from "./metrics.ts";
import { accepted } from "./refusal.ts";
import type { ReplicatedLog } from "./replicated-log.ts";
import { storeRooms } from "./store-rooms.ts";
import { isBeingEmptied } from "./unrest.ts";

/** Nodes and volumes have not changed for this long: two nodes that join one after the other make one plan. */
export const REBALANCE_QUIET_MS = 5_000;
/** How often more moves are begun. */
const BATCH_INTERVAL_MS = 500;

export interface RebalancerDeps {
  readonly replicatedLog: ReplicatedLog;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: RebalanceMetrics;
  /** What a node told of its disks last. */
  readonly reportOf: (node: NodeId) => StorageReport | undefined;
}

/** Why nothing is begun, in words. */
export type Hindrance =
  | "paused"
  | "a node is down"
  | "copies are missing"
  | "a node or disk is being emptied"
  | "nodes or volumes have just changed";

export interface RebalanceStanding {
  /** Undefined: moves are begun, or there is nothing to move. */
  readonly hindrance: Hindrance | undefined;
  /** Copies that are made now, to move one. */
  readonly moving: number;
  /** Moves planned and not begun. */
  readonly planned: number;
  /** Begun since this leader last had nothing to move. */
  readonly begun: number;
  /** Milliseconds since then. */
  readonly elapsedMs: number;
}

const DISTURBING: ReadonlySet<CatalogChange["kind"]> = new Set([
  "cluster",
  "node",
  "nodeRemoved",
  "volumeDeleted",
]);

export class Rebalancer implements Startable {
  private readonly deps: RebalancerDeps;
  private timer: Timer | undefined;
  private changedMs = 0;
  /** Something changed since the last plan found nothing to move. */
  private unsettled = true;
  private plan: Addition[] = [];
  private busy = false;
  private begunMoves = 0;
  private beganMs = 0;
  /** Copies that each volume wants, as far as this member has seen it. */
  private readonly replicas = new Map<VolumeId, number>();
  private unsubscribe = (): void => {};

  constructor(deps: RebalancerDeps) {
    this.deps = deps;
  }

  async start(): Promise<void> {
    this.unsubscribe = followLeadership(this.deps.replicatedLog, {
      onApplied: ({ changes, restored }) => {
        // Each of them is to be seen.
        if (restored || changes.filter((change) => this.disturbs(change)).length > 0) {
          this.disturbed();
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

  get standing(): RebalanceStanding {
    const { view } = this.deps.replicatedLog;
    return {
      hindrance: this.hindrance(),
      moving: view.chunks.learning,
      planned: this.plan.length,
      begun: this.begunMoves,
      elapsedMs: this.begunMoves === 0 ? 0 : this.deps.clock.nowMs() - this.beganMs,
    };
  }

  /** What would move now, if nothing hindered it; begins nothing. */
  preview(): Promise<RebalancePlan> {
    return this.planned(Number.MAX_SAFE_INTEGER);
  }

  /** Moves under way that nobody wants but the spread: what learns goes again. */
  async cancel(): Promise<number> {
    const { replicatedLog, clock } = this.deps;
    const { view } = replicatedLog;
    const isWanted = ({ node, storeUuid }: { node: NodeId; storeUuid: string }): boolean => {
      const record = view.nodes.get(node);
      const disk = record?.disks.find((one) => one.storeUuid === storeUuid);
      return record !== undefined && disk !== undefined && isEmptied(record, disk);
    };
    const items = await inSlices(clock, planCancelInParts(view, isWanted));
    let cancelled = 0;
    for (let from = 0; from < items.length; from += CHUNKS_PER_COMMAND_MAX) {
      const part = items.slice(from, from + CHUNKS_PER_COMMAND_MAX);
      const { result } = await replicatedLog.propose({ kind: "dropMembers", items: part });
      cancelled += part.length - accepted(result).skipped.length;
    }
    return cancelled;
  }

  /** Who takes part and what is stored decides where copies belong; where they are is our own doing. */
  private disturbs(change: CatalogChange): boolean {
    if (change.kind === "volume") {
      const { volume, replicas } = change.record;
      const before = this.replicas.get(volume);
      this.replicas.set(volume, replicas);
      return before !== replicas;
    }
    if (change.kind === "volumeDeleted") this.replicas.delete(change.volume);
    return DISTURBING.has(change.kind);
  }

  private begin(): void {
    this.end();
    this.disturbed();
    this.timer = this.deps.clock.every(BATCH_INTERVAL_MS, () => void this.tick());
  }

  private end(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.settle();
  }

  private disturbed(): void {
    this.changedMs = this.deps.clock.nowMs();
    this.unsettled = true;
    this.plan = [];
  }

  private settle(): void {
    this.plan = [];
    this.begunMoves = 0;
  }

  private hindrance(): Hindrance | undefined {
    const { view } = this.deps.replicatedLog;
    const { cluster, nodes, chunks } = view;
    const records = [...nodes.values()];
    const quietMs = this.deps.clock.nowMs() - this.changedMs;
    const hindrances: readonly (readonly [holds: boolean, why: Hindrance])[] = [
      [cluster?.rebalancing !== "auto", "paused"],
      [records.some(({ state }) => state === "down"), "a node is down"],
      [chunks.short > 0, "copies are missing"],
      [isBeingEmptied(view), "a node or disk is being emptied"],
      [quietMs < REBALANCE_QUIET_MS, "nodes or volumes have just changed"],
    ];
    return hindrances.find(([holds]) => holds)?.[1];
  }

  private async tick(): Promise<void> {
    const { replicatedLog, log } = this.deps;
    if (this.busy || !this.unsettled || this.hindrance() !== undefined) return;
    const room = MOVES_UNDER_WAY_MAX - replicatedLog.view.chunks.learning;
    if (room <= 0) return;
    this.busy = true;
    try {
      if (this.plan.length === 0) await this.look();
      else await this.move(this.plan.splice(0, room));
    } catch (thrown) {
      const error = toSystemError(thrown);
      log.warn({ code: error.code, error }, "copies cannot be spread anew");
      this.disturbed();
    } finally {
      this.busy = false;
    }
  }

  /** A chunk moves once in a plan, so the next plan may have more; the last one has nothing. */
  private async look(): Promise<void> {
    const { replicatedLog, clock, log } = this.deps;
    // What is under way is no reason for another plan: its end may be one.
    if (replicatedLog.view.chunks.learning > 0) return;
    const changedMs = this.changedMs;
    const { moves, homeless, changing } = await this.planned(CHUNKS_PER_COMMAND_MAX);
    if (changedMs !== this.changedMs || !replicatedLog.leads) return;
    // Copies that are one too many now may be all that keeps a move from being found.
    if (moves.length === 0 && changing > 0) return;
    this.plan = [...moves];
    if (moves.length > 0) {
      if (this.begunMoves === 0) this.beganMs = clock.nowMs();
      log.info({ chunks: moves.length, homeless }, "copies move, to be spread evenly");
      return;
    }
    this.unsettled = false;
    this.settle();
  }

  private planned(movesMax: number): Promise<RebalancePlan> {
    const { replicatedLog, clock, reportOf } = this.deps;
    const { view } = replicatedLog;
    const rooms = storeRooms(view.nodes.keys(), reportOf);
    const policy = {
      roomOf: (store: Parameters<typeof rooms.get>[0]) => rooms.get(store),
      movesMax,
    };
    return inSlices(clock, planRebalanceInParts(view, policy));
  }

  private async move(items: readonly Addition[]): Promise<void> {
    const { replicatedLog, metrics } = this.deps;
    const { result } = await replicatedLog.propose({ kind: "addMembers", items });
    const begun = items.length - accepted(result).skipped.length;
    this.begunMoves += begun;
    metrics.movesBegun.inc(begun);
  }
}
