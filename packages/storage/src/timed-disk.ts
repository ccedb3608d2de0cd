// The disk port with a watch at it: what a store's files take is told to a timer, and nothing else is changed.
import type { Clock, Disk, DiskFile } from "@ashlar/runtime";
import type { DiskOperation, DiskTimer } from "./disk-times.ts";

export interface TimedDiskDeps {
  readonly disk: Disk;
  readonly clock: Pick<Clock, "nowMs">;
  readonly timer: DiskTimer;
}

export function timedDisk({ disk, ...watch }: TimedDiskDeps): Disk {
  return {
    open: async (path, options) => timedFile(await disk.open(path, options), watch),
    exists: (path) => disk.exists(path),
    makeFolder: (path) => disk.makeFolder(path),
    list: (folder) => disk.list(folder),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    freeBytes: (path) => disk.freeBytes(path),
  };
}

function timedFile(file: DiskFile, { clock, timer }: Omit<TimedDiskDeps, "disk">): DiskFile {
  const timed = async (kind: DiskOperation, work: () => Promise<void>): Promise<void> => {
    const ended = timer.begin(kind, clock.nowMs());
    try {
      await work();
    } finally {
      ended(clock.nowMs());
    }
  };
  return {
    path: file.path,
    sizeBytes: () => file.sizeBytes(),
    read: (position, target) => timed("reads", () => file.read(position, target)),
    write: (position, data) => file.write(position, data),
    writeMany: (pieces) => file.writeMany(pieces),
    datasync: () => timed("syncs", () => file.datasync()),
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    close: () => file.close(),
  };
}
