// What a store tells Prometheus, one label value per disk; several stores share a process's registry.
import type { DiskId } from "@ashlar/core";
import { Counter, Gauge, Histogram, LATENCY_BUCKETS_SECONDS, Registry } from "@ashlar/runtime";

export interface StoreMetrics {
  readonly journalWritten: { inc(bytes: number): void };
  readonly batches: { inc(): void };
  readonly syncSeconds: { startTimer(): () => void };
  readonly checkpointSeconds: { startTimer(): () => void };
  readonly badChecksums: { inc(units: number): void };
  readonly repairedUnits: { inc(units: number): void };
  readonly pageLoads: { inc(): void };
}

/** Read at each scrape. */
export interface StoreGauges {
  readonly journalLiveBytes: () => number;
  readonly freeBytes: () => number;
  readonly overlayBytes: () => number;
  readonly pageCacheBytes: () => number;
  /** 1 while only one member of a mirror has everything, else 0. */
  readonly mirrorDegraded: () => number;
}

const GAUGES = [
  ["journalLiveBytes", "ashlar_store_journal_live_bytes", "Bytes of the journal replay would read"],
  ["freeBytes", "ashlar_store_free_bytes", "Bytes free for new extents"],
  ["overlayBytes", "ashlar_store_overlay_bytes", "Committed small writes not yet applied"],
  ["pageCacheBytes", "ashlar_store_page_cache_bytes", "Checksums of content in memory"],
  ["mirrorDegraded", "ashlar_store_mirror_degraded", "1 while a mirror has one whole member only"],
] as const satisfies readonly (readonly [keyof StoreGauges, string, string])[];

function counter(registry: Registry, name: string, help: string): Counter<"disk"> {
  const known = registry.getSingleMetric(name) as Counter<"disk"> | undefined;
  return known ?? new Counter({ name, help, labelNames: ["disk"], registers: [registry] });
}

function histogram(registry: Registry, name: string, help: string): Histogram<"disk"> {
  const known = registry.getSingleMetric(name) as Histogram<"disk"> | undefined;
  const buckets = [...LATENCY_BUCKETS_SECONDS];
  const made = { name, help, labelNames: ["disk" as const], buckets, registers: [registry] };
  return known ?? new Histogram(made);
}

export function storeMetrics(registry: Registry | undefined, disk: DiskId): StoreMetrics {
  const into = registry ?? new Registry();
  return {
    journalWritten: counter(
      into,
      "ashlar_store_journal_written_bytes",
      "Bytes written to the journal",
    ).labels(disk),
    batches: counter(into, "ashlar_store_batches_total", "Group commits").labels(disk),
    syncSeconds: histogram(
      into,
      "ashlar_store_sync_seconds",
      "Time of one datasync of the journal",
    ).labels(disk),
    checkpointSeconds: histogram(
      into,
      "ashlar_store_checkpoint_seconds",
      "Time of one checkpoint",
    ).labels(disk),
    badChecksums: counter(
      into,
      "ashlar_store_bad_checksums_total",
      "Units read whose checksum was wrong",
    ).labels(disk),
    repairedUnits: counter(
      into,
      "ashlar_store_repaired_units_total",
      "Damaged units given their bytes again, from another replica",
    ).labels(disk),
    pageLoads: counter(
      into,
      "ashlar_store_page_loads_total",
      "Pages of chunk metadata read for their checksums",
    ).labels(disk),
  };
}

/** Gauges of all stores of a registry, by disk; a store of the same disk opened again takes over. */
const gaugesOf = new WeakMap<Registry, Map<DiskId, StoreGauges>>();

export function exportGauges(registry: Registry, disk: DiskId, gauges: StoreGauges): void {
  const known = gaugesOf.get(registry);
  const stores = known ?? new Map<DiskId, StoreGauges>();
  stores.set(disk, gauges);
  if (known) return;
  gaugesOf.set(registry, stores);
  for (const [field, name, help] of GAUGES) {
    new Gauge({
      name,
      help,
      labelNames: ["disk"],
      registers: [registry],
      collect() {
        for (const [id, store] of stores) this.set({ disk: id }, store[field]());
      },
    });
  }
}
