// The state machine behind the log: the catalog. Entries go in, results come out; it neither knows nor
// asks who leads.
import {
  type Applied,
  applyProposal,
  type CatalogState,
  decodeProposal,
  decodeState,
  emptyState,
  encodeStateInParts,
  stateFormatOf,
  stateHash,
} from "@ashlar/catalog";
import { assert, SystemError } from "@ashlar/core";
import type { Entry, LogSnapshot, RaftStorage } from "@ashlar/raft";

const NOTHING: Applied = { changes: [], result: { kind: "done", value: null } };

export class CatalogMachine {
  private current: CatalogState = emptyState();

  get state(): CatalogState {
    return this.current;
  }

  get appliedIndex(): number {
    return this.current.view.appliedIndex;
  }

  /** Applies the next entry; a leader's empty first one and changes of the membership only count. */
  apply(entry: Entry): Applied {
    const { index, kind, data } = entry;
    assert(index === this.appliedIndex + 1, `R4: entry ${index} follows ${this.appliedIndex}`);
    if (kind !== "normal" || data.length === 0) {
      this.current.view.apply([], index);
      return NOTHING;
    }
    return applyProposal(this.current, decodeProposal(Buffer.from(data)), index);
  }

  /** Becomes the state of a snapshot. @throws SystemError disk/corrupt: written by another version. */
  restore({ index, data }: LogSnapshot): void {
    try {
      const state = decodeState(Buffer.from(data));
      assert(state.view.appliedIndex === index, "R8: a snapshot holds the state at its index");
      this.current = state;
    } catch (thrown) {
      throw new SystemError(
        "disk/corrupt",
        `the catalog's snapshot at ${index} cannot be read: ${String(thrown)}`,
        { hint: "it was written by a newer version, or is damaged" },
        thrown,
      );
    }
  }

  /**
   * The state as of the call; the work pauses often.
   * @param format that all who may get it read. A state that it cannot say is written in the oldest one that can.
   */
  encode(format: number): Generator<void, Buffer, undefined> {
    const needed = Math.max(format, stateFormatOf(this.current));
    return encodeStateInParts(this.current, needed);
  }

  /** Equal on all members at an equal index (R9). */
  get hash(): number {
    return stateHash(this.current);
  }
}

/** What a member begins with: its newest snapshot, or nothing. @throws SystemError disk/corrupt. */
export function restoreFrom(storage: Pick<RaftStorage, "snapshot">, machine: CatalogMachine): void {
  const snapshot = storage.snapshot();
  if (snapshot && snapshot.index > 0) machine.restore(snapshot);
}
