// What the data path of a gateway counts, once per process, over all its volumes. The series that
// an operation touches are looked up when the process starts, not per operation.
import type { Operation } from "@ashlar/replica";
import {
  Counter,
  exportGauge,
  Histogram,
  LATENCY_BUCKETS_SECONDS,
  type Registry,
} from "@ashlar/runtime";

export type OperationKind = Operation["kind"];

const KINDS: readonly OperationKind[] = ["read", "write", "unmap", "compareAndWrite", "orWrite"];
const MS_PER_S = 1000;

interface KindSeries {
  readonly latency: { observe(seconds: number): void };
  readonly bytes: { inc(by: number): void };
}

export interface VolumeGauges {
  readonly inFlight: () => number;
  readonly waiting: () => number;
}

export class VolumeMetrics {
  private readonly series: ReadonlyMap<OperationKind, KindSeries>;
  private readonly retries: Counter<"reason">;
  private readonly failures: Counter<"code">;

  constructor(registry: Registry, gauges: VolumeGauges) {
    const registers = [registry];
    const latency = new Histogram({
      name: "ashlar_volume_operation_seconds",
      help: "Time of one chunk operation from its start to its last answer, retries included",
      labelNames: ["kind"],
      buckets: [...LATENCY_BUCKETS_SECONDS],
      registers,
    });
    const bytes = new Counter({
      name: "ashlar_volume_operation_bytes",
      help: "Bytes of the ranges of finished chunk operations",
      labelNames: ["kind"],
      registers,
    });
    this.retries = new Counter({
      name: "ashlar_volume_retries_total",
      help: "Chunk operations sent again, by what kept the attempt before from being good",
      labelNames: ["reason"],
      registers,
    });
    this.failures = new Counter({
      name: "ashlar_volume_failures_total",
      help: "Chunk operations that failed for good, by error code",
      labelNames: ["code"],
      registers,
    });
    gauge("ashlar_volume_in_flight", "Chunk operations sent and not answered", gauges.inFlight);
    gauge("ashlar_volume_waiting", "Chunk operations waiting for a node's limits", gauges.waiting);
    this.series = new Map(
      KINDS.map((kind) => [
        kind,
        { latency: latency.labels({ kind }), bytes: bytes.labels({ kind }) },
      ]),
    );

    function gauge(name: string, help: string, value: () => number): void {
      exportGauge(registry, { name, help, read: value });
    }
  }

  done(kind: OperationKind, bytes: number, elapsedMs: number): void {
    const series = this.series.get(kind);
    series?.latency.observe(elapsedMs / MS_PER_S);
    series?.bytes.inc(bytes);
  }

  retried(reason: string): void {
    this.retries.inc({ reason });
  }

  failed(code: string): void {
    this.failures.inc({ code });
  }
}
