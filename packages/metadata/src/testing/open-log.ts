import { clusterId, MIB } from "@ashlar/core";
import { nodeClock, openRegistry, silentLog } from "@ashlar/runtime";
import type { MemoryDisk } from "@ashlar/runtime/testing";
import { SingleMemberLog } from "../log/single-member-log.ts";
import { openLogMetrics } from "../metrics.ts";

export const LOG_CLUSTER = clusterId("abcdef01-0000-4000-8000-000000000000");

/** A log on a disk in memory, as a process opens it. */
export const openTestLog = (disk: MemoryDisk, snapshotEntries = 1000): Promise<SingleMemberLog> =>
  SingleMemberLog.open(
    {
      disk,
      clock: nodeClock,
      log: silentLog,
      metrics: openLogMetrics(openRegistry({ process: "test" })),
    },
    { folder: "/log", clusterId: LOG_CLUSTER, newLogId: "log-1", snapshotEntries },
  );

/** The same with the first entry, which creates the cluster. */
export async function createdTestLog(
  disk: MemoryDisk,
  snapshotEntries?: number,
): Promise<SingleMemberLog> {
  const log = await openTestLog(disk, snapshotEntries);
  await log.propose({
    kind: "createCluster",
    clusterId: LOG_CLUSTER,
    chunkSize: 16 * MIB,
    createdAt: "2026-11-01T00:00:00.000Z",
  });
  return log;
}
