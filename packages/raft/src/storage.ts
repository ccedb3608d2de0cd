// The port through which the core reads the durable log, and an implementation in memory. The core
// never writes: what is to be written is handed out by `ready`, and the host makes it visible here when
// it is durable. Calls are synchronous, so a host keeps the log since the last snapshot in memory.
import { assert } from "@ashlar/core";
import {
  type Entry,
  HARD_STATE_ZERO,
  type HardState,
  type Index,
  type LogSnapshot,
  limitSize,
  type MembershipState,
  type Term,
} from "./types.ts";

export interface InitialState {
  readonly hardState: HardState;
  /** As of the last snapshot, or as of the last applied entry if the host knows better. */
  readonly membership: MembershipState;
}

export interface RaftStorage {
  initialState(): InitialState;
  /** Index of the first entry that can be read: one after the last compacted one. */
  firstIndex(): Index;
  lastIndex(): Index;
  /** Undefined if compacted away or not there yet; firstIndex - 1 still has its term. */
  term(index: Index): Term | undefined;
  /** Entries from `from` up to and without `to`, at least one, as long as `sizeMax` allows. */
  entries(from: Index, to: Index, sizeMax: number): readonly Entry[];
  /** The latest snapshot, or undefined while it is being made. */
  snapshot(): LogSnapshot | undefined;
}

export const MEMBERSHIP_EMPTY: MembershipState = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

const SNAPSHOT_ZERO: LogSnapshot = {
  version: 1,
  index: 0,
  term: 0,
  membership: MEMBERSHIP_EMPTY,
  data: new Uint8Array(0),
};

/** A log in memory: for tests and simulation, and as the readable part of a durable one. */
export class MemoryStorage implements RaftStorage {
  private hardState = HARD_STATE_ZERO;
  private latest = SNAPSHOT_ZERO;
  /** Name of the entry before `log`: compaction removed it and all before. */
  private compacted: { readonly index: Index; readonly term: Term } = SNAPSHOT_ZERO;
  private log: Entry[] = [];

  initialState(): InitialState {
    return { hardState: this.hardState, membership: this.latest.membership };
  }

  firstIndex(): Index {
    return this.compacted.index + 1;
  }

  lastIndex(): Index {
    return this.compacted.index + this.log.length;
  }

  term(index: Index): Term | undefined {
    if (index === this.compacted.index) return this.compacted.term;
    return this.log[index - this.firstIndex()]?.term;
  }

  entries(from: Index, to: Index, sizeMax: number): readonly Entry[] {
    assert(from >= this.firstIndex() && to <= this.lastIndex() + 1, "entries are in the log");
    const first = this.firstIndex();
    return limitSize(this.log.slice(from - first, to - first), sizeMax);
  }

  snapshot(): LogSnapshot | undefined {
    return this.latest;
  }

  setHardState(hardState: HardState): void {
    this.hardState = hardState;
  }

  /** Appends, and cuts off what the first of `entries` contradicts. */
  append(entries: readonly Entry[]): void {
    const readable = entries.filter(({ index }) => index >= this.firstIndex());
    const first = readable[0];
    if (first === undefined) return;
    assert(first.index <= this.lastIndex() + 1, "the log has no gap");
    this.log.length = first.index - this.firstIndex();
    this.log.push(...readable);
  }

  /** Forgets the entries up to `index`, which a snapshot covers. */
  compact(index: Index): void {
    const term = this.term(index);
    assert(index >= this.compacted.index && term !== undefined, "the log is compacted forwards");
    this.log = this.log.slice(index - this.compacted.index);
    this.compacted = { index, term };
  }

  /** The host's own snapshot of an applied state; the log stays. */
  setSnapshot(snapshot: LogSnapshot): void {
    assert(snapshot.index >= this.latest.index, "snapshots rise");
    this.latest = snapshot;
  }

  /** A snapshot received from a leader: it takes the place of the whole log. */
  applySnapshot(snapshot: LogSnapshot): void {
    this.setSnapshot(snapshot);
    this.compacted = { index: snapshot.index, term: snapshot.term };
    this.log = [];
  }
}
