// Gives leading back to nodes that returned: when the cluster has been at rest for a while, as its
// leader sees it, chunks move to other replicas in sync until all is spread evenly again. They move in
// small batches, since I/O of a chunk waits a moment while it changes hands, and not at all while a node
// is down or a copy is brought up to date: what moves then may have to move again.
import {
  type CatalogChange,
  CHUNKS_PER_COMMAND_MAX,
  type IsrCandidate,
  planPrimariesInParts,
} from "@ashlar/catalog";
import { type ChunkId, toSystemError } from "@ashlar/core";
import { type Clock, inSlices, type Log, type Startable, type Timer } from "@ashlar/runtime";
import { followLeadership } from "./leadership.ts";
import type { BalanceMetrics } from "./metrics.ts";
import { accepted } from "./refusal.ts";
import type { ReplicatedLog } from "./replicated-log.ts";

/** Nothing has changed for this long: a node that comes back once more within it moves nothing. */
export const BALANCE_QUIET_MS = 5_000;
/** With the chunks of a batch this is 256 chunks a second: 100,000 are back within 7 minutes. */
const BATCH_INTERVAL_MS = 250;
/** The peers of so many chunks promise new epochs together, well within the time between batches. */
const CHUNKS_PER_BATCH = 64;

export interface PrimaryBalancerDeps {
  readonly replicatedLog: ReplicatedLog;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: BalanceMetrics;
  /** Whether all who live hear each other: what is given to a node that is not reached makes hosts wait. */
  readonly pathsAreWhole: () => boolean;
}

export class PrimaryBalancer implements Startable {
  private readonly deps: PrimaryBalancerDeps;
  private timer: Timer | undefined;
  private changedMs = 0;
  /** Something changed since the last look found nothing to do. */
  private unseen = true;
  private plan: IsrCandidate[] = [];
  /** A plan is being made; aborted when it would be out of date. */
  private looking: AbortController | undefined;
  /** Versions that the batch under way leads to: these changes are our own. */
  private underWay: ReadonlyMap<ChunkId, number> | undefined;
  private unsubscribe = (): void => {};

  constructor(deps: PrimaryBalancerDeps) {
    this.deps = deps;
  }

  async start(): Promise<void> {
    this.unsubscribe = followLeadership(this.deps.replicatedLog, {
      onApplied: ({ changes, restored }) => {
        if (restored || changes.some((change) => this.disturbs(change))) this.disturbed();
      },
      begin: () => this.begin(),
      end: () => this.end(),
    });
  }

  async stop(): Promise<void> {
    this.unsubscribe();
    this.end();
  }

  private begin(): void {
    this.end();
    this.disturbed();
    this.timer = this.deps.clock.every(BATCH_INTERVAL_MS, () => this.tick());
  }

  private end(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.looking?.abort();
    this.looking = undefined;
  }

  /** Who is up, and who is in sync, decides what is to be moved; gateways and members do not. */
  private disturbs(change: CatalogChange): boolean {
    if (change.kind === "node" || change.kind === "volume") return true;
    if (change.kind !== "chunk") return false;
    return this.underWay?.get(change.record.chunk) !== change.record.version;
  }

  private disturbed(): void {
    this.changedMs = this.deps.clock.nowMs();
    this.unseen = true;
    this.plan = [];
    this.looking?.abort();
    this.looking = undefined;
  }

  private tick(): void {
    if (!this.deps.pathsAreWhole()) this.disturbed();
    const quietMs = this.deps.clock.nowMs() - this.changedMs;
    if (!this.unseen || this.underWay || this.looking || quietMs < BALANCE_QUIET_MS) return;
    if (this.plan.length === 0) void this.look();
    else void this.move(this.plan.splice(0, CHUNKS_PER_BATCH));
  }

  private async look(): Promise<void> {
    const { replicatedLog, clock, log } = this.deps;
    const { view } = replicatedLog;
    const isLearning = view.chunks.learning > 0;
    const atRest = !isLearning && [...view.nodes.values()].every(({ state }) => state === "up");
    this.unseen = false;
    if (!atRest) return;
    const looking = new AbortController();
    this.looking = looking;
    const work = planPrimariesInParts(view, CHUNKS_PER_COMMAND_MAX);
    const plan = await inSlices(clock, work, looking).catch((thrown: unknown) => {
      if (looking.signal.aborted) return undefined;
      throw thrown;
    });
    if (plan === undefined || this.looking !== looking) return;
    this.looking = undefined;
    if (plan.length === 0) return;
    log.info({ chunks: plan.length }, "primaries move back");
    this.unseen = true;
    this.plan = [...plan];
    await this.move(this.plan.splice(0, CHUNKS_PER_BATCH));
  }

  private async move(items: readonly IsrCandidate[]): Promise<void> {
    const { replicatedLog, metrics, log } = this.deps;
    this.underWay = new Map(items.map(({ chunk, version }) => [chunk, version + 1]));
    try {
      const { result } = await replicatedLog.propose({ kind: "movePrimaries", items });
      const { skipped } = accepted(result);
      metrics.primariesMoved.inc(items.length - skipped.length);
      // What was skipped has changed meanwhile, so the rest of the plan is doubtful too.
      if (skipped.length > 0) this.disturbed();
    } catch (thrown) {
      const error = toSystemError(thrown);
      log.warn({ code: error.code, error }, "primaries cannot be moved");
      this.disturbed();
    } finally {
      this.underWay = undefined;
    }
  }
}
