// The disks of one machine as the product's port: files that outlive their processes, calls that take
// time, and faults that somebody else decides on. Names and folders are durable at once, which is what the
// port promises of its own calls.
import { type ScatterList, SystemError, scatterLength } from "@ashlar/core";
import { type Disk, type DiskFile, type OpenOptions, writeEach } from "@ashlar/runtime";
import type { ProcessLife } from "../world/process-life.ts";
import type { World } from "../world/world.ts";
import { DiskContent, firstOf, type Written, writtenOf } from "./disk-content.ts";

export type DiskCall = "read" | "write" | "datasync";

/** What a call meets. */
export interface DiskTrouble {
  /** Milliseconds that the call takes beyond its usual time. */
  readonly delayMs?: (call: DiskCall) => number;
  /** Why the call fails, if it does. */
  readonly failure?: (call: DiskCall) => SystemError | undefined;
}

/** Milliseconds of a call, at least and at most. */
const DURATIONS: Readonly<Record<DiskCall | "other", readonly [number, number]>> = {
  read: [0.05, 0.3],
  write: [0.02, 0.2],
  datasync: [0.3, 2],
  other: [0.05, 0.2],
};

const BYTES_PER_MS = 500_000;

const noSuchFile = (path: string): SystemError =>
  new SystemError("disk/failed", `${path}: no such file`, { errno: "ENOENT", path });

/** A write that its process has not heard the end of. */
interface IssuedWrite {
  readonly content: DiskContent;
  readonly position: number;
  readonly data: Written;
}

/** What is on the disks of a machine, whoever runs on it. */
export class SimMachineDisk {
  readonly issued = new Set<IssuedWrite>();
  readonly files = new Map<string, DiskContent>();
  readonly folders = new Set<string>();
  readonly locks = new Map<string, ProcessLife>();
  /** By name. */
  readonly troubles = new Map<string, DiskTrouble>();
  sizeBytesMax = Number.MAX_SAFE_INTEGER;

  get usedBytes(): number {
    let used = 0;
    for (const content of this.files.values()) used += content.sizeBytes;
    return used;
  }

  delayMs(call: DiskCall): number {
    let delayMs = 0;
    for (const trouble of this.troubles.values()) delayMs += trouble.delayMs?.(call) ?? 0;
    return delayMs;
  }

  failure(call: DiskCall): SystemError | undefined {
    for (const trouble of this.troubles.values()) {
      const failure = trouble.failure?.(call);
      if (failure) return failure;
    }
    return undefined;
  }

  /** The process that used it is gone: what it had begun to write is written in part. */
  onProcessEnd(world: World): void {
    for (const { content, position, data } of this.issued) {
      content.write(position, firstOf(data, world.random.below(data.length + 1)));
    }
    this.issued.clear();
  }

  /** What is left after the power went. Returns how many writes were lost or torn. */
  powerCut(world: World): number {
    const keepPercent = world.pick([0, 30, 70, 100]);
    let lost = 0;
    for (const content of this.files.values()) lost += content.powerCut(world.random, keepPercent);
    return lost;
  }
}

/** The port that one life of a process uses. */
export class SimDisk implements Disk {
  private readonly world: World;
  private readonly machine: SimMachineDisk;
  private readonly life: ProcessLife;

  constructor(world: World, machine: SimMachineDisk, life: ProcessLife) {
    this.world = world;
    this.machine = machine;
    this.life = life;
  }

  open(path: string, { mode, lock = false }: OpenOptions): Promise<DiskFile> {
    return this.later("other", 0, () => {
      const { files, locks } = this.machine;
      const exists = files.has(path);
      if (mode === "create" && exists) {
        throw new SystemError("disk/failed", `${path}: file exists`, { errno: "EEXIST", path });
      }
      if (mode === "open" && !exists) throw noSuchFile(path);
      if (lock && locks.get(path)?.isAlive) {
        throw new SystemError("disk/locked", `${path} is in use`, { path });
      }
      if (lock) locks.set(path, this.life);
      if (!exists) files.set(path, new DiskContent());
      return this.file(path, lock);
    });
  }

  exists(path: string): Promise<boolean> {
    return this.later("other", 0, () => this.isThere(path));
  }

  makeFolder(path: string): Promise<void> {
    return this.later("other", 0, () => {
      this.machine.folders.add(path);
    });
  }

  list(folder: string): Promise<string[]> {
    return this.later("other", 0, () => {
      const prefix = `${folder}/`;
      const names = [...this.machine.files.keys(), ...this.machine.folders]
        .filter((path) => path.startsWith(prefix))
        .map((path) => path.slice(prefix.length).split("/")[0] ?? "");
      return [...new Set(names)];
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.later("write", 0, () => {
      const { files, folders } = this.machine;
      if (!this.isThere(from)) throw noSuchFile(from);
      const moved = (path: string): string => `${to}${path.slice(from.length)}`;
      for (const [path, content] of [...files].filter(([path]) => isWithin(path, from))) {
        files.delete(path);
        files.set(moved(path), content);
      }
      for (const path of [...folders].filter((folder) => isWithin(folder, from))) {
        folders.delete(path);
        folders.add(moved(path));
      }
    });
  }

  remove(path: string): Promise<void> {
    return this.later("other", 0, () => {
      const { files, folders } = this.machine;
      for (const name of [...files.keys()]) if (isWithin(name, path)) files.delete(name);
      for (const name of [...folders]) if (isWithin(name, path)) folders.delete(name);
    });
  }

  freeBytes(): Promise<number> {
    return this.later("other", 0, () => this.machine.sizeBytesMax - this.machine.usedBytes);
  }

  private isThere(path: string): boolean {
    const { files, folders } = this.machine;
    const isIn = (name: string): boolean => isWithin(name, path);
    return [...files.keys()].some(isIn) || [...folders].some(isIn);
  }

  private file(path: string, locked: boolean): DiskFile {
    const content = (): DiskContent => {
      const found = this.machine.files.get(path);
      if (!found) throw noSuchFile(path);
      return found;
    };
    const write: DiskFile["write"] = (position, data) =>
      this.write(content, { path, position, data });
    return {
      path,
      sizeBytes: () => this.later("other", 0, () => content().sizeBytes),
      read: (position, target) =>
        this.later("read", target.length, () => content().read(position, target)),
      write,
      writeMany: (pieces) => writeEach(pieces, write),
      datasync: () => {
        const synced = content().mark;
        return this.later("datasync", 0, () => content().sync(synced));
      },
      truncate: (sizeBytes) =>
        this.later("write", 0, () => {
          this.claim(path, sizeBytes - content().sizeBytes);
          content().resize(sizeBytes);
        }),
      close: () =>
        this.later("other", 0, () => {
          if (locked) this.machine.locks.delete(path);
        }),
    };
  }

  private write(
    content: () => DiskContent,
    { path, position, data }: { path: string; position: number; data: ScatterList },
  ): Promise<void> {
    const length = scatterLength(data);
    const issued: IssuedWrite = {
      content: content(),
      position,
      data: writtenOf(data),
    };
    this.machine.issued.add(issued);
    return this.later("write", length, () => {
      this.machine.issued.delete(issued);
      this.claim(path, position + length - content().sizeBytes);
      content().write(position, issued.data);
    });
  }

  private claim(path: string, growth: number): void {
    if (growth <= 0 || this.machine.usedBytes + growth <= this.machine.sizeBytesMax) return;
    throw new SystemError("disk/no-space", `${path}: no space left`, { errno: "ENOSPC", path });
  }

  private later<T>(call: DiskCall | "other", bytes: number, act: () => T): Promise<T> {
    const [leastMs, mostMs] = DURATIONS[call];
    const usualMs = this.world.between(leastMs, mostMs) + bytes / BYTES_PER_MS;
    const delayMs = call === "other" ? 0 : this.machine.delayMs(call);
    return new Promise((resolve, reject) => {
      this.world.after(usualMs + delayMs, this.life, () => {
        try {
          const failure = call === "other" ? undefined : this.machine.failure(call);
          if (failure) throw failure;
          resolve(act());
        } catch (thrown) {
          reject(thrown);
        }
      });
    });
  }
}

const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(`${folder}/`);
