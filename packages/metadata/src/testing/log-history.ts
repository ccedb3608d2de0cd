// Random histories of a member's log, as a core would ask for them: terms rise, what is committed is
// never overwritten, snapshots are of committed entries. The model is what must be there afterwards.
import {
  type Entry,
  HARD_STATE_ZERO,
  type HardState,
  type LogSnapshot,
  MemoryStorage,
} from "@ashlar/raft";
import { entryAt, snapshotAt } from "@ashlar/raft/testing";
import fc from "fast-check";
import type { LogWrites } from "../log/raft-log-store.ts";

/** Numbers that mean something only where the log stands. */
export interface Draft {
  readonly kind: "append" | "receive" | "own";
  readonly cut: number;
  readonly count: number;
  readonly commit: number;
  readonly electing: boolean;
}

export const drafts: fc.Arbitrary<Draft[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("append", "append", "append", "own", "receive"),
    cut: fc.nat(3),
    count: fc.nat(4),
    commit: fc.nat(4),
    electing: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);

export type Step =
  | { readonly kind: "write"; readonly writes: LogWrites }
  | { readonly kind: "own"; readonly snapshot: LogSnapshot; readonly entriesKept: number };

/** A log that forgets no entry by itself, so that it shows all that a store may still show. */
export class LogModel {
  readonly hardState: HardState;
  readonly snapshot: LogSnapshot;
  readonly entries: readonly Entry[];

  private constructor(hardState: HardState, snapshot: LogSnapshot, entries: readonly Entry[]) {
    this.hardState = hardState;
    this.snapshot = snapshot;
    this.entries = entries;
  }

  static empty(): LogModel {
    return new LogModel(HARD_STATE_ZERO, new MemoryStorage().snapshot() ?? snapshotAt(0, 0), []);
  }

  get lastIndex(): number {
    return this.entries.at(-1)?.index ?? this.snapshot.index;
  }

  termOf(wanted: number): number | undefined {
    if (wanted === this.snapshot.index) return this.snapshot.term;
    return this.entries.find(({ index }) => index === wanted)?.term;
  }

  after(step: Step): LogModel {
    if (step.kind === "own") return new LogModel(this.hardState, step.snapshot, this.entries);
    const { hardState = this.hardState, snapshot = this.snapshot, entries } = step.writes;
    const first = entries[0]?.index ?? Number.POSITIVE_INFINITY;
    const kept = step.writes.snapshot ? [] : this.entries.filter(({ index }) => index < first);
    return new LogModel(hardState, snapshot, [...kept, ...entries]);
  }

  /** After a crash that came when a received snapshot was kept and the log had not begun anew. */
  afterSnapshotOnly(snapshot: LogSnapshot): LogModel {
    const { index, term } = snapshot;
    const entries = this.termOf(index) === term ? this.entries : [];
    const lastTerm = entries.at(-1)?.term ?? term;
    const { hardState } = this;
    const state = lastTerm > hardState.term ? { term: lastTerm, vote: 0 } : hardState;
    const commit = Math.max(hardState.commit, index);
    return new LogModel({ ...state, commit }, snapshot, entries);
  }

  /** What the draft means here, undefined if it means nothing. */
  step(draft: Draft): Step | undefined {
    return STEP[draft.kind](this, draft);
  }
}

const STEP: Readonly<Record<Draft["kind"], (log: LogModel, draft: Draft) => Step | undefined>> = {
  append: (log, { cut, count, commit: rise, electing }) => {
    const { hardState, lastIndex } = log;
    const from = Math.max(hardState.commit, lastIndex - cut) + 1;
    const overwrites = from <= lastIndex;
    const term = hardState.term + (electing || overwrites || hardState.term === 0 ? 1 : 0);
    const entries = Array.from({ length: count }, (_, at) => entryAt(from + at, term));
    const last = entries.at(-1)?.index ?? lastIndex;
    const commit = Math.min(last, hardState.commit + rise);
    const changed = term !== hardState.term || commit !== hardState.commit;
    const next = changed ? { term, vote: term % 4, commit } : undefined;
    return { kind: "write", writes: { hardState: next, entries, snapshot: undefined } };
  },
  receive: ({ hardState }, { cut, count }) => {
    const term = hardState.term + 1;
    const index = hardState.commit + 1 + cut;
    const entries = Array.from({ length: count }, (_, at) => entryAt(index + 1 + at, term));
    const next = { term, vote: 0, commit: index };
    return {
      kind: "write",
      writes: { hardState: next, entries, snapshot: snapshotAt(index, term) },
    };
  },
  own: (log, { cut, count }) => {
    const index = log.hardState.commit - cut;
    const term = log.termOf(index);
    if (term === undefined || index <= log.snapshot.index) return undefined;
    return { kind: "own", snapshot: snapshotAt(index, term), entriesKept: count };
  },
};
