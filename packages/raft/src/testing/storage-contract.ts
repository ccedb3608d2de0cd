// What every RaftStorage must show of what its host wrote; run by each implementation's test.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MEMBERSHIP_EMPTY, type RaftStorage } from "../storage.ts";
import {
  type Entry,
  entriesSize,
  HARD_STATE_ZERO,
  type HardState,
  type Index,
  LOG_VERSION,
  type LogSnapshot,
  type Term,
} from "../types.ts";

export interface StorageWrites {
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
  /** Received: takes the place of the whole log before `entries`. */
  readonly snapshot: LogSnapshot | undefined;
}

export interface StorageFixture {
  /** Of a member that has written nothing yet. */
  readonly storage: RaftStorage;
  /** As the host does what a Ready asks. */
  readonly write: (writes: StorageWrites) => Promise<void>;
  /** As the host keeps its own snapshot and compacts up to `entriesKept` entries before it. */
  readonly saveSnapshot: (snapshot: LogSnapshot, entriesKept: number) => Promise<void>;
  readonly dispose: () => Promise<void>;
}

export const entryAt = (index: Index, term: Term, text = `${term}.${index}`): Entry => ({
  version: LOG_VERSION,
  kind: "normal",
  term,
  index,
  data: Buffer.from(text),
});

/** Entries [from, to] of one term. */
export const entriesOf = (from: Index, to: Index, term: Term): Entry[] =>
  Array.from({ length: to - from + 1 }, (_, at) => entryAt(from + at, term));

export const snapshotAt = (index: Index, term: Term, text = `${term}.${index}`): LogSnapshot => ({
  version: LOG_VERSION,
  index,
  term,
  membership: { ...MEMBERSHIP_EMPTY, voters: [1, 2, 3] },
  data: Buffer.from(text),
});

const UNLIMITED = Number.MAX_SAFE_INTEGER;

export function storageContract(name: string, open: () => Promise<StorageFixture>): void {
  describe(`${name} keeps the RaftStorage contract`, () => {
    let fixture: StorageFixture;
    beforeEach(async () => {
      fixture = await open();
    });
    afterEach(() => fixture.dispose());
    const write = (writes: Partial<StorageWrites>): Promise<void> =>
      fixture.write({ hardState: undefined, entries: [], snapshot: undefined, ...writes });
    const all = (): readonly Entry[] => {
      const { storage } = fixture;
      return storage.entries(storage.firstIndex(), storage.lastIndex() + 1, UNLIMITED);
    };

    test("a new one is empty: the entry before the first has term 0", () => {
      const { storage } = fixture;
      expect([storage.firstIndex(), storage.lastIndex()]).toEqual([1, 0]);
      expect([storage.term(0), storage.term(1)]).toEqual([0, undefined]);
      expect(storage.initialState()).toEqual({
        hardState: HARD_STATE_ZERO,
        membership: MEMBERSHIP_EMPTY,
      });
      expect(storage.snapshot()).toMatchObject({ index: 0, term: 0 });
    });

    test("shows the hard state and the entries that were written", async () => {
      const hardState = { term: 2, vote: 3, commit: 1 };
      await write({ hardState, entries: [...entriesOf(1, 2, 1), ...entriesOf(3, 4, 2)] });
      const { storage } = fixture;
      expect(storage.initialState().hardState).toEqual(hardState);
      expect([storage.firstIndex(), storage.lastIndex()]).toEqual([1, 4]);
      expect([0, 1, 2, 3, 4, 5].map((index) => storage.term(index))).toEqual([
        0,
        1,
        1,
        2,
        2,
        undefined,
      ]);
      expect(storage.entries(2, 4, UNLIMITED)).toEqual([entryAt(2, 1), entryAt(3, 2)]);
    });

    test("a write without a hard state leaves it, one without entries leaves them", async () => {
      await write({ hardState: { term: 1, vote: 2, commit: 0 }, entries: entriesOf(1, 2, 1) });
      await write({ entries: entriesOf(3, 3, 1) });
      await write({ hardState: { term: 1, vote: 2, commit: 3 } });
      expect(fixture.storage.initialState().hardState).toEqual({ term: 1, vote: 2, commit: 3 });
      expect(all()).toEqual(entriesOf(1, 3, 1));
    });

    test("an entry cuts off the tail that it contradicts", async () => {
      await write({ entries: entriesOf(1, 5, 1) });
      await write({ entries: [entryAt(3, 2)] });
      expect(all()).toEqual([...entriesOf(1, 2, 1), entryAt(3, 2)]);
      expect(fixture.storage.term(4)).toBeUndefined();
      await write({ entries: [entryAt(4, 2), entryAt(5, 2)] });
      expect(fixture.storage.lastIndex()).toBe(5);
    });

    test("gives as many entries as the limit allows, but one at least", async () => {
      const entries = entriesOf(1, 4, 1);
      await write({ entries });
      const { storage } = fixture;
      expect(storage.entries(1, 5, 0)).toEqual(entries.slice(0, 1));
      expect(storage.entries(1, 5, entriesSize(entries.slice(0, 3)))).toEqual(entries.slice(0, 3));
      expect(storage.entries(1, 5, entriesSize(entries) - 1)).toEqual(entries.slice(0, 3));
    });

    test("its own snapshot hides the entries before the kept ones, and no other", async () => {
      await write({ hardState: { term: 2, vote: 0, commit: 6 }, entries: entriesOf(1, 8, 2) });
      await fixture.saveSnapshot(snapshotAt(6, 2), 2);
      const { storage } = fixture;
      expect([storage.firstIndex(), storage.lastIndex()]).toEqual([5, 8]);
      expect([storage.term(3), storage.term(4), storage.term(5)]).toEqual([undefined, 2, 2]);
      expect(all()).toEqual(entriesOf(5, 8, 2));
      expect(storage.snapshot()).toEqual(snapshotAt(6, 2));
      expect(storage.initialState().membership.voters).toEqual([1, 2, 3]);
    });

    test("keeps all entries if fewer are there than are to be kept", async () => {
      await write({ entries: entriesOf(1, 3, 1) });
      await fixture.saveSnapshot(snapshotAt(2, 1), 10);
      expect(all()).toEqual(entriesOf(1, 3, 1));
      await fixture.saveSnapshot(snapshotAt(3, 1), 0);
      expect([fixture.storage.firstIndex(), fixture.storage.lastIndex()]).toEqual([4, 3]);
      expect(fixture.storage.term(3)).toBe(1);
    });

    test("a received snapshot takes the place of the log, and entries follow it", async () => {
      await write({ hardState: { term: 1, vote: 1, commit: 2 }, entries: entriesOf(1, 4, 1) });
      await write({ hardState: { term: 5, vote: 0, commit: 9 }, snapshot: snapshotAt(9, 4) });
      const { storage } = fixture;
      expect([storage.firstIndex(), storage.lastIndex()]).toEqual([10, 9]);
      expect([storage.term(4), storage.term(9)]).toEqual([undefined, 4]);
      expect(storage.snapshot()).toEqual(snapshotAt(9, 4));
      expect(storage.initialState().membership.voters).toEqual([1, 2, 3]);
      await write({ entries: entriesOf(10, 11, 5) });
      expect(all()).toEqual(entriesOf(10, 11, 5));
    });

    test("a received snapshot may come with the entries after it", async () => {
      await write({ entries: entriesOf(1, 2, 1) });
      await write({ snapshot: snapshotAt(9, 4), entries: entriesOf(10, 12, 5) });
      expect(all()).toEqual(entriesOf(10, 12, 5));
      expect(fixture.storage.term(9)).toBe(4);
    });
  });
}
