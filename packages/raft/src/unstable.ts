// The tail of the log that is not known to be durable, and a received snapshot that is not yet. Entries
// [offset, inProgress) were handed to the host, those from inProgress on were not.
//
// A write in progress may be overtaken by a conflicting append of a later term; the tail then holds the
// newer entries, and only the acknowledgement of a write with their term moves them out (stableTo).
import { assert } from "@ashlar/core";
import type { Entry, EntryId, Index, LogSnapshot, Term } from "./types.ts";

export class Unstable {
  snapshot: LogSnapshot | undefined;
  entries: readonly Entry[] = [];
  /** Index of the first of `entries`: the durable log ends before it. */
  offset: Index;
  private snapshotInProgress = false;
  private inProgress: Index;

  constructor(offset: Index) {
    this.offset = offset;
    this.inProgress = offset;
  }

  /** Undefined if the durable log has to say. */
  get lastIndex(): Index | undefined {
    if (this.entries.length > 0) return this.offset + this.entries.length - 1;
    return this.snapshot?.index;
  }

  term(index: Index): Term | undefined {
    if (this.snapshot?.index === index) return this.snapshot.term;
    return index < this.offset ? undefined : this.entries[index - this.offset]?.term;
  }

  slice(from: Index, to: Index): readonly Entry[] {
    assert(from >= this.offset && to <= this.offset + this.entries.length, "entries are unstable");
    return this.entries.slice(from - this.offset, to - this.offset);
  }

  get nextEntries(): readonly Entry[] {
    return this.entries.slice(this.inProgress - this.offset);
  }

  get nextSnapshot(): LogSnapshot | undefined {
    return this.snapshotInProgress ? undefined : this.snapshot;
  }

  /** The host took what {@link nextEntries} and {@link nextSnapshot} gave. */
  accept(): void {
    this.inProgress = this.offset + this.entries.length;
    if (this.snapshot !== undefined) this.snapshotInProgress = true;
  }

  /** Entries up to `id` are durable, unless they have been overwritten meanwhile. */
  stableTo({ term, index }: EntryId): void {
    if (index < this.offset || this.term(index) !== term || this.snapshot?.index === index) return;
    this.entries = this.entries.slice(index + 1 - this.offset);
    this.offset = index + 1;
    this.inProgress = Math.max(this.inProgress, this.offset);
  }

  stableSnapshotTo(index: Index): void {
    if (this.snapshot?.index !== index) return;
    this.snapshot = undefined;
    this.snapshotInProgress = false;
  }

  restore(snapshot: LogSnapshot): void {
    this.offset = snapshot.index + 1;
    this.inProgress = this.offset;
    this.entries = [];
    this.snapshot = snapshot;
    this.snapshotInProgress = false;
  }

  /** Appends; entries from the first new index on are replaced. */
  append(entries: readonly Entry[]): void {
    const first = entries[0]?.index;
    if (first === undefined) return;
    assert(first <= this.offset + this.entries.length, "the log has no gap");
    if (first <= this.offset) {
      // What was durable from here on will be written over.
      this.entries = entries;
      this.offset = first;
      this.inProgress = first;
    } else {
      this.entries = [...this.entries.slice(0, first - this.offset), ...entries];
      this.inProgress = Math.min(this.inProgress, first);
    }
  }
}
