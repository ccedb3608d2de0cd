// What a group has done so far as the invariants need it, beside what its members still know: who led and
// who voted for whom in each term, and what was committed. Also what was used up of the scope. Immutable.
import { assert } from "@ashlar/core";
import type { Entry, MemberId, Term } from "../../types.ts";
import type { MemberView } from "./member.ts";

export interface Ledger {
  readonly proposals: number;
  readonly crashes: number;
  readonly heartbeats: number;
  readonly leaders: ReadonlyMap<Term, MemberId>;
  /** Candidates by term and voter. */
  readonly votes: ReadonlyMap<string, MemberId>;
  /** From index 1 on. */
  readonly committed: readonly Committed[];
}

interface Committed {
  readonly entry: Entry;
  /** Term of the member that knew of it first: its leader's. */
  readonly inTerm: Term;
}

export interface Grant {
  readonly voter: MemberId;
  readonly term: Term;
  readonly candidate: MemberId;
}

export const LEDGER_EMPTY: Ledger = {
  proposals: 0,
  crashes: 0,
  heartbeats: 0,
  leaders: new Map(),
  votes: new Map(),
  committed: [],
};

/** Equal for equal ledgers. */
export function printLedger(ledger: Ledger): string {
  const { proposals, crashes, heartbeats, leaders, votes, committed } = ledger;
  const entries = committed.map(({ entry, inTerm }) => `${entry.term}.${entry.data}.${inTerm}`);
  const maps = [leaders, votes].map((map) => [...map].sort().join(" "));
  return [proposals, crashes, heartbeats, ...maps, ...entries].join("|");
}

/** R1: one vote a member and term. */
export function withGrants(ledger: Ledger, grants: readonly Grant[]): Ledger {
  if (grants.length === 0) return ledger;
  const votes = new Map(ledger.votes);
  for (const { voter, term, candidate } of grants) {
    const key = `${term} ${voter}`;
    const before = votes.get(key) ?? candidate;
    assert(before === candidate, `R1: member ${voter} votes twice in term ${term}`);
    votes.set(key, candidate);
  }
  return { ...ledger, votes };
}

/** R1: one leader a term. R4: one entry at every committed index. */
export function withMember(ledger: Ledger, { id, term, role, commit, log }: MemberView): Ledger {
  for (const [at, { entry }] of ledger.committed.slice(0, commit).entries()) {
    assert(sameEntry(log[at], entry), `R4: member ${id} commits another entry ${at + 1}`);
  }
  const more = log.slice(ledger.committed.length, commit).map((entry) => ({ entry, inTerm: term }));
  const committed = [...ledger.committed, ...more];
  if (role !== "leader") return { ...ledger, committed };
  const leader = ledger.leaders.get(term) ?? id;
  assert(leader === id, `R1: members ${leader} and ${id} lead term ${term}`);
  return { ...ledger, committed, leaders: new Map(ledger.leaders).set(term, id) };
}

/** R3: a leader holds all that was committed in earlier terms. */
export function checkLeader(ledger: Ledger, { id, term, role, log }: MemberView): void {
  if (role !== "leader") return;
  for (const [at, { entry, inTerm }] of ledger.committed.entries()) {
    const holds = inTerm >= term || sameEntry(log[at], entry);
    assert(holds, `R3: leader ${id} of term ${term} lacks entry ${at + 1}`);
  }
}

/** R2: where two logs have an entry of equal term and index, they are equal up to there. */
export function checkMatching(a: MemberView, b: MemberView): void {
  let last = Math.min(a.log.length, b.log.length) - 1;
  while (last >= 0 && a.log[last]?.term !== b.log[last]?.term) last -= 1;
  for (const [at, entry] of a.log.slice(0, last + 1).entries()) {
    const same = sameEntry(b.log[at], entry);
    assert(same, `R2: members ${a.id} and ${b.id} differ at ${at + 1} below a common entry`);
  }
}

const sameEntry = (held: Entry | undefined, entry: Entry): boolean =>
  held?.term === entry.term &&
  held.kind === entry.kind &&
  Buffer.compare(held.data, entry.data) === 0;
