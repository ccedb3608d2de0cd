// Metrics of the metadata process.
import { countChunks } from "@ashlar/catalog";
import type { RaftStatus } from "@ashlar/raft";
import {
  Counter,
  exportGauge,
  Histogram,
  LATENCY_BUCKETS_SECONDS,
  type Registry,
} from "@ashlar/runtime";
import { slowDisksOf } from "./named-records.ts";
import type { ReplicatedLog } from "./replicated-log.ts";

export interface LogMetrics {
  readonly proposals: Counter<"kind">;
  readonly applySeconds: Histogram;
  readonly fsyncSeconds: Histogram;
}

export function openLogMetrics(registry: Registry): LogMetrics {
  const registers = [registry];
  const buckets = [...LATENCY_BUCKETS_SECONDS];
  return {
    proposals: new Counter({
      name: "ashlar_metadata_proposals_total",
      help: "Commands proposed to the catalog",
      labelNames: ["kind"] as const,
      registers,
    }),
    applySeconds: new Histogram({
      name: "ashlar_metadata_apply_seconds",
      help: "Time to apply one entry",
      buckets,
      registers,
    }),
    fsyncSeconds: new Histogram({
      name: "ashlar_metadata_append_seconds",
      help: "Time to write and sync one batch of entries",
      buckets,
      registers,
    }),
  };
}

export interface BalanceMetrics {
  readonly primariesMoved: Counter;
}

export const openBalanceMetrics = (registry: Registry): BalanceMetrics => ({
  primariesMoved: new Counter({
    name: "ashlar_metadata_primaries_moved_total",
    help: "Chunks given another primary so that leading is spread evenly, by this member",
    registers: [registry],
  }),
});

export interface SlowDiskMetrics {
  readonly marked: Counter;
  readonly primariesMoved: Counter;
}

export const openSlowDiskMetrics = (registry: Registry): SlowDiskMetrics => ({
  marked: new Counter({
    name: "ashlar_metadata_slow_disks_found_total",
    help: "Disks taken for slow and out of the way, by this member",
    registers: [registry],
  }),
  primariesMoved: new Counter({
    name: "ashlar_metadata_slow_primaries_moved_total",
    help: "Chunks led elsewhere than on a slow disk from then on, by this member",
    registers: [registry],
  }),
});

export interface CopyMetrics {
  readonly copiesBegun: Counter;
  readonly copiesDropped: Counter;
}

export const openCopyMetrics = (registry: Registry): CopyMetrics => ({
  copiesBegun: new Counter({
    name: "ashlar_metadata_copies_begun_total",
    help: "Copies of chunks that began to be made: lost ones, further ones, and those that move, by this member",
    registers: [registry],
  }),
  copiesDropped: new Counter({
    name: "ashlar_metadata_copies_dropped_total",
    help: "Copies of chunks that were one too many and were dropped, by this member",
    registers: [registry],
  }),
});

export interface RebalanceMetrics {
  readonly movesBegun: Counter;
}

export const openRebalanceMetrics = (registry: Registry): RebalanceMetrics => ({
  movesBegun: new Counter({
    name: "ashlar_metadata_moves_begun_total",
    help: "Copies of chunks that began to move so that they are spread evenly, by this member",
    registers: [registry],
  }),
});

export interface AdviceMetrics {
  readonly applied: Counter<"by">;
}

export const openAdviceMetrics = (registry: Registry): AdviceMetrics => ({
  applied: new Counter({
    name: "ashlar_metadata_advice_applied_total",
    help: "Recommendations that were applied through this member, by people or by itself",
    labelNames: ["by"] as const,
    registers: [registry],
  }),
});

interface Watched {
  readonly log: ReplicatedLog;
  readonly group: { readonly status: RaftStatus };
  readonly logBytes: () => number;
  readonly watchers: () => number;
  readonly lostPaths: () => number;
}

/** Figures read when they are asked for. */
export function openStateMetrics(
  registry: Registry,
  { log, group, logBytes, watchers, lostPaths }: Watched,
): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    exportGauge(registry, { name: `ashlar_metadata_${name}`, help, read });
  };
  const processes = () => [...log.view.nodes.values(), ...log.view.gateways.values()];
  gauge("log_bytes", "Bytes of the log's segments", logBytes);
  gauge("watchers", "Open watches of the catalog", watchers);
  gauge(
    "lost_paths",
    "Network paths that are lost while others are left, as processes tell",
    lostPaths,
  );
  gauge("applied_index", "Index of the newest applied entry", () => log.view.appliedIndex);
  gauge("leads", "1 while this member leads the group", () => (log.leads ? 1 : 0));
  gauge("term", "Raft term of this member", () => group.status.term);
  gauge("commit_index", "Newest index known to be committed", () => group.status.commit);
  gauge("last_index", "Newest index of this member's log", () => group.status.lastIndex);
  gauge("voters", "Voters of the group", () => group.status.membership.incoming.size);
  gauge("slow_disks", "Disks that are out of the way, since they are slow", () => {
    return slowDisksOf(log.view.nodes.values()).length;
  });
  gauge("volumes", "Volumes", () => log.view.volumes.size);
  gauge("processes_up", "Storage nodes and gateways that are up", () => {
    return processes().filter(({ state }) => state === "up").length;
  });
  gauge("processes_down", "Storage nodes and gateways that are down", () => {
    return processes().filter(({ state }) => state === "down").length;
  });
  gauge("chunks_degraded", "Chunks with fewer replicas in sync than wanted", () => {
    return countChunks(log.view).degradedChunks;
  });
  gauge("chunks_unavailable", "Chunks without a replica in sync that is up", () => {
    return countChunks(log.view).unavailableChunks;
  });
}
