// A disk in memory that behaves like one at a power cut: what was not synced is gone. Faults are
// switched on by tests: the next write or datasync of a path fails, or the disk is full.
import { type ScatterList, SystemError, scatterJoin } from "@ashlar/core";
import { type Disk, type DiskFile, type OpenOptions, writeEach } from "../disk.ts";

interface Content {
  current: Buffer;
  /** Unsynced writes in order, for the power cut to drop or keep. */
  pending: { readonly position: number; readonly data: Buffer }[];
  durable: Buffer;
}

/** Memory that only one content lies in, from its beginning, with zeros behind it. */
const reserved = new WeakSet<ArrayBufferLike>();

/** Room is doubled: a file that is written piece by piece is not copied for each. */
function grown(content: Buffer, sizeBytes: number): Buffer {
  if (content.length >= sizeBytes) return content;
  const { buffer } = content;
  if (reserved.has(buffer) && buffer.byteLength >= sizeBytes)
    return Buffer.from(buffer, 0, sizeBytes);
  const larger = Buffer.alloc(Math.max(sizeBytes, 2 * content.length));
  content.copy(larger);
  // Small ones may share a pool.
  if (larger.byteOffset === 0 && larger.buffer.byteLength === larger.length) {
    reserved.add(larger.buffer);
  }
  return larger.subarray(0, sizeBytes);
}

function overwrite(content: Buffer, position: number, data: Buffer): Buffer {
  const target = grown(content, position + data.length);
  data.copy(target, position);
  return target;
}

export class MemoryDisk implements Disk {
  /** Set to fail calls: return an error to throw, or undefined to let the call pass. */
  fault: (call: "read" | "write" | "datasync", path: string) => SystemError | undefined = () =>
    undefined;
  /** Total of all files; writes beyond it fail with disk/no-space. */
  sizeBytesMax = Number.MAX_SAFE_INTEGER;
  private readonly files = new Map<string, Content>();
  private readonly locks = new Set<string>();

  /**
   * What a power cut leaves: synced content, plus those unsynced writes that `keep` chooses (a disk
   * may write them in any order). Open files and locks are gone.
   */
  powerCut(keep: (path: string, index: number) => boolean = () => false): void {
    for (const [path, content] of this.files) {
      content.pending.forEach(({ position, data }, index) => {
        if (keep(path, index)) content.durable = overwrite(content.durable, position, data);
      });
      content.pending = [];
      content.current = Buffer.from(content.durable);
    }
    this.locks.clear();
  }

  /**
   * What the end of a process leaves, at worst: its writes can be read, from pages that look clean
   * after a failed fsync. Only what is written again can still reach the disk.
   */
  endProcess(): void {
    for (const content of this.files.values()) content.pending = [];
    this.locks.clear();
  }

  /** Content of a file, for tests that damage it. */
  contentOf(path: string): Buffer {
    const content = this.files.get(path);
    if (!content) throw new SystemError("disk/failed", `${path}: no such file`, { path });
    return content.current;
  }

  /** Changes bytes both in the cache and on the platter. */
  corrupt(path: string, position: number, data: Buffer): void {
    const content = this.files.get(path);
    if (!content) throw new SystemError("disk/failed", `${path}: no such file`, { path });
    content.current = overwrite(content.current, position, data);
    content.durable = overwrite(content.durable, position, data);
  }

  async open(path: string, { mode, lock = false }: OpenOptions): Promise<DiskFile> {
    const exists = this.files.has(path);
    if (mode === "create" && exists) {
      throw new SystemError("disk/failed", `${path}: file exists`, { errno: "EEXIST", path });
    }
    if (mode === "open" && !exists) {
      throw new SystemError("disk/failed", `${path}: no such file`, { errno: "ENOENT", path });
    }
    if (lock && this.locks.has(path)) {
      throw new SystemError("disk/locked", `${path} is in use`, { path });
    }
    if (lock) this.locks.add(path);
    if (!exists) {
      this.files.set(path, { current: Buffer.alloc(0), pending: [], durable: Buffer.alloc(0) });
    }
    return this.file(path, lock);
  }

  async exists(path: string): Promise<boolean> {
    return (
      this.files.has(path) || [...this.files.keys()].some((name) => name.startsWith(`${path}/`))
    );
  }

  async makeFolder(): Promise<void> {}

  async list(folder: string): Promise<string[]> {
    const prefix = `${folder}/`;
    const names = [...this.files.keys()]
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length).split("/")[0] ?? "");
    return [...new Set(names)];
  }

  async rename(from: string, to: string): Promise<void> {
    const moved = [...this.files].filter(([path]) => path === from || path.startsWith(`${from}/`));
    if (moved.length === 0) {
      throw new SystemError("disk/failed", `${from}: no such file`, { path: from });
    }
    for (const [path, content] of moved) {
      this.files.delete(path);
      this.files.set(`${to}${path.slice(from.length)}`, content);
    }
  }

  async remove(path: string): Promise<void> {
    for (const name of [...this.files.keys()]) {
      if (name === path || name.startsWith(`${path}/`)) this.files.delete(name);
    }
  }

  async freeBytes(): Promise<number> {
    return this.sizeBytesMax - this.usedBytes();
  }

  private usedBytes(): number {
    let used = 0;
    for (const content of this.files.values()) used += content.current.length;
    return used;
  }

  private failing(call: "read" | "write" | "datasync", path: string): void {
    const error = this.fault(call, path);
    if (error) throw error;
  }

  private file(path: string, locked: boolean): DiskFile {
    const content = (): Content => {
      const found = this.files.get(path);
      if (!found) throw new SystemError("disk/failed", `${path}: no such file`, { path });
      return found;
    };
    const write = async (position: number, data: ScatterList): Promise<void> => {
      this.failing("write", path);
      const joined = Buffer.from(scatterJoin(data));
      const file = content();
      const growth = position + joined.length - file.current.length;
      if (growth > 0 && this.usedBytes() + growth > this.sizeBytesMax) {
        throw new SystemError("disk/no-space", `${path}: no space left`, { path });
      }
      file.current = overwrite(file.current, position, joined);
      file.pending.push({ position, data: joined });
    };
    return {
      path,
      sizeBytes: async () => content().current.length,
      read: async (position, target) => {
        this.failing("read", path);
        target.fill(0);
        const { current } = content();
        if (position < current.length) current.copy(target, 0, position);
      },
      write,
      writeMany: (pieces) => writeEach(pieces, write),
      datasync: async () => {
        const file = content();
        const synced = file.pending.length;
        this.failing("datasync", path);
        for (const { position, data } of file.pending.splice(0, synced)) {
          file.durable = overwrite(file.durable, position, data);
        }
      },
      truncate: async (sizeBytes) => {
        this.failing("write", path);
        const file = content();
        for (const side of ["current", "durable"] as const) {
          file[side] = Buffer.from(grown(file[side], sizeBytes).subarray(0, sizeBytes));
        }
        file.pending = file.pending.filter(({ position }) => position < sizeBytes);
      },
      close: async () => {
        if (locked) this.locks.delete(path);
      },
    };
  }
}
