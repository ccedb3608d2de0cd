import { type CatalogState, stateHash } from "@ashlar/catalog";
import { clusterId, diskId, MIB, nodeId, storeUuid } from "@ashlar/core";
import { nodeClock, openRegistry, silentLog } from "@ashlar/runtime";
import { MemoryDisk } from "@ashlar/runtime/testing";
import { describe, expect, test } from "vitest";
import { openLogMetrics } from "../metrics.ts";
import { SingleMemberLog } from "./single-member-log.ts";

const CLUSTER = clusterId("abcdef01-0000-4000-8000-000000000000");

const open = (disk: MemoryDisk, snapshotEntries = 1000): Promise<SingleMemberLog> =>
  SingleMemberLog.open(
    {
      disk,
      clock: nodeClock,
      log: silentLog,
      metrics: openLogMetrics(openRegistry({ process: "test" })),
    },
    { folder: "/log", clusterId: CLUSTER, newLogId: "log-1", snapshotEntries },
  );

async function created(disk: MemoryDisk, snapshotEntries?: number): Promise<SingleMemberLog> {
  const log = await open(disk, snapshotEntries);
  await log.propose({
    kind: "createCluster",
    clusterId: CLUSTER,
    chunkSize: 16 * MIB,
    createdAt: "2026-11-01T00:00:00.000Z",
  });
  return log;
}

const up = (number: number, boot: number) =>
  ({
    kind: "nodeUp",
    node: nodeId(`storage-${number}`),
    bootId: `boot-${boot}`,
    address: "127.0.0.1:7001",
    disks: [
      {
        disk: diskId("disk-1"),
        storeUuid: storeUuid(`00000000-0000-4000-8000-00000000000${number}`),
        sizeBytes: MIB,
        state: "up",
      },
    ],
  }) as const;

const hashOf = (log: SingleMemberLog): number =>
  stateHash((log as unknown as { state: CatalogState }).state);

describe("a log of one member", () => {
  test("proposals made together share one sync and are applied in order", async () => {
    const disk = new MemoryDisk();
    const log = await created(disk);
    const seen: number[] = [];
    log.subscribe(({ index }) => seen.push(index));
    let syncs = 0;
    disk.fault = (call) => {
      if (call === "datasync") syncs += 1;
      return undefined;
    };
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, at) => log.propose(up((at % 9) + 1, at))),
    );
    expect(all.map(({ index }) => index)).toEqual(Array.from({ length: 50 }, (_, at) => at + 2));
    expect(seen).toEqual(all.map(({ index }) => index));
    expect(syncs).toBeLessThanOrEqual(2);
    expect(await log.readIndex()).toBe(51);
  });

  test("R8: snapshot and replay give the same state, over any number of power cuts", async () => {
    const disk = new MemoryDisk();
    let log = await created(disk, 7);
    for (let boot = 0; boot < 40; boot += 1) {
      await log.propose(up((boot % 3) + 1, boot));
      if (boot % 5 !== 0) continue;
      const hash = hashOf(log);
      disk.powerCut();
      log = await open(disk, 7);
      expect(hashOf(log)).toBe(hash);
    }
    expect(await disk.exists("/log/snapshot")).toBe(true);
    expect(log.view.appliedIndex).toBe(41);
  });

  test("closing answers what was proposed, and refuses what comes later", async () => {
    const disk = new MemoryDisk();
    const log = await created(disk);
    const proposed = log.propose(up(1, 1));
    const closing = log.close();
    await expect(log.propose(up(2, 1))).rejects.toMatchObject({ code: "cluster/unavailable" });
    await closing;
    await expect(proposed).resolves.toMatchObject({ index: 2, result: { kind: "done" } });
  });
});
