import { DEFAULT_COPY_SPEED } from "@ashlar/catalog";
import { chunkId, familyId } from "@ashlar/core";
import type { Operation } from "@ashlar/replica";
import { Registry } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { expect, it } from "vitest";
import { CopyGovernor } from "./copy-governor.ts";
import { LoadMeter } from "./load-meter.ts";
import { OperationMetrics } from "./storage-metrics.ts";

it("operations are counted by kind and status, their time in growing buckets", async () => {
  const registry = new Registry();
  const clock = new ManualClock();
  const load = new LoadMeter(clock.nowMs());
  const governor = new CopyGovernor(() => DEFAULT_COPY_SPEED, clock.nowMs());
  const metrics = new OperationMetrics(registry, clock, { copies: { governor }, load });
  const head = { chunk: chunkId(familyId(1), 0), layer: 0, epoch: 1, token: 0, generation: 1 };
  const opId = { incarnation: 1, seq: 1 };
  const rest = { opId, lowestUnresolvedSeq: 1, offset: 0, length: 4096 };
  const read: Operation = { ...head, ...rest, kind: "read" };
  const started = metrics.begin();
  clock.advance(2);
  metrics.count(read, "good", started);
  clock.advance(5_000);
  expect(load.report(clock.nowMs())).toMatchObject({
    operationsPerSecond: 0.2,
    volumes: [{ family: 1, bytesPerSecond: 4096 / 5 }],
  });
  clock.advance(55_000);
  metrics.count(read, "notActive", started);
  const text = await registry.metrics();
  for (const line of [
    'ashlar_storage_operations_total{kind="read",status="good"} 1',
    'ashlar_storage_operations_total{kind="read",status="notActive"} 1',
    'ashlar_storage_operation_bytes_total{kind="read"} 4096',
    'ashlar_storage_operation_seconds_bucket{kind="read",le="0.001"} 0',
    'ashlar_storage_operation_seconds_bucket{kind="read",le="0.0025"} 1',
    'ashlar_storage_operation_seconds_bucket{kind="read",le="25"} 1',
    'ashlar_storage_operation_seconds_bucket{kind="read",le="+Inf"} 2',
    'ashlar_storage_operation_seconds_count{kind="read"} 2',
    'ashlar_storage_operation_seconds_sum{kind="read"} 60.004',
  ]) {
    expect(text).toContain(line);
  }
  expect(load.report(clock.nowMs())?.operationsPerSecond, "those of the last half minute").toBe(0);
});
