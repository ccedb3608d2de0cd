// The journal ring: records in, group commits out. Everything queued while the last datasync ran goes
// out in one write and one datasync; then the records take effect in memory in their order, the
// extents whose freeing they made durable are released, and the callers hear of it.
//
// The ring never overwrites what replay still needs: without room the queue waits for a checkpoint
// to release some. While one runs the queue may fill the rest of the ring only as fast as the checkpoint
// comes on: writers who are faster than the disk wait a little each, and nobody waits for its end. The
// last part of the ring is kept for the checkpoint's own marks. The queue is bounded by the callers: a
// replica bounds its uncommitted bytes.
import { assert, type ScatterList, toSystemError } from "@ashlar/core";
import type { DiskFile } from "@ashlar/runtime";
import { BATCH_BYTES_MAX, BLOCK_SIZE, JOURNAL_START, type Layout } from "./format.ts";
import { batchLength, encodeBatch } from "./journal-batch.ts";
import { type CommitMark, type LogRecord, recordLength } from "./log-record.ts";
import type { StoreMetrics } from "./store-metrics.ts";

/** Header and padding of a batch. */
const BATCH_OVERHEAD_BYTES = 2 * BLOCK_SIZE;
/** Kept for the marks of a checkpoint, a quarter of a small ring. */
const MARKS_RESERVE_BYTES_MAX = 4 * 1024 * 1024;
/** Of the room that is left when a checkpoint begins, what may be filled before it has done anything. */
const HEAD_START = 1 / 8;

/** Extent data that goes out with one batch: bounds how long a small write beside it waits. */
const BATCH_DATA_BYTES_MAX = 8 * 1024 * 1024;

export interface DataWrite {
  readonly position: number;
  readonly data: ScatterList;
}

export interface Queued {
  readonly record: LogRecord;
  /** Extent content that must be durable with the record. */
  readonly dataWrites: readonly DataWrite[];
  /** Called when the record is durable, in the order of the ring. */
  readonly effect: () => void;
}

interface Waiting extends Queued {
  readonly bytes: number;
  readonly dataBytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface JournalHost {
  /** Commits not yet marked in the journal; each batch carries them. */
  marks(): readonly CommitMark[];
  /** They are in the batch that is built now; returns the extents to release once it is durable. */
  marksTaken(marks: readonly CommitMark[]): readonly number[];
  released(extents: readonly number[]): void;
  wantCheckpoint(): void;
  /** Memory is full of what a checkpoint would write. */
  isCrowded(): boolean;
  /** How far the checkpoint is that runs, 0..1; undefined when none does. */
  checkpointProgress(): number | undefined;
  failed(error: unknown): void;
}

export interface JournalPlace {
  readonly layout: Layout;
  readonly seed: number;
  /** Replay begins here; positions before it may be overwritten. */
  readonly replayFrom: number;
  readonly end: number;
}

interface Batch {
  readonly waiting: readonly Waiting[];
  readonly buffer: Buffer;
  readonly position: number;
  readonly freed: readonly number[];
}

export class Journal {
  private readonly file: DiskFile;
  private readonly host: JournalHost;
  private readonly metrics: StoreMetrics;
  private readonly ringBytes: number;
  private readonly seed: number;
  private replayFrom: number;
  private end: number;
  /** Where the checkpoint that runs cuts the ring. */
  private cut = 0;
  private urgent: Waiting[] = [];
  private queue: Waiting[] = [];
  private running = false;
  /** The end of the ring is past a batch of which not all has taken effect yet. */
  private isTakingEffect = false;
  private failure: unknown;
  private onRelease: (() => void) | undefined;
  private idle: Promise<void> = Promise.resolve();

  constructor(
    { file, host, metrics }: { file: DiskFile; host: JournalHost; metrics: StoreMetrics },
    { layout, seed, replayFrom, end }: JournalPlace,
  ) {
    this.file = file;
    this.host = host;
    this.metrics = metrics;
    this.ringBytes = layout.journalBytes;
    this.seed = seed;
    this.replayFrom = replayFrom;
    this.end = end;
  }

  /** Everything before this position is durable and has taken effect. */
  get durableEnd(): number {
    return this.end;
  }

  /** Bytes of the ring that replay would read. */
  get liveBytes(): number {
    return this.end - this.replayFrom;
  }

  get halfFull(): boolean {
    return this.liveBytes > this.ringBytes / 2;
  }

  /** Resolves when the record is durable and its effect has taken place. */
  append(queued: Queued, { urgent = false }: { urgent?: boolean } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined) {
        reject(this.failure);
        return;
      }
      let dataBytes = 0;
      for (const { data } of queued.dataWrites) for (const part of data) dataBytes += part.length;
      const bytes = recordLength(queued.record);
      (urgent ? this.urgent : this.queue).push({ ...queued, bytes, dataBytes, resolve, reject });
      this.wake();
    });
  }

  /** A checkpoint begins: what is durable now is what it will release. */
  beginCheckpoint(): number {
    assert(!this.isTakingEffect, "P13: a cut lies between batches");
    this.cut = this.end;
    return this.cut;
  }

  /** The checkpoint that runs is further than it was. */
  checkpointProgressed(): void {
    this.onRelease?.();
  }

  /** A checkpoint is durable: what lies before `position` is not needed any more. */
  release(position: number): void {
    assert(position >= this.replayFrom && position <= this.end, "the ring is released in order");
    this.replayFrom = position;
    this.onRelease?.();
  }

  /** Rejects what waits and what comes (P19). */
  fail(error: unknown): void {
    this.failure ??= error;
    for (const { reject } of [...this.urgent.splice(0), ...this.queue.splice(0)]) reject(error);
    this.onRelease?.();
  }

  /** Resolves when nothing is queued or on its way. */
  async settled(): Promise<void> {
    while (this.running) await this.idle;
  }

  private wake(): void {
    if (!this.running) {
      this.running = true;
      this.idle = this.run();
    }
    if (this.urgent.length > 0) this.onRelease?.();
  }

  private async run(): Promise<void> {
    // One turn later, so that calls made together leave together.
    await Promise.resolve();
    try {
      while (this.failure === undefined && this.urgent.length + this.queue.length > 0) {
        const batch = this.build();
        if (batch) await this.write(batch);
        else await this.room();
        // Never from within a batch's effects: a cut has all of a batch or nothing of it.
        if (this.halfFull || this.host.isCrowded()) this.host.wantCheckpoint();
      }
    } finally {
      this.running = false;
    }
  }

  private room(): Promise<void> {
    return new Promise((resolve) => {
      this.onRelease = () => {
        this.onRelease = undefined;
        resolve();
      };
      this.host.wantCheckpoint();
    });
  }

  private build(): Batch | undefined {
    const marks = this.host.marks();
    const marksRecord: LogRecord[] = marks.length > 0 ? [{ kind: "marks", marks }] : [];
    const marksBytes = marksRecord[0] ? recordLength(marksRecord[0]) : 0;
    // With the queue if that fits, else only what the checkpoint needs to make room.
    for (const queue of [this.queue, []]) {
      const urgentCount = this.fitting(this.urgent, marksBytes, this.ringBytes);
      const urgentBytes = bytesOf(this.urgent, urgentCount);
      const room = this.queueLimit() - this.liveBytes - BATCH_OVERHEAD_BYTES;
      const count = this.fitting(queue, marksBytes + urgentBytes, room);
      if (urgentCount + count === 0) continue;
      const length = batchLength(marksBytes + urgentBytes + bytesOf(queue, count));
      const position = this.placeFor(length, count > 0);
      if (position === undefined) continue;
      const freed = this.host.marksTaken(marks);
      const waiting = [...this.urgent.splice(0, urgentCount), ...queue.splice(0, count)];
      const records = [...marksRecord, ...waiting.map(({ record }) => record)];
      const place = { position, previousEnd: this.end, length, seed: this.seed };
      return { waiting, buffer: encodeBatch(records, place), position, freed };
    }
    return undefined;
  }

  /** How many of the queue's first records, one at least, fit into one batch that holds `taken` bytes already. */
  private fitting(queue: readonly Waiting[], taken: number, room: number): number {
    const bytesMax = Math.min(BATCH_BYTES_MAX, this.ringBytes / 8, room);
    let bytes = taken;
    let dataBytes = 0;
    let count = 0;
    for (const waiting of queue) {
      bytes += waiting.bytes;
      dataBytes += waiting.dataBytes;
      if (count + taken > 0 && (bytes > bytesMax || dataBytes > BATCH_DATA_BYTES_MAX)) break;
      count += 1;
    }
    return count;
  }

  private placeFor(length: number, leaveReserve: boolean): number | undefined {
    const within = this.end % this.ringBytes;
    const position =
      within + length > this.ringBytes ? this.end + this.ringBytes - within : this.end;
    const limit = leaveReserve ? this.queueLimit() : this.ringBytes;
    const fits = position + length - this.replayFrom <= limit;
    return fits ? position : undefined;
  }

  /** How much of the ring may be live with what the queue puts there now. */
  private queueLimit(): number {
    const limit = this.ringBytes - Math.min(this.ringBytes / 4, MARKS_RESERVE_BYTES_MAX);
    const progress = this.host.checkpointProgress();
    if (progress === undefined) return limit;
    const room = Math.max(0, limit - (this.cut - this.replayFrom));
    return limit - room * (1 - HEAD_START) * (1 - progress);
  }

  private async write({ waiting, buffer, position, freed }: Batch): Promise<void> {
    try {
      const writes = [{ position: JOURNAL_START + (position % this.ringBytes), data: [buffer] }];
      for (const { dataWrites } of waiting)
        writes.push(...dataWrites.map((each) => ({ ...each, data: [...each.data] })));
      await Promise.all(writes.map((each) => this.file.write(each.position, each.data)));
      const timed = this.metrics.syncSeconds.startTimer();
      await this.file.datasync();
      timed();
    } catch (thrown) {
      const error = toSystemError(thrown, "disk/failed");
      this.host.failed(error);
      for (const { reject } of waiting) reject(this.failure ?? error);
      return;
    }
    if (this.failure !== undefined) {
      for (const { reject } of waiting) reject(this.failure);
      return;
    }
    this.isTakingEffect = true;
    this.end = position + buffer.length;
    this.metrics.batches.inc();
    this.metrics.journalWritten.inc(buffer.length);
    this.host.released(freed);
    for (const { effect } of waiting) effect();
    this.isTakingEffect = false;
    for (const { resolve } of waiting) resolve();
  }
}

function bytesOf(queue: readonly Waiting[], count: number): number {
  let bytes = 0;
  for (let index = 0; index < count; index += 1) bytes += queue[index]?.bytes ?? 0;
  return bytes;
}
