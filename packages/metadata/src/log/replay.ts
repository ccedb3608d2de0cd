// What segments and a snapshot say together: the log as it was promised. Pure.
//
// The segments are replayed in order. Each begins by saying where the log stood when it was made, so
// replay may begin at any of them that the snapshot reaches; and one that does not continue what was
// read before it is where the log began anew, after a snapshot received from a leader. Anything else
// is a hole.
import { SystemError } from "@ashlar/core";
import { type Entry, type EntryId, HARD_STATE_ZERO, type HardState } from "@ashlar/raft";
import type { FoundSegment, SegmentStart } from "./segment.ts";

export interface ReplayedLog {
  readonly hardState: HardState;
  /** Name of the entry before the first one. */
  readonly before: EntryId;
  readonly entries: readonly Entry[];
  /** The log is another than the segments say: it has to begin anew after the snapshot. */
  readonly restarts: boolean;
}

/** @throws SystemError disk/corrupt for a log with a hole. */
export function replay(segments: readonly FoundSegment[], snapshot: EntryId): ReplayedLog {
  const log = new Replay(snapshot.index);
  for (const { path, start, frames } of segments) {
    log.begin(start, path);
    for (const { hardState, entries } of frames) {
      log.hardState = hardState ?? log.hardState;
      for (const entry of entries) log.take(entry, path);
    }
  }
  // The log ends before the snapshot or contradicts it: the crash came after a received snapshot was
  // kept and before the log began anew.
  const restarts = !log.has(snapshot);
  if (restarts) log.restart(snapshot);
  return { ...log.settled(snapshot, segments.at(-1)?.path ?? ""), restarts };
}

class Replay {
  hardState = HARD_STATE_ZERO;
  private before: EntryId = { term: 0, index: 0 };
  private entries: Entry[] = [];
  private readonly snapshotIndex: number;

  constructor(snapshotIndex: number) {
    this.snapshotIndex = snapshotIndex;
  }

  begin({ hardState, last }: SegmentStart, path: string): void {
    this.hardState = hardState;
    if (this.has(last)) this.entries.length = last.index - this.before.index;
    else if (last.index <= this.snapshotIndex) this.restart(last);
    else throw hole(path);
  }

  take(entry: Entry, path: string): void {
    const { term, index } = entry;
    if (index > this.lastIndex + 1) throw hole(path);
    if (index <= this.before.index) {
      this.restart({ term, index });
      return;
    }
    this.entries.length = index - this.before.index - 1;
    this.entries.push(entry);
  }

  has({ term, index }: EntryId): boolean {
    const { before } = this;
    const found = index === before.index ? before : this.entries[index - before.index - 1];
    return found?.term === term;
  }

  restart({ term, index }: EntryId): void {
    this.before = { term, index };
    this.entries = [];
  }

  /**
   * What a snapshot holds was committed, and in a term not above ours: a crash between keeping a
   * received snapshot and its hard state leaves the two apart.
   */
  settled(snapshot: EntryId, path: string): Omit<ReplayedLog, "restarts"> {
    const { before, entries, hardState } = this;
    const commit = Math.max(hardState.commit, snapshot.index);
    if (commit > this.lastIndex) throw hole(path);
    const term = entries.at(-1)?.term ?? before.term;
    const state = term > hardState.term ? { term, vote: 0 } : hardState;
    return { before, entries, hardState: { ...state, commit } };
  }

  private get lastIndex(): number {
    return this.before.index + this.entries.length;
  }
}

const hole = (path: string): SystemError =>
  new SystemError("disk/corrupt", `entries are missing in or before ${path}`, {
    path,
    hint: "the member has to join its group again, with an empty folder",
  });
