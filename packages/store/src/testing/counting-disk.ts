// A disk that counts what is written to it.
import { scatterLength } from "@ashlar/core";
import type { Disk, DiskFile } from "@ashlar/runtime";

export class CountingDisk implements Disk {
  writtenBytes = 0;
  private readonly inner: Disk;

  constructor(inner: Disk) {
    this.inner = inner;
  }

  async open(path: string, options: Parameters<Disk["open"]>[1]): Promise<DiskFile> {
    const file = await this.inner.open(path, options);
    return {
      path: file.path,
      sizeBytes: () => file.sizeBytes(),
      read: (position, target) => file.read(position, target),
      write: (position, data) => {
        this.writtenBytes += scatterLength(data);
        return file.write(position, data);
      },
      writeMany: (pieces) => {
        for (const { data } of pieces) this.writtenBytes += scatterLength(data);
        return file.writeMany(pieces);
      },
      datasync: () => file.datasync(),
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      close: () => file.close(),
    };
  }

  exists(path: string): Promise<boolean> {
    return this.inner.exists(path);
  }

  makeFolder(path: string): Promise<void> {
    return this.inner.makeFolder(path);
  }

  list(folder: string): Promise<string[]> {
    return this.inner.list(folder);
  }

  rename(from: string, to: string): Promise<void> {
    return this.inner.rename(from, to);
  }

  remove(path: string): Promise<void> {
    return this.inner.remove(path);
  }

  freeBytes(path: string): Promise<number> {
    return this.inner.freeBytes(path);
  }
}
