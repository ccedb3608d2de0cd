// A member's log on a disk in memory, for tests of what faults may do to it.
import { clusterId } from "@ashlar/core";
import type { Disk } from "@ashlar/runtime";
import { type LogWrites, type RaftLogOptions, RaftLogStore } from "../log/raft-log-store.ts";

export const LOG_FOLDER = "/metadata/log";
export const LOG_OWNER = {
  clusterId: clusterId("abcdef01-0000-4000-8000-000000000000"),
  member: 7,
};

export const openRaftLog = (disk: Disk, over: Partial<RaftLogOptions> = {}) =>
  RaftLogStore.open(disk, { folder: LOG_FOLDER, owner: LOG_OWNER, ...over });

export const writeTo = (store: RaftLogStore, writes: Partial<LogWrites>): Promise<void> =>
  store.write({ hardState: undefined, entries: [], snapshot: undefined, ...writes });

/** Paths of the segments, oldest first. */
export async function segmentsOn(disk: Disk): Promise<string[]> {
  const names = (await disk.list(LOG_FOLDER)).filter((name) => /^segment-\d+$/.test(name));
  return names.sort().map((name) => `${LOG_FOLDER}/${name}`);
}
