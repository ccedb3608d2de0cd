// One member's disk. A write becomes durable when its fsync returns, and only then is it visible to the
// core. A crash in between leaves any head of it: records are appended one after another, and a torn one is
// cut. A record is an entry together with the term and vote of its write, and with its commit index as far
// as the record reaches: a commit index must not outlive the entries that it is about, since what they were
// to replace would count as committed. A commit index that was written without fsync may be lost as well. A
// snapshot is a file of its own, renamed into place: all of it or nothing.
import type { RaftStorage } from "../../storage.ts";
import { MemoryStorage } from "../../storage.ts";
import type { Entry, HardState, Index, LogSnapshot, Term } from "../../types.ts";
import { chance, type Draw } from "./random.ts";

export interface Writes {
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
  readonly snapshot: LogSnapshot | undefined;
}

/** What became of a write that a crash overtook. */
export type CrashOutcome = "nothing-lost" | "write-lost" | "write-torn";

export class SimulatedDisk {
  private readonly durable = new MemoryStorage();
  /** The hard state of the last fsync. */
  private synced: HardState;
  private inFlight: readonly Writes[] = [];

  constructor(start: LogSnapshot | undefined) {
    if (start !== undefined) this.durable.applySnapshot(start);
    this.synced = this.durable.initialState().hardState;
  }

  get storage(): RaftStorage {
    return this.durable;
  }

  get snapshot(): LogSnapshot {
    return this.durable.snapshot()!;
  }

  /** Term and vote as a crash would leave them. */
  get hardState(): HardState {
    return this.synced;
  }

  /** Whether a crash would leave the entry, or a snapshot that covers it. */
  holds(index: Index, term: Term | undefined): boolean {
    if (index < this.durable.firstIndex() - 1) return true;
    return index <= this.durable.lastIndex() && this.durable.term(index) === term;
  }

  /** One fsync, which returns with {@link finish}, for all of `writes`. */
  begin(writes: readonly Writes[]): void {
    this.inFlight = writes;
  }

  finish(written: (writes: Writes) => void): void {
    for (const writes of this.inFlight) {
      this.write(writes, writes.entries.length);
      written(writes);
    }
    this.inFlight = [];
    this.synced = this.durable.initialState().hardState;
  }

  /** Of a commit index alone, which can be learned anew. */
  writeUnsynced(hardState: HardState): void {
    this.durable.setHardState(hardState);
  }

  crash(draw: Draw): CrashOutcome {
    const lost = this.inFlight;
    this.inFlight = [];
    if (chance(draw, 500)) this.durable.setHardState(this.synced);
    const kept = draw(lost.length + 1);
    for (const writes of lost.slice(0, kept)) this.write(writes, writes.entries.length);
    const next = lost[kept];
    const isTorn = next !== undefined && next.entries.length > 0 && chance(draw, 500);
    if (isTorn) this.tear(next, draw(next.entries.length));
    this.cutCommit();
    if (next === undefined) return "nothing-lost";
    return isTorn ? "write-torn" : "write-lost";
  }

  compact(snapshot: LogSnapshot, entriesKept: number): void {
    this.durable.setSnapshot(snapshot);
    const index = snapshot.index - entriesKept;
    if (index >= this.durable.firstIndex()) this.durable.compact(index);
  }

  private write({ hardState, entries, snapshot }: Writes, kept: number): void {
    if (hardState !== undefined) this.durable.setHardState(hardState);
    if (snapshot !== undefined && snapshot.index > this.snapshot.index) {
      this.durable.applySnapshot(snapshot);
    }
    this.durable.append(entries.slice(0, kept));
  }

  private tear(writes: Writes, kept: number): void {
    const { hardState, entries } = writes;
    const reach = (entries[0]?.index ?? 0) - 1 + kept;
    const before = this.durable.initialState().hardState.commit;
    const commit = Math.max(before, Math.min(hardState?.commit ?? 0, reach));
    this.write({ ...writes, hardState: hardState && { ...hardState, commit } }, kept);
  }

  /** A commit index beyond a torn log is of no use. */
  private cutCommit(): void {
    const { hardState } = this.durable.initialState();
    const commit = Math.min(hardState.commit, this.durable.lastIndex());
    this.durable.setHardState({ ...hardState, commit });
    this.synced = this.durable.initialState().hardState;
  }
}
