// What a group has done so far as the invariants need it, beside what its nodes still know: what was
// committed, who became ACTIVE when, what clients were told; and what was used up of the scope. Immutable.
import { assert, formatLsn } from "@ashlar/core";
import type { LogPlace, NodeView, Reply } from "./node-view.ts";
import type { Scope } from "./scope.ts";
import { leftBy } from "./search-operations.ts";

export interface Ledger {
  readonly used: Readonly<Record<Bounded, number>>;
  /** From seq 1 on. */
  readonly committed: readonly LogPlace[];
  /** Place of the node that became ACTIVE, by epoch. */
  readonly activeIn: readonly (number | undefined)[];
  readonly operations: readonly OperationState[];
}

export const BOUNDED = ["crashes", "breaks", "downs", "ups", "moves"] as const;
export type Bounded = (typeof BOUNDED)[number];

export type OperationState =
  | { readonly phase: "unsent" }
  | { readonly phase: "open" | "absent" | "refused"; readonly arrival: Arrival }
  | { readonly phase: "good"; readonly arrival: Arrival; readonly found: number };

/** What was true when an operation came. */
interface Arrival {
  /** Operations that had been answered. */
  readonly after: readonly number[];
  /** Latest epoch that was ACTIVE. */
  readonly activeEpoch: number;
}

export const emptyLedger = ({ mutations, reads }: Scope): Ledger => ({
  used: { crashes: 0, breaks: 0, downs: 0, ups: 0, moves: 0 },
  committed: [],
  activeIn: [],
  operations: Array.from({ length: mutations.length + (reads ? 1 : 0) }, () => ({
    phase: "unsent" as const,
  })),
});

export const activeEpochOf = ({ activeIn }: Ledger): number => activeIn.length - 1;

export function withArrival(ledger: Ledger, at: number): Ledger {
  const after = [...ledger.operations.keys()].filter(
    (other) => ledger.operations[other]!.phase === "good",
  );
  const arrival = { after, activeEpoch: activeEpochOf(ledger) };
  return withOperation(ledger, at, { phase: "open", arrival });
}

const withOperation = (ledger: Ledger, at: number, state: OperationState): Ledger => ({
  ...ledger,
  operations: ledger.operations.map((other, place) => (place === at ? state : other)),
});

/**
 * P4: one committed log. P7: what was on no member when a later epoch became ACTIVE never commits.
 * P1: nothing is called committed by others before the primary has done so.
 */
export function withCommits(
  ledger: Ledger,
  { at, role }: NodeView,
  places: readonly LogPlace[],
): Ledger {
  let { committed } = ledger;
  for (const place of places) {
    const known = committed[place.lsn.seq - 1];
    const name = formatLsn(place.lsn);
    if (known !== undefined) {
      assert(samePlace(known, place), `P4: node ${at + 1} commits ${name} in another's place`);
      continue;
    }
    assert(role !== "idle", `P1: node ${at + 1} takes ${name} for committed before any primary`);
    assert(place.lsn.seq === committed.length + 1, `P4: node ${at + 1} commits beyond a hole`);
    const { phase } = ledger.operations[place.operation]!;
    assert(phase !== "absent", `P7: ${name} was on no member of a later epoch, and is committed`);
    committed = [...committed, place];
  }
  return committed === ledger.committed ? ledger : { ...ledger, committed };
}

/** P3: one ACTIVE in an epoch. P4: it holds what was committed. What it does not hold is absent. */
export function withActive(ledger: Ledger, view: NodeView, epoch: number): Ledger {
  const other = ledger.activeIn[epoch] ?? view.at;
  assert(other === view.at, `P3: nodes ${other + 1} and ${view.at + 1} are ACTIVE in ${epoch}`);
  if (epoch <= activeEpochOf(ledger)) return ledger;
  const activeIn = [...ledger.activeIn];
  activeIn[epoch] = view.at;
  const operations = ledger.operations.map((state, place): OperationState => {
    const held = ledger.committed.some(({ operation }) => operation === place);
    return state.phase === "open" && !held ? { ...state, phase: "absent" } : state;
  });
  return { ...ledger, activeIn, operations };
}

/** P3 of what reveals state, and P6 of every answer. */
export function withReply(ledger: Ledger, reply: Reply, { mutations }: Scope): Ledger {
  const { operation, status, epoch, found } = reply;
  const state = ledger.operations[operation]!;
  assert(state.phase !== "unsent", "only what came is answered");
  const { arrival } = state;
  const isRead = operation >= mutations.length;
  if (status !== "good") {
    return isRead ? withOperation(ledger, operation, { phase: "refused", arrival }) : ledger;
  }
  if (isRead) {
    const isNewest = epoch >= arrival.activeEpoch;
    assert(isNewest, `P3: epoch ${epoch} answers a read that came in epoch ${arrival.activeEpoch}`);
  } else {
    const isHeld = ledger.committed.some((place) => place.operation === operation);
    assert(isHeld, "P1: a write is answered that is not committed");
  }
  const answered = withOperation(ledger, operation, { phase: "good", arrival, found });
  assert(isRegister(answered, mutations), "P6: no order explains what clients saw");
  return answered;
}

/** Whether some order of the operations explains every answer. */
function isRegister({ operations }: Ledger, mutations: Scope["mutations"]): boolean {
  const explain = (done: ReadonlySet<number>, value: number): boolean => {
    if (operations.every(({ phase }, at) => phase !== "good" || done.has(at))) return true;
    for (const [at, state] of operations.entries()) {
      if (done.has(at) || state.phase === "unsent" || state.phase === "refused") continue;
      if (!state.arrival.after.every((other) => done.has(other))) continue;
      const isRead = at >= mutations.length;
      if (isRead && (state.phase !== "good" || state.found !== value)) continue;
      if (explain(new Set([...done, at]), isRead ? value : leftBy(mutations, at))) return true;
    }
    return false;
  };
  return explain(new Set(), 0);
}

const samePlace = (a: LogPlace, b: LogPlace): boolean =>
  a.lsn.epoch === b.lsn.epoch && a.lsn.seq === b.lsn.seq && a.operation === b.operation;

/** P1 for one member of a possibly-current ISR: it holds durably what is committed. */
export function checkHolds({ committed }: Ledger, { at, durable }: NodeView, rule: string): void {
  const { commit, log } = durable;
  assert(commit.seq <= committed.length, `P4: node ${at + 1} has committed what nobody did`);
  for (const [before, place] of committed.entries()) {
    const seq = before + 1;
    const isHeld =
      seq < commit.seq ||
      isSameLsn(seq === commit.seq ? commit : log[seq - commit.seq - 1]?.lsn, place);
    assert(isHeld, `${rule}: node ${at + 1} lacks ${formatLsn(place.lsn)}, which is committed`);
  }
  assert(!durable.resyncing, `P15: node ${at + 1} is in sync and its copy is not whole`);
}

const isSameLsn = (lsn: LogPlace["lsn"] | undefined, place: LogPlace): boolean =>
  lsn?.epoch === place.lsn.epoch && lsn.seq === place.lsn.seq;

/** P15: a member in sync holds what the log up to its commit LSN says. */
export function checkContent(
  { committed }: Ledger,
  { at, commit, content }: NodeView,
  { mutations }: Scope,
): void {
  const last = committed[commit.seq - 1];
  const wanted = last ? leftBy(mutations, last.operation) : 0;
  assert(content === wanted, `P15: node ${at + 1} holds ${content} at ${formatLsn(commit)}`);
}

/** P5: where two logs have an entry of equal LSN, it is the same operation, and so is all before. */
export function checkMatching(a: NodeView, b: NodeView): void {
  const others = new Map(b.log.map((place) => [place.lsn.seq, place]));
  let isCommon = false;
  for (const place of [...a.log].reverse()) {
    const other = others.get(place.lsn.seq);
    if (!other) continue;
    const isEqual = isSameLsn(other.lsn, place);
    const rule = `P5: nodes ${a.at + 1} and ${b.at + 1} differ at ${formatLsn(place.lsn)}`;
    if (isEqual) assert(other.operation === place.operation, rule);
    else assert(!isCommon, `${rule}, below a common entry`);
    isCommon ||= isEqual;
  }
}

/** P7: at ACTIVE every member that follows has a durable tail equal to the primary's. */
export function checkLevel(primary: NodeView, member: NodeView): void {
  if (member.durable.promised > primary.epoch) return;
  const a = primary.durable;
  const b = member.durable;
  const names = ({ commit, log }: NodeView["durable"]): string =>
    formatLsn(log.at(-1)?.lsn ?? commit);
  const rule = `P7: node ${primary.at + 1} is ACTIVE at ${names(a)}`;
  assert(names(a) === names(b), `${rule}, node ${member.at + 1} is at ${names(b)}`);
}
