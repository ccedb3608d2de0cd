// The Disk port over Node's file system. Calls go through libuv's pool; the caller bounds how many
// are in flight. A block device is opened exclusively by the kernel (O_EXCL); a file is locked by a
// file beside it that names the process, and is stale once that process is gone.
import { constants } from "node:fs";
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
} from "node:fs/promises";
import { dirname } from "node:path";
import { type ScatterList, SystemError } from "@ashlar/core";
import { type Disk, type DiskFile, type OpenOptions, type Piece, writeEach } from "../disk.ts";
import { BlockWriter } from "./block-writer.ts";

/** The kernel takes at most this many buffers in one writev (IOV_MAX). */
const BUFFERS_PER_WRITE_MAX = 1024;
/** So many pieces are worth a thread. */
const PIECES_FOR_A_THREAD = 64;

function diskError(thrown: unknown, path: string): SystemError {
  const { code: errno = "UNKNOWN", message } = thrown as NodeJS.ErrnoException;
  const code = errno === "ENOSPC" || errno === "EDQUOT" ? "disk/no-space" : "disk/failed";
  return new SystemError(code, `${path}: ${message}`, { errno, path }, thrown);
}

async function guarded<T>(path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    throw thrown instanceof SystemError ? thrown : diskError(thrown, path);
  }
}

/** `pid start-time` of a process, undefined when it is gone: a pid alone may be another's by now. */
async function processStamp(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return `${pid} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

async function takeLock(path: string): Promise<string> {
  const lock = `${path}.lock`;
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const handle = await open(lock, "wx");
      try {
        await handle.writeFile((await processStamp(process.pid)) ?? `${process.pid} 0`);
      } finally {
        await handle.close();
      }
      return lock;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
    }
    const holder = await readFile(lock, "utf8").catch(() => "");
    const pid = Number(holder.split(" ")[0]);
    if ((await processStamp(pid)) === holder) {
      throw new SystemError("disk/locked", `${path} is in use by process ${pid}`, { path, pid });
    }
    await rm(lock, { force: true });
  }
  throw new SystemError("disk/locked", `${path} is being opened by another process`, { path });
}

class NodeDiskFile implements DiskFile {
  readonly path: string;
  private readonly handle: FileHandle;
  private readonly lock: string | undefined;
  private blocks: BlockWriter | undefined;

  constructor(path: string, handle: FileHandle, lock: string | undefined) {
    this.path = path;
    this.handle = handle;
    this.lock = lock;
  }

  async sizeBytes(): Promise<number> {
    return guarded(this.path, async () => (await this.handle.stat()).size);
  }

  async read(position: number, target: Buffer): Promise<void> {
    await guarded(this.path, async () => {
      for (let at = 0; at < target.length; ) {
        const { bytesRead } = await this.handle.read(target, at, target.length - at, position + at);
        if (bytesRead === 0) {
          target.fill(0, at);
          return;
        }
        at += bytesRead;
      }
    });
  }

  async write(position: number, data: ScatterList): Promise<void> {
    await guarded(this.path, async () => {
      let at = position;
      for (let first = 0; first < data.length; first += BUFFERS_PER_WRITE_MAX) {
        let rest = data.slice(first, first + BUFFERS_PER_WRITE_MAX);
        while (rest.length > 0) {
          const { bytesWritten } = await this.handle.writev([...rest], at);
          at += bytesWritten;
          rest = afterWritten(rest, bytesWritten);
        }
      }
    });
  }

  async writeMany(pieces: readonly Piece[]): Promise<void> {
    await guarded(this.path, async () => {
      if (pieces.length >= PIECES_FOR_A_THREAD) this.blocks ??= new BlockWriter(this.handle.fd);
      await (this.blocks
        ? this.blocks.write(pieces)
        : writeEach(pieces, (position, data) => this.write(position, data)));
    });
  }

  async datasync(): Promise<void> {
    await guarded(this.path, () => this.handle.datasync());
  }

  async truncate(sizeBytes: number): Promise<void> {
    await guarded(this.path, () => this.handle.truncate(sizeBytes));
  }

  async close(): Promise<void> {
    await this.blocks?.end();
    await guarded(this.path, () => this.handle.close());
    if (this.lock) await rm(this.lock, { force: true });
  }
}

/** What is left of a list after a write took `written` bytes of it. */
function afterWritten(list: ScatterList, written: number): Buffer[] {
  const rest: Buffer[] = [];
  let skip = written;
  for (const buffer of list) {
    if (skip < buffer.length) rest.push(buffer.subarray(skip));
    skip = Math.max(0, skip - buffer.length);
  }
  return rest;
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const MODE_FLAGS: Readonly<Record<OpenOptions["mode"], number>> = {
  create: constants.O_CREAT | constants.O_EXCL,
  open: 0,
  openOrCreate: constants.O_CREAT,
};

async function openFile(path: string, options: OpenOptions): Promise<DiskFile> {
  return guarded(path, async () => {
    const isDevice = await stat(path).then(
      (found) => found.isBlockDevice(),
      () => false,
    );
    const lock = options.lock && !isDevice ? await takeLock(path) : undefined;
    const exclusive = options.lock && isDevice ? constants.O_EXCL : 0;
    try {
      const handle = await open(path, constants.O_RDWR | MODE_FLAGS[options.mode] | exclusive);
      if (options.mode !== "open") await syncFolder(dirname(path));
      return new NodeDiskFile(path, handle, lock);
    } catch (thrown) {
      if (lock) await rm(lock, { force: true });
      if (exclusive && (thrown as NodeJS.ErrnoException).code === "EBUSY") {
        throw new SystemError("disk/locked", `${path} is in use`, { path });
      }
      throw thrown;
    }
  });
}

/** The machine's file system. */
export const nodeDisk: Disk = {
  open: openFile,
  exists: (path) =>
    stat(path).then(
      () => true,
      () => false,
    ),
  makeFolder: (path) =>
    guarded(path, async () => {
      await mkdir(path, { recursive: true });
      await syncFolder(dirname(path));
    }),
  list: (folder) => guarded(folder, () => readdir(folder)),
  rename: (from, to) =>
    guarded(from, async () => {
      await rename(from, to);
      await syncFolder(dirname(to));
    }),
  remove: (path) => guarded(path, () => rm(path, { recursive: true, force: true })),
  freeBytes: (path) =>
    guarded(path, async () => {
      const found = await statfs(path);
      return found.bavail * found.bsize;
    }),
};
