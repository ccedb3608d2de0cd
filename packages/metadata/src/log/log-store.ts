// A durable sequence of entries: segments of at most 16 MiB and the newest snapshot. It knows nothing
// of what the entries mean.
//
// Durable when append resolves. At opening a torn tail is cut off (nothing in it was acknowledged),
// but damage before readable entries refuses to open: a log with a hole would be another history.
import { assert, type ClusterId, hasCode, present, SystemError, toSystemError } from "@ashlar/core";
import type { Disk, DiskFile } from "@ashlar/runtime";
import {
  encodeFrame,
  encodeSegmentHead,
  frameAt,
  hasFrameAfter,
  type LogIdentity,
  SEGMENT_LENGTH_MAX,
  segmentHeadOf,
} from "./frame.ts";
import { readSnapshot, readWhole, writeSnapshot } from "./snapshot-file.ts";

const SEGMENT_NAME = /^segment-(\d{16})$/;
const segmentName = (firstIndex: number): string =>
  `segment-${String(firstIndex).padStart(16, "0")}`;

export interface LogStoreOptions {
  readonly folder: string;
  readonly clusterId: ClusterId;
  /** Identity of the log if it is made now. */
  readonly newLogId: string;
  /** For tests of segment change. */
  readonly segmentLengthMax?: number;
}

export interface Recovered {
  readonly snapshot: { readonly index: number; readonly state: Buffer } | undefined;
  /** Entries after the snapshot, in order, the first with index snapshot.index + 1. */
  readonly entries: readonly Buffer[];
  /** Bytes of a torn tail that were cut off. */
  readonly cutBytes: number;
}

interface Segment {
  readonly firstIndex: number;
  readonly path: string;
}

export class LogStore {
  private readonly disk: Disk;
  private readonly options: LogStoreOptions;
  private segments: Segment[] = [];
  private identity: LogIdentity;
  private file: DiskFile | undefined;
  private position = 0;
  /** Where the last frame found at opening begins. */
  private lastFrameAt = 0;
  private nextIndexValue = 1;
  private bytes = 0;
  /** Set when the disk may hold something else than we know: nothing is appended any more. */
  private failure: SystemError | undefined;

  private constructor(disk: Disk, options: LogStoreOptions) {
    this.disk = disk;
    this.options = options;
    this.identity = { clusterId: options.clusterId, logId: options.newLogId };
  }

  /** @throws SystemError disk/corrupt, disk/foreign (another cluster's), disk/failed. */
  static async open(
    disk: Disk,
    options: LogStoreOptions,
  ): Promise<{ readonly store: LogStore; readonly recovered: Recovered }> {
    await disk.makeFolder(options.folder);
    const store = new LogStore(disk, options);
    return { store, recovered: await store.recover() };
  }

  get logId(): string {
    return this.identity.logId;
  }

  get nextIndex(): number {
    return this.nextIndexValue;
  }

  /** Bytes of all segments. */
  get sizeBytes(): number {
    return this.bytes;
  }

  /**
   * Appends entries as one frame; durable when resolved. One call at a time.
   * @throws SystemError disk/no-space (nothing was kept, later calls may succeed), disk/failed.
   */
  async append(entries: readonly Buffer[]): Promise<void> {
    if (this.failure) throw this.failure;
    const frame = encodeFrame(this.nextIndexValue, entries);
    const file = await this.fileFor(frame.length);
    try {
      await file.write(this.position, [frame]);
      await file.datasync();
    } catch (thrown) {
      throw await this.takeBack(file, toSystemError(thrown, "disk/failed"));
    }
    this.position += frame.length;
    this.bytes += frame.length;
    this.nextIndexValue += entries.length;
  }

  /** Keeps `state`, which holds all entries up to `index`, and drops segments it makes needless. */
  async saveSnapshot(index: number, state: Buffer): Promise<void> {
    assert(index < this.nextIndexValue, "a snapshot holds durable entries only");
    await writeSnapshot(this.disk, this.options.folder, { ...this.identity, index, state });
    for (;;) {
      const [oldest, next] = this.segments;
      if (!oldest || !next || next.firstIndex > index + 1) return;
      const { length } = await readWhole(this.disk, oldest.path);
      await this.disk.remove(oldest.path);
      this.segments.shift();
      this.bytes -= length;
    }
  }

  async close(): Promise<void> {
    await this.file?.close();
    this.file = undefined;
  }

  private async fileFor(frameLength: number): Promise<DiskFile> {
    const lengthMax = this.options.segmentLengthMax ?? SEGMENT_LENGTH_MAX;
    if (this.file && this.position + frameLength <= lengthMax) return this.file;
    const path = `${this.options.folder}/${segmentName(this.nextIndexValue)}`;
    const head = encodeSegmentHead(this.identity);
    let file: DiskFile | undefined;
    try {
      file = await this.disk.open(path, { mode: "create" });
      await file.write(0, [head]);
      await file.datasync();
    } catch (thrown) {
      await file?.close();
      await this.disk.remove(path);
      throw withHint(toSystemError(thrown, "disk/failed"));
    }
    await this.file?.close();
    this.file = file;
    this.segments.push({ firstIndex: this.nextIndexValue, path });
    this.position = head.length;
    this.bytes += head.length;
    return file;
  }

  /**
   * A full disk is a passing state: what was written in part is cut off. After any other failure
   * nobody knows what the disk holds, so nothing is promised until a restart has read it.
   */
  private async takeBack(file: DiskFile, error: SystemError): Promise<SystemError> {
    if (hasCode(error, "disk/no-space")) {
      try {
        await file.truncate(this.position);
        await file.datasync();
        return withHint(error);
      } catch (thrown) {
        error = toSystemError(thrown, "disk/failed");
      }
    }
    this.failure = new SystemError(
      "disk/failed",
      `the metadata log failed: ${error.message}`,
      { ...error.meta, hint: "check the disk, then restart the metadata process" },
      error,
    );
    return this.failure;
  }

  private async recover(): Promise<Recovered> {
    const { folder } = this.options;
    const snapshot = await readSnapshot(this.disk, folder);
    if (snapshot) this.takeIdentity(snapshot, folder);
    this.nextIndexValue = (snapshot?.index ?? 0) + 1;
    const names = (await this.disk.list(folder)).filter((name) => SEGMENT_NAME.test(name)).sort();
    const entries: Buffer[] = [];
    let cutBytes = 0;
    for (const [at, name] of names.entries()) {
      const path = `${folder}/${name}`;
      const last = at === names.length - 1;
      cutBytes += await this.readSegment(path, last, entries);
    }
    if (this.segments.length > 0) await this.reopenLast();
    return { snapshot, entries, cutBytes };
  }

  /**
   * Cuts the torn tail and writes the last frame again: a cached page whose fsync failed looks
   * clean, and what is about to be served must be on the disk.
   */
  private async reopenLast(): Promise<void> {
    const { path } = present(this.segments.at(-1), "a segment is open");
    this.file = await this.disk.open(path, { mode: "open" });
    await this.file.truncate(this.position);
    const frame = Buffer.alloc(this.position - this.lastFrameAt);
    await this.file.read(this.lastFrameAt, frame);
    await this.file.write(this.lastFrameAt, [frame]);
    await this.file.datasync();
  }

  /** Adds a segment's entries after the snapshot to `entries`; returns the length of a torn tail. */
  private async readSegment(path: string, last: boolean, entries: Buffer[]): Promise<number> {
    const bytes = await readWhole(this.disk, path);
    const head = segmentHeadOf(bytes);
    if (!head) {
      // A crash while the segment was made: it holds nothing yet.
      if (!last || hasFrameAfter(bytes, 0)) throw damaged(path, 0);
      await this.disk.remove(path);
      return bytes.length;
    }
    this.takeIdentity(head, path);
    const firstIndex = Number(SEGMENT_NAME.exec(path.split("/").at(-1) ?? "")?.[1]);
    this.segments.push({ firstIndex, path });
    let at = head.length;
    let index = firstIndex;
    this.lastFrameAt = at;
    for (let frame = frameAt(bytes, at); frame; frame = frameAt(bytes, at)) {
      if (frame.firstIndex !== index) throw damaged(path, at);
      for (const entry of frame.entries) {
        if (index > this.nextIndexValue) throw damaged(path, at);
        if (index === this.nextIndexValue) {
          entries.push(entry);
          this.nextIndexValue += 1;
        }
        index += 1;
      }
      this.lastFrameAt = at;
      at += frame.length;
    }
    const rest = bytes.length - at;
    if (rest > 0 && (!last || hasFrameAfter(bytes, at + 1))) throw damaged(path, at);
    this.position = at;
    this.bytes += at;
    return rest;
  }

  private takeIdentity(found: LogIdentity, path: string): void {
    const { clusterId } = this.options;
    if (found.clusterId !== clusterId) {
      throw new SystemError(
        "disk/foreign",
        `${path} belongs to cluster ${found.clusterId}, not to ${clusterId}`,
        { path, hint: "check dataDir and clusterId in the configuration" },
      );
    }
    this.identity = { clusterId, logId: found.logId };
  }
}

const damaged = (path: string, at: number): SystemError =>
  new SystemError("disk/corrupt", `${path} is damaged at byte ${at}, before later entries`, {
    path,
    at,
    hint: "restore the metadata folder from another member or a backup",
  });

const withHint = (error: SystemError): SystemError =>
  hasCode(error, "disk/no-space")
    ? new SystemError(
        "disk/no-space",
        "the disk of the metadata log is full, nothing was changed",
        { ...error.meta, hint: "free space on the disk of the metadata folder" },
        error,
      )
    : error;
