// Takes slow disks out of the way, as long as this member leads: it judges what nodes tell of their disks, has the
// catalog name the slow one, and moves leading off it at once. Its copies then move as those of a disk that is to be
// emptied (copy-keeper.ts), so that no chunk has fewer meanwhile. A disk that is well again for long is used again.
import {
  CHUNKS_PER_COMMAND_MAX,
  type IsrCandidate,
  openDisks,
  planOffSlowDisksInParts,
} from "@ashlar/catalog";
import { type NodeId, toSystemError } from "@ashlar/core";
import type { StorageReport } from "@ashlar/rpc";
import { type Clock, inSlices, type Log, type Startable, type Timer } from "@ashlar/runtime";
import { followLeadership } from "./leadership.ts";
import type { SlowDiskMetrics } from "./metrics.ts";
import { slowDisksOf } from "./named-records.ts";
import { accepted } from "./refusal.ts";
import type { ReplicatedLog } from "./replicated-log.ts";
import { type DiskSeen, type SlowDisk, SlowDisks, type SlowOptions } from "./slow-disks.ts";

/** Often enough for slots of five seconds, and for batches of leading. */
export const SLOW_LOOK_MS = 500;
/** The peers of so many chunks promise new epochs together, well within the time between batches. */
const CHUNKS_PER_BATCH = 128;
/** What nobody else can lead now is looked at again after this long. */
const RELIEF_PAUSE_MS = 5_000;
/** Before it is asked again whether a disk may be taken out, as when another one is well. */
const REFUSED_PAUSE_MS = 30_000;

export interface SlowDiskKeeperDeps {
  readonly replicatedLog: ReplicatedLog;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: SlowDiskMetrics;
  /** What a node told last. */
  readonly reportOf: (node: NodeId) => StorageReport | undefined;
  /** Nodes that are up and were not heard lately: what they told is old. */
  readonly unheard: () => readonly NodeId[];
}

export class SlowDiskKeeper implements Startable {
  private readonly deps: SlowDiskKeeperDeps;
  private readonly options: SlowOptions;
  private judge: SlowDisks;
  private timer: Timer | undefined;
  private looking = false;
  private plan: IsrCandidate[] = [];
  private reliefFromMs = 0;
  private takesFromMs = 0;
  private unsubscribe = (): void => {};

  constructor(deps: SlowDiskKeeperDeps, options: SlowOptions) {
    this.deps = deps;
    this.options = options;
    this.judge = new SlowDisks(options);
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

  private begin(): void {
    this.end();
    this.timer = this.deps.clock.every(SLOW_LOOK_MS, () => void this.look());
  }

  private end(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.judge = new SlowDisks(this.options);
    this.plan = [];
    this.reliefFromMs = 0;
    this.takesFromMs = 0;
  }

  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      await this.judgeDisks();
      await this.relieve();
    } catch (thrown) {
      const error = toSystemError(thrown);
      this.deps.log.warn({ code: error.code, error }, "slow disks are not looked after");
      this.plan = [];
      this.takesFromMs = this.deps.clock.nowMs() + REFUSED_PAUSE_MS;
    } finally {
      this.looking = false;
    }
  }

  private async judgeDisks(): Promise<void> {
    const { replicatedLog, clock, log } = this.deps;
    if (replicatedLog.view.cluster?.keepsSlowDisks) {
      this.judge.begin();
      return;
    }
    const { slow, well } = this.judge.look(this.disksSeen());
    for (const { node, disk, store } of well) {
      const command = { kind: "setSlow", store, slow: undefined } as const;
      accepted((await replicatedLog.propose(command)).result);
      log.info({ node, disk, storeUuid: store }, "a disk that was slow is well again");
    }
    const takes = slow !== undefined && clock.nowMs() >= this.takesFromMs;
    if (takes) await this.takeOut(slow);
  }

  private async takeOut({ node, disk, store, reason }: SlowDisk): Promise<void> {
    const { replicatedLog, clock, log, metrics } = this.deps;
    const slow = { reason, since: new Date(clock.wallMs()).toISOString() };
    const { result } = await replicatedLog.propose({ kind: "setSlow", store, slow });
    if (result.kind === "refused") {
      const { message } = result;
      log.warn({ node, disk, storeUuid: store, reason, message }, "a slow disk stays where it is");
      this.takesFromMs = clock.nowMs() + REFUSED_PAUSE_MS;
      return;
    }
    log.warn(
      { node, disk, storeUuid: store, reason },
      "a disk is slow: it is taken out of the way",
    );
    metrics.marked.inc();
    this.reliefFromMs = 0;
  }

  private disksSeen(): readonly DiskSeen[] {
    const { replicatedLog, reportOf, unheard } = this.deps;
    const silent = new Set(unheard());
    return [...replicatedLog.view.nodes.values()].flatMap((record) => {
      const { node } = record;
      const report = silent.has(node) ? undefined : reportOf(node);
      return openDisks(record).map(({ disk, storeUuid: store, slow }) => {
        const times = report?.disks.find(({ storeUuid }) => storeUuid === store)?.times;
        return { node, disk, store, isSlow: slow !== undefined, times };
      });
    });
  }

  /** A batch at a time: I/O of a chunk waits a moment while it changes hands. */
  private async relieve(): Promise<void> {
    const { replicatedLog, clock, log, metrics } = this.deps;
    const { view } = replicatedLog;
    if (this.plan.length === 0) {
      const nowMs = clock.nowMs();
      if (nowMs < this.reliefFromMs || !this.leadsSlowly()) return;
      this.plan = [
        ...(await inSlices(clock, planOffSlowDisksInParts(view, CHUNKS_PER_COMMAND_MAX))),
      ];
      if (this.plan.length === 0) this.reliefFromMs = nowMs + RELIEF_PAUSE_MS;
      else log.info({ chunks: this.plan.length }, "chunks of a slow disk are led elsewhere");
    }
    const items = this.plan.splice(0, CHUNKS_PER_BATCH);
    if (items.length === 0 || !replicatedLog.leads) return;
    const { result } = await replicatedLog.propose({ kind: "movePrimaries", items });
    metrics.primariesMoved.inc(items.length - accepted(result).skipped.length);
  }

  /** Whether a slow disk leads anything. */
  private leadsSlowly(): boolean {
    const { nodes, chunks } = this.deps.replicatedLog.view;
    return slowDisksOf(nodes.values()).some((disk) => chunks.load(disk).primaries > 0);
  }
}
