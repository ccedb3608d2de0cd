// A disk that dies, tears what it writes and lies about what it synced, when a test says so.
import { type ScatterList, SystemError, scatterJoin } from "@ashlar/core";
import { type Disk, type DiskFile, writeEach } from "../disk.ts";
import type { MemoryDisk } from "./memory-disk.ts";

export type DiskFault = (call: ChangingCall, path: string) => SystemError | undefined;
export type ChangingCall = "create" | "write" | "datasync" | "truncate" | "rename" | "remove";

/**
 * A disk whose every changing call may fail. A write that fails leaves `tornBytes` of what it has;
 * after a failed sync, as on Linux, the cache takes what it holds for written and syncs it never. What
 * was removed may be back after a power cut.
 */
export class FaultyDisk implements Disk {
  tornBytes = 0;
  fault: DiskFault = () => undefined;
  private readonly inner: MemoryDisk;
  private readonly takenForClean = new Set<string>();
  private readonly removed = new Map<string, Buffer>();

  constructor(inner: MemoryDisk) {
    this.inner = inner;
  }

  /** From the call after `calls` more on, every changing call fails. */
  dieAfter(calls: number): void {
    let left = calls;
    this.fault = (_, path) => {
      left -= 1;
      return left < 0 ? new SystemError("disk/failed", "the power is gone", { path }) : undefined;
    };
  }

  /** The power comes back; `keeps` unsynced writes, `undoes` removals. */
  async powerCut({ keeps, undoes }: { keeps: boolean; undoes: boolean }): Promise<void> {
    this.inner.powerCut(() => keeps);
    this.fault = () => undefined;
    for (const [path, content] of undoes ? this.removed : []) {
      if (await this.inner.exists(path)) continue;
      const file = await this.inner.open(path, { mode: "create" });
      await file.write(0, [content]);
      await file.datasync();
    }
    this.removed.clear();
  }

  async open(path: string, options: Parameters<Disk["open"]>[1]): Promise<DiskFile> {
    if (options.mode !== "open") this.check("create", path);
    const file = await this.inner.open(path, options);
    const write: DiskFile["write"] = (position, data) => this.write(file, position, data);
    return {
      path,
      sizeBytes: () => file.sizeBytes(),
      read: (position, target) => file.read(position, target),
      write,
      writeMany: (pieces) => writeEach(pieces, write),
      datasync: () => this.datasync(file),
      truncate: async (sizeBytes) => {
        this.check("truncate", path);
        await file.truncate(sizeBytes);
      },
      close: () => file.close(),
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.check("rename", from);
    await this.inner.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    this.check("remove", path);
    if (await this.inner.exists(path)) {
      this.removed.set(path, Buffer.from(this.inner.contentOf(path)));
    }
    await this.inner.remove(path);
  }

  exists(path: string): Promise<boolean> {
    return this.inner.exists(path);
  }

  makeFolder(): Promise<void> {
    return this.inner.makeFolder();
  }

  list(folder: string): Promise<string[]> {
    return this.inner.list(folder);
  }

  freeBytes(): Promise<number> {
    return this.inner.freeBytes();
  }

  private async datasync(file: DiskFile): Promise<void> {
    const failure = this.fault("datasync", file.path);
    if (failure) this.takenForClean.add(file.path);
    if (failure) throw failure;
    if (!this.takenForClean.has(file.path)) await file.datasync();
  }

  private async write(file: DiskFile, position: number, data: ScatterList): Promise<void> {
    this.takenForClean.delete(file.path);
    const failure = this.fault("write", file.path);
    if (!failure) return file.write(position, data);
    const part = scatterJoin(data).subarray(0, this.tornBytes);
    if (part.length > 0) await file.write(position, [part]);
    throw failure;
  }

  private check(call: ChangingCall, path: string): void {
    const failure = this.fault(call, path);
    if (failure) throw failure;
  }
}
