// One member's log (Raft 5.3): the unstable tail over the stable part in storage, and the two indexes
// that only rise:
//
//   applied <= applying <= committed <= lastIndex
//
// `applying` runs ahead of `applied` while the host works, within a limit of bytes. What is committed is
// never changed (R3, R4): a conflicting append below the commit index is a broken invariant.
import { assert } from "@ashlar/core";
import type { RaftStorage } from "./storage.ts";
import {
  type Entry,
  type EntryId,
  entriesSize,
  type Index,
  type LogSnapshot,
  limitSize,
  type Term,
} from "./types.ts";
import { Unstable } from "./unstable.ts";

const UNLIMITED = Number.POSITIVE_INFINITY;

export class RaftLog {
  committed: Index;
  applied: Index;
  private applying: Index;
  private applyingBytes = 0;
  private applyingPaused = false;
  private readonly unstable: Unstable;
  private readonly storage: RaftStorage;
  private readonly applyingBytesMax: number;

  constructor(storage: RaftStorage, applyingBytesMax: number) {
    this.storage = storage;
    this.applyingBytesMax = applyingBytesMax;
    this.unstable = new Unstable(storage.lastIndex() + 1);
    this.committed = storage.firstIndex() - 1;
    this.applied = this.committed;
    this.applying = this.committed;
  }

  get firstIndex(): Index {
    const { snapshot } = this.unstable;
    return snapshot === undefined ? this.storage.firstIndex() : snapshot.index + 1;
  }

  get lastIndex(): Index {
    return this.unstable.lastIndex ?? this.storage.lastIndex();
  }

  get last(): EntryId {
    const term = this.term(this.lastIndex);
    assert(term !== undefined, "the last entry has a term");
    return { term, index: this.lastIndex };
  }

  /** Undefined for entries that are compacted away or not there. */
  term(index: Index): Term | undefined {
    const unstable = this.unstable.term(index);
    if (unstable !== undefined) return unstable;
    if (index < this.firstIndex - 1 || index > this.lastIndex) return undefined;
    return this.storage.term(index);
  }

  matches({ term, index }: EntryId): boolean {
    return this.term(index) === term;
  }

  /** The vote's condition (Raft 5.4.1): a later last term, or the same and not a shorter log. */
  isUpToDate(other: EntryId): boolean {
    const { term, index } = this.last;
    return other.term > term || (other.term === term && other.index >= index);
  }

  /** Entries [from, to) as far as `sizeMax` allows; undefined if some are compacted away. */
  entries(from: Index, to: Index, sizeMax = UNLIMITED): readonly Entry[] | undefined {
    if (from < this.firstIndex) return undefined;
    assert(to <= this.lastIndex + 1, "entries are in the log");
    if (from >= to) return [];
    const { offset } = this.unstable;
    const stable = from < offset ? this.storage.entries(from, Math.min(to, offset), sizeMax) : [];
    const reached = from + stable.length;
    if (reached < Math.min(to, offset) || to <= offset) return stable;
    const tail = this.unstable.slice(Math.max(from, offset), to);
    return stable.length === 0
      ? limitSize(tail, sizeMax)
      : limitSize([...stable, ...tail], sizeMax);
  }

  /** Adds a leader's own entries at the end. */
  append(entries: readonly Entry[]): Index {
    const first = entries[0];
    if (first !== undefined) assert(first.index > this.committed, "R4: committed entries stay");
    this.unstable.append(entries);
    return this.lastIndex;
  }

  /**
   * AppendEntries of a follower (Raft 5.3): the new last common index, or undefined if the previous
   * entry is not there. Entries that are there already are not touched.
   */
  maybeAppend(previous: EntryId, entries: readonly Entry[], commit: Index): Index | undefined {
    if (!this.matches(previous)) return undefined;
    const lastNew = previous.index + entries.length;
    const conflict = entries.findIndex((entry) => !this.matches(entry));
    if (conflict >= 0) this.append(entries.slice(conflict));
    this.commitTo(Math.min(commit, lastNew));
    return lastNew;
  }

  /**
   * The highest entry at or below `index` whose term is at most `term`: where two logs may meet, if
   * one of them has `term` at `index`. The term is 0 where it is not known any more.
   */
  findConflict(index: Index, term: Term): EntryId {
    for (let at = index; at > 0; at -= 1) {
      const ours = this.term(at);
      if (ours === undefined) return { index: at, term: 0 };
      if (ours <= term) return { index: at, term: ours };
    }
    return { index: 0, term: 0 };
  }

  commitTo(index: Index): void {
    if (index <= this.committed) return;
    assert(index <= this.lastIndex, "what is committed is in the log");
    this.committed = index;
  }

  /** Commits by counting, entries of the given term only (Raft 5.4.2, figure 8). */
  maybeCommit({ term, index }: EntryId): boolean {
    if (index <= this.committed || !this.matches({ term, index })) return false;
    this.commitTo(index);
    return true;
  }

  /** A received snapshot takes the place of everything (Raft 7). */
  restore(snapshot: LogSnapshot): void {
    assert(snapshot.index > this.committed, "a snapshot is ahead of the commit index");
    this.committed = snapshot.index;
    this.unstable.restore(snapshot);
  }

  // What the host has to write.

  get nextUnstable(): readonly Entry[] {
    return this.unstable.nextEntries;
  }

  get nextSnapshot(): LogSnapshot | undefined {
    return this.unstable.nextSnapshot;
  }

  get hasUnstableEntries(): boolean {
    return this.unstable.entries.length > 0;
  }

  get hasUnstableSnapshot(): boolean {
    return this.unstable.snapshot !== undefined;
  }

  acceptUnstable(): void {
    this.unstable.accept();
  }

  stableTo(id: EntryId): void {
    this.unstable.stableTo(id);
  }

  snapshotStable({ index }: LogSnapshot): void {
    this.unstable.stableSnapshotTo(index);
    this.appliedTo(Math.max(index, this.applied), 0);
  }

  snapshot(): LogSnapshot | undefined {
    return this.unstable.snapshot ?? this.storage.snapshot();
  }

  // What the host has to apply.

  /** Committed entries to apply next; unstable ones only if the host writes before it applies. */
  nextCommitted(allowUnstable: boolean): readonly Entry[] {
    if (this.applyingPaused || this.hasUnstableSnapshot) return [];
    const from = this.applying + 1;
    const to = this.appliableTo(allowUnstable) + 1;
    if (from >= to) return [];
    const entries = this.entries(from, to, this.applyingBytesMax - this.applyingBytes);
    assert(entries !== undefined, "entries are compacted after they were applied");
    return entries;
  }

  acceptCommitted(entries: readonly Entry[], allowUnstable: boolean): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    assert(last.index <= this.committed, "R4: only committed entries are applied");
    this.applying = last.index;
    this.applyingBytes += entriesSize(entries);
    this.applyingPaused =
      this.applyingBytes >= this.applyingBytesMax || last.index < this.appliableTo(allowUnstable);
  }

  appliedTo(index: Index, bytes: number): void {
    assert(index >= this.applied && index <= this.committed, "applied rises up to committed");
    this.applied = index;
    this.applying = Math.max(this.applying, index);
    this.applyingBytes = Math.max(0, this.applyingBytes - bytes);
    this.applyingPaused = this.applyingBytes >= this.applyingBytesMax;
  }

  private appliableTo(allowUnstable: boolean): Index {
    return allowUnstable ? this.committed : Math.min(this.committed, this.unstable.offset - 1);
  }
}
