// What stands in the logs and what is applied of them.
//
// R2 equal term and index mean equal logs up to there. R3 a leader's log holds all that was committed in
// earlier terms; the term of an entry may be earlier still (figure 8). R4 all members apply the same entry
// at the same index. R8 a snapshot is the state of its index. R9 equal index means equal state.
import { assert } from "@ashlar/core";
import type { Entry, Index, Term } from "../../types.ts";
import type { SimulatedMember } from "./simulated-member.ts";

const contentOf = ({ kind, data }: Entry): string =>
  data.length === 0 ? kind : `${kind} ${Buffer.from(data).toString("latin1")}`;

interface Applied {
  readonly term: Term;
  readonly content: string;
  readonly hash: number;
  /** The term in which it was committed. */
  readonly decidedIn: Term;
}

export class LogChecker {
  /** The highest index that any member applied. */
  applied: Index;
  private readonly entries = new Map<Index, Applied>();
  private readonly hashes = new Map<Index, number>();
  /** Of every entry ever written, by term and index: its content and the term before it. */
  private readonly written = new Map<Term, Map<Index, string>>();

  constructor(start: Index) {
    this.applied = start;
  }

  /** R2 by induction: an entry's name fixes its content and the name of the one before it. */
  sawWrite(entries: readonly Entry[], previous: Term | undefined): void {
    let before = previous;
    for (const entry of entries) {
      const { term, index } = entry;
      const content = `${before} ${contentOf(entry)}`;
      const ofTerm = this.written.get(term) ?? new Map<Index, string>();
      this.written.set(term, ofTerm);
      const other = ofTerm.get(index) ?? content;
      assert(other === content, `R2: two entries have term ${term} and index ${index}`);
      ofTerm.set(index, content);
      before = term;
    }
  }

  /** True for the first member that applies it. */
  sawApply(entry: Entry, hash: number, decidedIn: Term): boolean {
    const { index, term } = entry;
    const content = contentOf(entry);
    const other = this.entries.get(index);
    if (other !== undefined) {
      const same = other.term === term && other.content === content;
      assert(same, `R4: two entries are applied at ${index}`);
      assert(other.hash === hash, `R9: two states at ${index}`);
      return false;
    }
    assert(index === this.applied + 1, `R4: entry ${index} follows ${this.applied}`);
    this.entries.set(index, { term, content, hash, decidedIn });
    this.hashes.set(index, hash);
    this.applied = index;
    return true;
  }

  sawRestore(index: Index, hash: number): void {
    assert((this.hashes.get(index) ?? hash) === hash, `R8: the snapshot at ${index} differs`);
  }

  /** When a member begins to lead; all but its first own entry is on its disk by then. */
  sawLeader({ id, raft, disk }: SimulatedMember): void {
    const { term, firstIndex, lastIndex } = raft.state;
    for (const [index, applied] of this.entries) {
      if (applied.decidedIn >= term || index < firstIndex) continue;
      assert(index <= lastIndex, `R3: leader ${id} of term ${term} lacks ${index}`);
      const stable = index <= disk.storage.lastIndex();
      assert(!stable || disk.holds(index, applied.term), `R3: leader ${id} has another ${index}`);
    }
  }
}
