// The invariants of a group, told what each member does and asked after every step.
//
// R1 one leader a term; one vote a member and term. R2 equal term and index mean equal logs up to there.
// R3 a new leader's log holds all that was applied before. R4 all members apply the same entry at the
// same index. R7 a read is answered at an index not below what was applied anywhere when it was asked.
// R9 equal state at equal index.
import { assert } from "@ashlar/core";
import type { Message } from "../../messages.ts";
import type { Raft } from "../../raft.ts";
import type { RaftStorage } from "../../storage.ts";
import type { Entry, EntryId, Index, MemberId, Term } from "../../types.ts";

const nameOf = ({ term, kind, data }: Entry): string =>
  `${term} ${kind} ${Buffer.from(data).toString("latin1")}`;

export class GroupChecker {
  /** The highest index that any member applied. */
  applied: Index = 0;
  private readonly leaders = new Map<Term, MemberId>();
  private readonly votes = new Map<string, MemberId>();
  private readonly entries = new Map<Index, string>();
  private readonly terms = new Map<Index, Term>();
  private readonly states = new Map<Index, string>();
  private readonly reads = new Map<string, Index>();
  /** Of every index and term ever written: what stood there, and the term before it. */
  private readonly written = new Map<string, string>();
  readsAnswered = 0;

  sawSend(message: Message): void {
    if (message.kind !== "request-vote-response" || message.preVote || message.reject) return;
    const key = `${message.from} ${message.term}`;
    const before = this.votes.get(key) ?? message.to;
    assert(before === message.to, `R1: member ${message.from} votes twice in term ${message.term}`);
    this.votes.set(key, message.to);
  }

  /** R2 by induction: an entry's name fixes its content and the name of the one before it. */
  sawWrite(entries: readonly Entry[], previous: Term | undefined): void {
    let before = previous;
    for (const entry of entries) {
      const key = `${entry.term} ${entry.index}`;
      const content = `${before} ${nameOf(entry)}`;
      assert((this.written.get(key) ?? content) === content, `R2: two entries are named ${key}`);
      this.written.set(key, content);
      before = entry.term;
    }
  }

  sawApply(entry: Entry, state: string): void {
    const name = nameOf(entry);
    assert((this.entries.get(entry.index) ?? name) === name, `R4: entry ${entry.index} differs`);
    assert((this.states.get(entry.index) ?? state) === state, `R9: state ${entry.index} differs`);
    this.entries.set(entry.index, name);
    this.terms.set(entry.index, entry.term);
    this.states.set(entry.index, state);
    this.applied = Math.max(this.applied, entry.index);
  }

  sawRestore(index: Index, state: string): void {
    assert((this.states.get(index) ?? state) === state, `R8: the snapshot at ${index} differs`);
  }

  sawReadAsked(context: string): void {
    this.reads.set(context, this.applied);
  }

  sawReadAnswered(context: string, index: Index): void {
    const asked = this.reads.get(context);
    assert(asked !== undefined && index >= asked, `R7: read ${context} at ${index}, not ${asked}`);
    this.readsAnswered += 1;
  }

  /** After every step of a member. */
  sawState({ status }: Raft, termOf: (index: Index) => Term | undefined): void {
    const { id, term, role, firstIndex, lastIndex } = status;
    if (role !== "leader") return;
    const leader = this.leaders.get(term);
    assert((leader ?? id) === id, `R1: ${leader} and ${id} lead term ${term}`);
    if (leader !== undefined) return;
    this.leaders.set(term, id);
    for (const [index, written] of this.terms) {
      if (written >= term || index < firstIndex) continue;
      assert(index <= lastIndex && termOf(index) === written, `R3: leader ${id} lacks ${index}`);
    }
  }

  get leaderCount(): number {
    return this.leaders.size;
  }
}

export const previousOf = (storage: RaftStorage, first: EntryId | undefined): Term | undefined =>
  first === undefined ? undefined : storage.term(first.index - 1);
