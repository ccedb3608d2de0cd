// The append thread of a member (raft/ready.ts): writes are made durable in the order in which they
// were handed over, all that gathers while one fsync runs shares the next, and only then do the answers
// leave that promise them (R5).
//
// A full disk is a passing state: nothing is promised, and the same write is made again until there is
// room. Any other failure ends the member: nobody knows what its disk holds before it is read again.
import { assert, hasCode, type SystemError, toSystemError } from "@ashlar/core";
import type { Entry, HardState, LogSnapshot, Message, MessageOf } from "@ashlar/raft";
import { type Clock, type Log, sleep } from "@ashlar/runtime";
import type { LogWrites } from "../log/raft-log-store.ts";
import type { LogMetrics } from "../metrics.ts";

export type StorageAppend = MessageOf<"storage-append">;

export interface AppendWorkerDeps {
  readonly write: (writes: LogWrites) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: LogMetrics;
}

export interface AppendWorkerEvents {
  /** `done` is durable, a snapshot in it too. */
  readonly onDurable: (done: readonly StorageAppend[]) => void;
  /** The disk has become full: told once, until something was written again. */
  readonly onNoSpace: (error: SystemError) => void;
  readonly onFatal: (error: SystemError) => void;
}

/** Bytes of entries in one write: bounds what a power cut can tear, and the time of one fsync. */
const WRITE_BYTES_MAX = 1024 * 1024;
/** Between tries for which nobody asks. */
const NO_SPACE_PAUSE_MS = 500;

export class AppendWorker {
  private readonly deps: AppendWorkerDeps;
  private readonly events: AppendWorkerEvents;
  private readonly stopped = new AbortController();
  private waiting: StorageAppend[] = [];
  private working: Promise<void> | undefined;
  private lack: SystemError | undefined;
  /** Who waits for a try that has not begun yet. */
  private asking: (() => void)[] = [];
  /** Set between two tries of a full disk. */
  private pause: AbortController | undefined;
  private beganMs: number | undefined;
  private failed = false;

  constructor(deps: AppendWorkerDeps, events: AppendWorkerEvents) {
    this.deps = deps;
    this.events = events;
  }

  /** Set while the disk is full. */
  get noSpace(): SystemError | undefined {
    return this.lack;
  }

  /**
   * Resolves when a full disk was tried once more, which begins at once: {@link noSpace} then says what
   * is true now, and nobody is refused for what was true half a second ago.
   */
  triedAgain(): Promise<void> {
    if (!this.lack || this.failed || this.stopped.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.asking.push(resolve);
      this.pause?.abort();
    });
  }

  /** Milliseconds for which the write under way has not become durable; 0 when there is none. */
  get pendingMs(): number {
    return this.beganMs === undefined ? 0 : this.deps.clock.nowMs() - this.beganMs;
  }

  add(append: StorageAppend): void {
    if (this.failed) return;
    this.waiting.push(append);
    this.working ??= this.work();
  }

  /** Ends after the write under way; what waits was never promised to anybody. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.working;
  }

  private async work(): Promise<void> {
    try {
      while (this.waiting.length > 0 && !this.stopped.signal.aborted) {
        const batch = takeBatch(this.waiting);
        this.beganMs = this.deps.clock.nowMs();
        const written = await this.written(batch);
        this.beganMs = undefined;
        if (written) this.events.onDurable(batch);
      }
    } catch (thrown) {
      this.failed = true;
      this.events.onFatal(toSystemError(thrown, "disk/failed"));
    }
    this.working = undefined;
    this.answer(this.asking.splice(0));
  }

  /** False if the worker was stopped before there was room. */
  private async written(batch: readonly StorageAppend[]): Promise<boolean> {
    const writes = mergeWrites(batch);
    const { clock, metrics } = this.deps;
    while (!this.stopped.signal.aborted) {
      const began = clock.nowMs();
      const asked = this.asking.splice(0);
      try {
        await this.deps.write(writes);
        metrics.fsyncSeconds.observe((clock.nowMs() - began) / 1000);
        this.lack = undefined;
        return true;
      } catch (thrown) {
        if (!hasCode(thrown, "disk/no-space")) throw thrown;
        if (!this.lack) {
          this.deps.log.error({ code: thrown.code, error: thrown }, "metadata log: disk is full");
          this.lack = thrown;
          this.events.onNoSpace(thrown);
        }
      } finally {
        this.answer(asked);
      }
      if (this.asking.length === 0) await this.pauseForRoom();
    }
    return false;
  }

  /** Ends early when someone asks, or the worker stops. */
  private async pauseForRoom(): Promise<void> {
    this.pause = new AbortController();
    const signal = AbortSignal.any([this.stopped.signal, this.pause.signal]);
    await sleep(this.deps.clock, NO_SPACE_PAUSE_MS, { signal }).catch(() => {});
    this.pause = undefined;
  }

  private answer(asked: readonly (() => void)[]): void {
    for (const resolve of asked) resolve();
  }
}

const sizeOf = ({ entries }: StorageAppend): number =>
  entries.reduce((sum, { data }) => sum + data.length, 0);

/** The longest head of `waiting` that is one write: a snapshot stands alone. */
export function takeBatch(waiting: StorageAppend[]): StorageAppend[] {
  let size = 0;
  let count = 0;
  for (const append of waiting) {
    size += sizeOf(append);
    if (count > 0 && (append.snapshot || waiting[0]?.snapshot || size > WRITE_BYTES_MAX)) break;
    count += 1;
  }
  return waiting.splice(0, count);
}

/** What is on the disk after all of `batch`: later entries take the place of earlier ones. */
export function mergeWrites(batch: readonly StorageAppend[]): LogWrites {
  let hardState: HardState | undefined;
  let snapshot: LogSnapshot | undefined;
  const entries: Entry[] = [];
  for (const append of batch) {
    hardState = append.hardState ?? hardState;
    snapshot = append.snapshot ?? snapshot;
    const first = append.entries[0];
    const start = entries[0];
    if (first && start) {
      assert(first.index <= start.index + entries.length, "appends leave no gap");
      entries.length = Math.max(0, first.index - start.index);
    }
    entries.push(...append.entries);
  }
  return { hardState, snapshot, entries };
}

/** Answers of `done`, in order. */
export const responsesOf = (done: readonly StorageAppend[]): readonly Message[] =>
  done.flatMap(({ responses }) => responses);
