// The segments of a log on the disk: appends frames to the newest, begins the next one, drops the
// oldest. It knows where the log stands but not what it holds.
import { hasCode, present, SystemError, toSystemError } from "@ashlar/core";
import type { Index } from "@ashlar/raft";
import {
  type Disk,
  type DiskFile,
  readWholeFile,
  removeWholeFile,
  writeWholeFile,
} from "@ashlar/runtime";
import { damaged, type LogOwner } from "./file-head.ts";
import {
  encodeFrame,
  encodeSegmentStart,
  type FoundSegment,
  type Frame,
  type LogStand,
  readSegment,
  SEGMENT_LENGTH_MAX,
} from "./segment.ts";

const SEGMENT_NAME = /^segment-\d{16}$/;
const segmentName = (sequence: number): string => `segment-${String(sequence).padStart(16, "0")}`;

export interface SegmentLogOptions {
  readonly folder: string;
  readonly owner: LogOwner;
  /** For tests of segment change. */
  readonly segmentLengthMax?: number;
}

interface Segment {
  readonly path: string;
  readonly sequence: number;
  /** Index of the last entry when it was made. */
  readonly after: Index;
  length: number;
}

/**
 * All segments of a folder, in order; changes nothing.
 * @throws SystemError disk/corrupt, disk/foreign, disk/failed.
 */
export async function readSegments(
  disk: Disk,
  { folder, owner }: SegmentLogOptions,
): Promise<FoundSegment[]> {
  const names = (await disk.list(folder)).filter((name) => SEGMENT_NAME.test(name)).sort();
  const found: FoundSegment[] = [];
  for (const [at, name] of names.entries()) {
    const path = `${folder}/${name}`;
    const newest = at === names.length - 1;
    const segment = readSegment(await readWholeFile(disk, path), { path, owner, newest });
    if (segmentName(segment.start.sequence) !== name) throw damaged(path, 0);
    found.push(segment);
  }
  return found;
}

export class SegmentLog {
  private readonly disk: Disk;
  private readonly options: SegmentLogOptions;
  private readonly segments: Segment[];
  /** The newest segment. */
  private file: DiskFile | undefined;
  /** Sequence of the segment that a write under way would be taken back to. */
  private held: number | undefined;

  private constructor(disk: Disk, options: SegmentLogOptions, segments: Segment[]) {
    this.disk = disk;
    this.options = options;
    this.segments = segments;
  }

  /** Goes on after `found`, whose torn tail is cut off; `begins` as by `begin`, if it is given. */
  static async resume(
    disk: Disk,
    options: SegmentLogOptions,
    { found, begins }: { found: readonly FoundSegment[]; begins: LogStand | undefined },
  ): Promise<SegmentLog> {
    const segments = found.map(({ path, start, length }) => ({
      path,
      sequence: start.sequence,
      after: start.last.index,
      length,
    }));
    const log = new SegmentLog(disk, options, segments);
    const newest = found.at(-1);
    try {
      if (newest) await log.reopen(newest);
      if (begins) await log.begin(begins);
      return log;
    } catch (thrown) {
      await log.close();
      throw thrown;
    }
  }

  get sizeBytes(): number {
    return this.segments.reduce((sum, { length }) => sum + length, 0);
  }

  /**
   * Runs `write`, which begins and appends; on a full disk nothing of that is kept.
   * @throws SystemError disk/no-space, disk/failed: the disk may hold anything of it.
   */
  async atOnce(write: () => Promise<void>): Promise<void> {
    const held = { ...this.newest };
    this.held = held.sequence;
    try {
      await write();
    } catch (thrown) {
      if (hasCode(thrown, "disk/no-space")) await this.takeBack(held);
      throw thrown;
    } finally {
      this.held = undefined;
    }
  }

  /** Writes a frame, durable when resolved; `stand` is where the log stands before it. */
  async append(frame: Frame, stand: LogStand): Promise<void> {
    const bytes = encodeFrame(frame);
    const lengthMax = this.options.segmentLengthMax ?? SEGMENT_LENGTH_MAX;
    if (this.newest.length + bytes.length > lengthMax) await this.begin(stand);
    const { newest } = this;
    const file = present(this.file, "the newest segment is open");
    await file.write(newest.length, [bytes]);
    await file.datasync();
    newest.length += bytes.length;
  }

  /** Begins a segment: the log goes on after `stand.last`, whatever came before. */
  async begin(stand: LogStand): Promise<void> {
    const sequence = (this.segments.at(-1)?.sequence ?? 0) + 1;
    const path = `${this.options.folder}/${segmentName(sequence)}`;
    const start = encodeSegmentStart(this.options.owner, { ...stand, sequence });
    await writeWholeFile(this.disk, path, [start]);
    const file = await this.disk.open(path, { mode: "open" });
    await this.file?.close();
    this.file = file;
    this.segments.push({ path, sequence, after: stand.last.index, length: start.length });
  }

  /** Drops the segments whose entries are all at or below `index`, unless a write may need them. */
  async drop(index: Index): Promise<void> {
    for (;;) {
      const [oldest, next] = this.segments;
      if (!oldest || !next || next.after > index || oldest.sequence === this.held) return;
      this.segments.shift();
      await this.disk.remove(oldest.path);
    }
  }

  async close(): Promise<void> {
    await this.file?.close();
    this.file = undefined;
  }

  private get newest(): Segment {
    return present(this.segments.at(-1), "a log has a segment");
  }

  /**
   * Cuts the torn tail and writes the last frame again: a cached page whose fsync failed looks
   * clean, and what is about to be served must be on the disk.
   */
  private async reopen({ path, lastFrameAt, length }: FoundSegment): Promise<void> {
    this.file = await this.disk.open(path, { mode: "open" });
    await this.file.truncate(length);
    const from = lastFrameAt ?? 0;
    const frame = Buffer.alloc(length - from);
    await this.file.read(from, frame);
    await this.file.write(from, [frame]);
    await this.file.datasync();
  }

  /**
   * A full disk is a passing state: what was begun and appended is taken back. After any other
   * failure nobody knows what the disk holds.
   */
  private async takeBack({ path, sequence, length }: Readonly<Segment>): Promise<void> {
    try {
      while (this.newest.sequence > sequence) {
        await this.file?.close();
        this.file = undefined;
        await removeWholeFile(this.disk, this.newest.path);
        this.segments.pop();
      }
      this.file ??= await this.disk.open(path, { mode: "open" });
      await this.file.truncate(length);
      await this.file.datasync();
      this.newest.length = length;
    } catch (thrown) {
      const { message, meta } = toSystemError(thrown);
      throw new SystemError("disk/failed", message, meta, thrown);
    }
  }
}
