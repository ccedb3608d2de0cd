// Figures of a storage node. What is counted per operation is one counter and one histogram; all
// else is looked at when somebody asks.
import type { Operation, OperationStatusName } from "@ashlar/replica";
import {
  type Clock,
  Counter,
  Gauge,
  Histogram,
  LATENCY_BUCKETS_SECONDS,
  type Registry,
} from "@ashlar/runtime";
import type { DiskSet } from "./disk-set.ts";
import type { PeerLinks } from "./peer-links.ts";
import type { ReplicaMap } from "./replica-map.ts";

const MS_PER_S = 1_000;

export class OperationMetrics {
  private readonly clock: Clock;
  private readonly operations: Counter<"kind" | "status">;
  private readonly latency: Histogram<"kind">;
  private readonly bytes: Counter<"kind">;

  constructor(registry: Registry, clock: Clock) {
    this.clock = clock;
    const registers = [registry];
    this.operations = new Counter({
      name: "ashlar_storage_operations_total",
      help: "Operations of gateways by kind and status",
      labelNames: ["kind", "status"],
      registers,
    });
    this.latency = new Histogram({
      name: "ashlar_storage_operation_seconds",
      help: "Time from an operation's arrival to its answer",
      labelNames: ["kind"],
      buckets: [...LATENCY_BUCKETS_SECONDS],
      registers,
    });
    this.bytes = new Counter({
      name: "ashlar_storage_operation_bytes_total",
      help: "Bytes of good operations by kind",
      labelNames: ["kind"],
      registers,
    });
  }

  nowMs(): number {
    return this.clock.nowMs();
  }

  count({ kind, length }: Operation, status: OperationStatusName, startedMs: number): void {
    this.operations.inc({ kind, status });
    this.latency.observe({ kind }, (this.clock.nowMs() - startedMs) / MS_PER_S);
    if (status === "good") this.bytes.inc({ kind }, length);
  }
}

interface Observed {
  readonly replicas: ReplicaMap;
  readonly links: PeerLinks;
  readonly disks: DiskSet;
  readonly inFlight: () => number;
}

/** Gauges that are read when the metrics are. */
export function openStorageGauges(registry: Registry, observed: Observed): void {
  const { replicas, links, disks, inFlight } = observed;
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name: `ashlar_storage_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
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
  gauge("disk_free_bytes", "Free for new extents, over all disks", () =>
    disks.report().disks.reduce((sum, { freeBytes }) => sum + freeBytes, 0),
  );
  gauge(
    "disks_failed",
    "Disks that failed since the start",
    () => disks.all.filter(({ failed }) => failed).length,
  );
}
