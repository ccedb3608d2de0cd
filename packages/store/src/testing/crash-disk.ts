// A disk for crash tests: every call takes a few turns of the event loop, a write reaches the disk in
// blocks of 4 KiB that a power cut keeps or loses one by one, and after the cut the old handles are
// dead, as those of a process that is gone.
import { type ScatterList, SystemError, scatterJoin } from "@ashlar/core";
import {
  type Disk,
  type DiskFile,
  type OpenOptions,
  type Random,
  writeEach,
} from "@ashlar/runtime";
import { MemoryDisk } from "@ashlar/runtime/testing";

const BLOCK_BYTES = 4096;

export class CrashDisk implements Disk {
  readonly memory = new MemoryDisk();
  private readonly random: Random;
  private life = 0;

  constructor(random: Random) {
    this.random = random;
  }

  /** Ends the process and the power; about half of what was not synced survives, in any mixture. */
  crash(): void {
    this.life += 1;
    this.memory.powerCut(() => this.random.below(2) === 0);
  }

  async open(path: string, options: OpenOptions): Promise<DiskFile> {
    const file = await this.memory.open(path, options);
    const { life } = this;
    const turn = async <T>(call: () => Promise<T>): Promise<T> => {
      for (let turns = this.random.below(3); turns > 0; turns -= 1) {
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      if (life !== this.life) throw new SystemError("disk/failed", "the process is gone");
      return call();
    };
    const write: DiskFile["write"] = (position, data) =>
      turn(() => writeInBlocks(file, position, data));
    return {
      path,
      sizeBytes: () => turn(() => file.sizeBytes()),
      read: (position, target) => turn(() => file.read(position, target)),
      write,
      writeMany: (pieces) => writeEach(pieces, write),
      datasync: () => turn(() => file.datasync()),
      truncate: (sizeBytes) => turn(() => file.truncate(sizeBytes)),
      close: () => turn(() => file.close()),
    };
  }

  exists(path: string): Promise<boolean> {
    return this.memory.exists(path);
  }

  makeFolder(): Promise<void> {
    return this.memory.makeFolder();
  }

  list(folder: string): Promise<string[]> {
    return this.memory.list(folder);
  }

  rename(from: string, to: string): Promise<void> {
    return this.memory.rename(from, to);
  }

  remove(path: string): Promise<void> {
    return this.memory.remove(path);
  }

  freeBytes(): Promise<number> {
    return this.memory.freeBytes();
  }
}

async function writeInBlocks(file: DiskFile, position: number, data: ScatterList): Promise<void> {
  const joined = scatterJoin(data);
  // A write that grows the file goes in one piece: it is no subject of these tests.
  if (position + joined.length > (await file.sizeBytes())) return file.write(position, data);
  for (let at = 0; at < joined.length; at += BLOCK_BYTES) {
    await file.write(position + at, [joined.subarray(at, at + BLOCK_BYTES)]);
  }
}
