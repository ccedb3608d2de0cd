// Figures of a storage node. Per operation only a few numbers in arrays change: the metrics library
// would cost a tenth of what an operation may. They become its counters when somebody asks.
import { familyOf } from "@ashlar/core";
import { OPERATION_STATUS, type Operation, type OperationStatusName } from "@ashlar/replica";
import type { CopyReport } from "@ashlar/rpc";
import {
  type Clock,
  Counter,
  exportGauge,
  LATENCY_BUCKETS_SECONDS,
  type Registry,
} from "@ashlar/runtime";
import type { CopyGovernor } from "./copy-governor.ts";
import type { DiskSet } from "./disk-set.ts";
import type { LoadMeter } from "./load-meter.ts";
import type { PeerLinks } from "./peer-links.ts";
import type { ReplicaMap } from "./replica-map.ts";

const MS_PER_S = 1_000;
const STATUSES = Object.keys(OPERATION_STATUS) as OperationStatusName[];
const KINDS = [
  "read",
  "write",
  "unmap",
  "compareAndWrite",
  "orWrite",
] as const satisfies Operation["kind"][];

class KindFigures {
  readonly statuses: number[] = STATUSES.map(() => 0);
  /** Operations by the first bucket that holds them; the last one for all that are slower. */
  readonly buckets: number[] = [...LATENCY_BUCKETS_SECONDS, Number.POSITIVE_INFINITY].map(() => 0);
  seconds = 0;
  count = 0;
  bytes = 0;
}

/** Who hears of operations, too: copies give way to them, and the load of nodes is made of them. */
interface OperationObservers {
  readonly copies: { readonly governor: Pick<CopyGovernor, "onBegun" | "onAnswered"> };
  readonly load: Pick<LoadMeter, "onAnswered">;
}

export class OperationMetrics {
  private readonly clock: Clock;
  private readonly observers: OperationObservers;
  private readonly figures: Readonly<Record<Operation["kind"], KindFigures>> = {
    read: new KindFigures(),
    write: new KindFigures(),
    unmap: new KindFigures(),
    compareAndWrite: new KindFigures(),
    orWrite: new KindFigures(),
  };

  constructor(registry: Registry, clock: Clock, observers: OperationObservers) {
    this.clock = clock;
    this.observers = observers;
    this.show(registry, "operations_total", "Operations of gateways by kind and status", (add) => {
      for (const kind of KINDS) {
        for (const [at, status] of STATUSES.entries()) {
          add({ kind, status }, this.figures[kind].statuses[at] ?? 0);
        }
      }
    });
    this.show(registry, "operation_bytes_total", "Bytes of good operations by kind", (add) => {
      for (const kind of KINDS) add({ kind }, this.figures[kind].bytes);
    });
    this.showLatency(registry);
  }

  /** @returns when it was, for {@link count}. */
  begin(): number {
    const nowMs = this.clock.nowMs();
    this.observers.copies.governor.onBegun(nowMs);
    return nowMs;
  }

  count({ kind, length, chunk }: Operation, status: OperationStatusName, startedMs: number): void {
    const figures = this.figures[kind];
    const nowMs = this.clock.nowMs();
    const waitedMs = nowMs - startedMs;
    const seconds = waitedMs / MS_PER_S;
    const { copies, load } = this.observers;
    copies.governor.onAnswered(nowMs, status === "good" ? waitedMs : undefined);
    if (status === "good") load.onAnswered(nowMs, familyOf(chunk), kind === "unmap" ? 0 : length);
    const number = OPERATION_STATUS[status];
    figures.statuses[number] = (figures.statuses[number] ?? 0) + 1;
    figures.seconds += seconds;
    figures.count += 1;
    if (status === "good") figures.bytes += length;
    let bucket = 0;
    while (seconds > (LATENCY_BUCKETS_SECONDS[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1;
    figures.buckets[bucket] = (figures.buckets[bucket] ?? 0) + 1;
  }

  /** The three series of a histogram. */
  private showLatency(registry: Registry): void {
    const help = "Time from an operation's arrival to its answer";
    this.show(registry, "operation_seconds_bucket", help, (add) => {
      for (const kind of KINDS) {
        let below = 0;
        for (const [at, count] of this.figures[kind].buckets.entries()) {
          below += count;
          add({ kind, le: String(LATENCY_BUCKETS_SECONDS[at] ?? "+Inf") }, below);
        }
      }
    });
    this.show(registry, "operation_seconds_sum", help, (add) => {
      for (const kind of KINDS) add({ kind }, this.figures[kind].seconds);
    });
    this.show(registry, "operation_seconds_count", help, (add) => {
      for (const kind of KINDS) add({ kind }, this.figures[kind].count);
    });
  }

  private show(
    registry: Registry,
    name: string,
    help: string,
    list: (add: (labels: Record<string, string>, value: number) => void) => void,
  ): void {
    new Counter({
      name: `ashlar_storage_${name}`,
      help,
      labelNames: ["kind", "status", "le"],
      registers: [registry],
      collect() {
        this.reset();
        list((labels, value) => this.inc(labels, value));
      },
    });
  }
}

interface Observed {
  readonly clock: Clock;
  readonly replicas: ReplicaMap;
  readonly links: PeerLinks;
  readonly disks: DiskSet;
  readonly inFlight: () => number;
}

/** Gauges that are read when the metrics are. */
export function openStorageGauges(registry: Registry, observed: Observed): void {
  const { clock, replicas, links, disks, inFlight } = observed;
  const gauge = (name: string, help: string, value: () => number): void => {
    exportGauge(registry, { name: `ashlar_storage_${name}`, help, read: value });
  };
  const countRole = (role: string): number => {
    let count = 0;
    for (const { view } of replicas.all) if (view.role === role) count += 1;
    return count;
  };
  gauge("operations_in_flight", "Operations taken and not yet answered", inFlight);
  gauge("replicas", "Chunk replicas in use on this node", () => replicas.size);
  gauge("replicas_active", "Chunks this node leads and serves", () => countRole("primaryActive"));
  gauge("replicas_activating", "Chunks this node leads and cannot serve yet", () =>
    countRole("primary"),
  );
  gauge("uncommitted_entries", "Log entries waiting for their commit", () => {
    let count = 0;
    for (const { view } of replicas.all) count += view.uncommitted;
    return count;
  });
  gauge("replication_links", "Connections to members that stand", () => links.upCount);
  gauge(
    "replication_buffered_bytes",
    "Bytes the network has not taken yet",
    () => links.bufferedBytes,
  );
  gauge("resync_bytes", "Bytes of copied extents, sent and received", () => replicas.resyncBytes);
  gauge(
    "resync_chunks_running",
    "Chunks being copied to learners",
    () => replicas.resyncs.runningCount,
  );
  gauge(
    "resync_chunks_waiting",
    "Chunks waiting to be copied",
    () => replicas.resyncs.waitingCount,
  );
  const copying = (): CopyReport => replicas.copies.governor.report(clock.nowMs());
  gauge(
    "copy_limit_bytes_per_second",
    "How fast copies may come and go, infinite while hosts do not mind",
    () => copying().limitBytesPerSecond ?? Number.POSITIVE_INFINITY,
  );
  gauge(
    "copy_bytes_per_second",
    "Copied in the last half second, sent and received",
    () => copying().bytesPerSecond,
  );
  gauge(
    "copy_host_p99_seconds",
    "What hosts waited for lately, as copies go by",
    () => copying().p99Ms / MS_PER_S,
  );
  gauge(
    "copy_latency_target_seconds",
    "Copies give way while hosts wait longer",
    () => replicas.copies.speed.latencyTargetMs / MS_PER_S,
  );
  gauge("copies_held", "Extents whose copies wait for hosts", () => replicas.copies.waitingCount);
  gauge("disk_free_bytes", "Free for new extents, over all disks", () =>
    disks.report().disks.reduce((sum, { freeBytes }) => sum + freeBytes, 0),
  );
  gauge(
    "disks_failed",
    "Disks that failed since the start",
    () => disks.all.filter(({ failed }) => failed).length,
  );
}
