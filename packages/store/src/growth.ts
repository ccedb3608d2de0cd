// A file disk grows ahead of the allocator, with zeros written and synced, so that no datasync of the
// journal has to carry file-system metadata of an extending write. Small pieces, each synced: a
// journal sync beside it waits for one piece at most. A full file system stops growth, nothing else:
// what needs the room is refused with disk/no-space before it has a record.
import { EXTENT_SIZE, hasCode, MIB } from "@ashlar/core";
import type { DiskFile } from "@ashlar/runtime";
import type { Allocator } from "./allocator.ts";
import { GROWTH_STEP_BYTES, type Layout } from "./format.ts";

/** Written between two syncs. */
const PIECE_BYTES = 4 * MIB;

const ZEROS = Buffer.alloc(MIB);
/** Zeros of one write. */
const WRITE_BYTES = 16 * MIB;

/** Zeros over `[from, end)`, synced. */
export async function writeZeros(file: DiskFile, from: number, end: number): Promise<void> {
  for (let at = from; at < end; at += WRITE_BYTES) {
    const length = Math.min(WRITE_BYTES, end - at);
    const whole = new Array<Buffer>(Math.floor(length / ZEROS.length)).fill(ZEROS);
    await file.write(at, [...whole, ZEROS.subarray(0, length % ZEROS.length)]);
  }
  await file.datasync();
}

export interface GrowthHost {
  /** More extents are ready, or growth has stopped. */
  grown(): void;
  failed(error: unknown): void;
}

export class Growth {
  private readonly freeBytes: () => Promise<number>;
  private readonly file: DiskFile;
  private readonly layout: Layout;
  private readonly allocator: Allocator;
  private readonly host: GrowthHost;
  private running: Promise<void> | undefined;
  private stopped = false;
  /** Free bytes of the file system when last asked. */
  private fileSystemFreeBytes = 0;

  constructor(
    {
      freeBytes,
      file,
      host,
    }: { freeBytes: () => Promise<number>; file: DiskFile; host: GrowthHost },
    { layout, allocator }: { layout: Layout; allocator: Allocator },
  ) {
    this.freeBytes = freeBytes;
    this.file = file;
    this.host = host;
    this.layout = layout;
    this.allocator = allocator;
  }

  get complete(): boolean {
    return this.allocator.grownCount === this.allocator.extentCount;
  }

  /** Extents that the file system has room for, beyond those that are there. */
  get possibleExtents(): number {
    const missing = this.allocator.extentCount - this.allocator.grownCount;
    return Math.min(missing, Math.floor(this.fileSystemFreeBytes / EXTENT_SIZE));
  }

  /** Starts to grow when less than half a step is ready; `now` even then. */
  want({ now }: { now: boolean }): void {
    const readyBytes = (this.allocator.readyCount - this.allocator.reserved) * EXTENT_SIZE;
    if (this.running || this.stopped || this.complete) return;
    if (!now && readyBytes >= GROWTH_STEP_BYTES / 2) return;
    this.running = this.step().finally(() => {
      this.running = undefined;
      this.host.grown();
    });
  }

  get active(): boolean {
    return this.running !== undefined;
  }

  async refresh(): Promise<void> {
    this.fileSystemFreeBytes = await this.freeBytes();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async step(): Promise<void> {
    const { extentCount, grownCount } = this.allocator;
    const goal = Math.min(extentCount, grownCount + GROWTH_STEP_BYTES / EXTENT_SIZE);
    const { dataStart } = this.layout;
    try {
      while (this.allocator.grownCount < goal && !this.stopped) {
        const from = this.allocator.grownCount;
        const to = Math.min(goal, from + PIECE_BYTES / EXTENT_SIZE);
        await writeZeros(this.file, dataStart + from * EXTENT_SIZE, dataStart + to * EXTENT_SIZE);
        this.allocator.grow(to);
        this.host.grown();
      }
      await this.refresh();
    } catch (thrown) {
      if (!hasCode(thrown, "disk/no-space")) this.host.failed(thrown);
      this.fileSystemFreeBytes = 0;
    }
  }
}
