// Whether a history is linearizable: whether all its operations can be put into one order, each at a point
// between its call and its return, so that the model answers as was seen.
//
// The search is that of Wing and Gong: go through calls and returns in the order of time; place an operation
// whose call was passed, as soon as the model allows it, and begin anew with what is left; where a return
// comes up whose operation has no place yet, take the last placement back. Lowe's addition keeps it from
// trying twice what leads to the same: the set of placed operations together with the model's state.
//
// What may stand at a place is tried in the order of returns: what is under way for long mostly was done at its end.
// Operations without an answer have no return. They may be placed anywhere after their call, and need not
// be: the search is done when all that were answered have a place. They are tried last, and few in a row before
// many: most of them did nothing. Of those that ask for the same the one
// called first goes first, since it could stand wherever another stands; and none is placed where it changes
// nothing. Otherwise each would double what there is to try.
import { assert, present } from "@ashlar/core";
import type { History, Model, Operation } from "./model.ts";
import { PlacedSet } from "./placed-set.ts";

export type Verdict<Input, Output> =
  | { readonly kind: "linearizable" }
  | {
      readonly kind: "not-linearizable";
      /** The longest order that was found, of the part that has none for all. */
      readonly longest: History<Input, Output>;
      /** Its answer came when it fitted nowhere after or among `longest`. */
      readonly blocked: Operation<Input, Output>;
    }
  /** The limit was reached before an end. */
  | { readonly kind: "undecided" };

export interface Limits {
  /** Calls of the model's step, for each part of the history. */
  readonly stepsMax: number;
}

/** Unanswered operations that are tried one after the other with no answered one between them. */
const UNANSWERED_IN_A_ROW: readonly number[] = [1, 2, 4, Number.POSITIVE_INFINITY];

/** Below the rank of every call. */
const NOTHING = -1;

/** About a minute, and a few gigabytes for the cache in the worst case. */
const LIMITS: Limits = { stepsMax: 20_000_000 };

/** Judges a whole history; the first part without an order decides. */
export function checkLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: History<Input, Output>,
  limits: Limits = LIMITS,
): Verdict<Input, Output> {
  let verdict: Verdict<Input, Output> = { kind: "linearizable" };
  for (const part of model.partition?.(history) ?? [history]) {
    const found = judge(model, part, limits);
    if (found.kind === "not-linearizable") return found;
    if (found.kind === "undecided") verdict = found;
  }
  return verdict;
}

/** With few of the unanswered in one place first, which is enough for most histories, and then with any number. */
function judge<State, Input, Output>(
  model: Model<State, Input, Output>,
  part: History<Input, Output>,
  limits: Limits,
): Verdict<Input, Output> {
  for (const inARow of UNANSWERED_IN_A_ROW) {
    const search = new Linearization(model, part, { ...limits, inARow });
    const verdict = search.run();
    if (verdict.kind !== "not-linearizable" || !search.leftOut) return verdict;
  }
  return { kind: "undecided" };
}

interface TimedEvent {
  readonly kind: "call" | "return";
  readonly time: number;
  /** Position of the operation. */
  readonly operation: number;
}

/** A placed operation, and what there was before: taking back is a step to the left. */
interface Placement<State> {
  readonly call: number;
  /** How many there are, up to this one, that were not answered. */
  readonly inARow: number;
  readonly stateBefore: State;
  readonly before: Placement<State> | undefined;
}

class Linearization<State, Input, Output> {
  private readonly model: Model<State, Input, Output>;
  private readonly limits: Limits & { readonly inARow: number };
  private readonly operations: History<Input, Output>;
  private readonly events: readonly TimedEvent[];
  /** Of each operation: the position of its return. */
  private readonly returns: readonly (number | undefined)[];
  /** The events that are left, as a ring through the position after the last. */
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  private readonly seen = new Set<string>();
  private readonly placed: PlacedSet;
  /** Of each operation without an answer: the one before it that asks for the same. */
  private readonly twins: readonly (number | undefined)[];
  private state: State;
  private last: Placement<State> | undefined;
  private steps = 0;
  private longest: Placement<State> | undefined;
  private longestAnswered = -1;
  private blocked: Operation<Input, Output> | undefined;

  /** Something was not tried, for too many before it. */
  leftOut = false;

  constructor(
    model: Model<State, Input, Output>,
    history: History<Input, Output>,
    limits: Limits & { readonly inARow: number },
  ) {
    this.model = model;
    this.limits = limits;
    this.operations = [...history].sort((a, b) => a.callTime - b.callTime);
    this.events = eventsOf(this.operations);
    const returns = new Map(
      [...this.events.entries()]
        .filter(([, { kind }]) => kind === "return")
        .map(([at, { operation }]) => [operation, at]),
    );
    this.returns = this.operations.map((_, operation) => returns.get(operation));
    const ring = this.events.length + 1;
    this.next = Int32Array.from({ length: ring }, (_, at) => (at + 1) % ring);
    this.previous = Int32Array.from({ length: ring }, (_, at) => (at + ring - 1) % ring);
    this.placed = new PlacedSet(this.operations.map(({ returnTime }) => returnTime !== undefined));
    this.twins = twinsOf(this.operations);
    this.state = model.initial();
  }

  run(): Verdict<Input, Output> {
    let tried = NOTHING;
    while (!this.placed.holdsAllAnswered) {
      if (this.steps >= this.limits.stepsMax) return { kind: "undecided" };
      const call = this.nextAfter(tried);
      if (call !== undefined) {
        tried = this.place(call, this.operationAt(call)) ? NOTHING : this.rank(call);
        continue;
      }
      this.note();
      const undone = this.takeBack();
      if (undone === undefined) return this.refutation();
      tried = this.rank(undone);
    }
    return { kind: "linearizable" };
  }

  /**
   * Of the calls before the first return, the next one to be tried at this place: who has to be placed soonest goes
   * first, as what is under way for long mostly was done at its end; and who was not answered last.
   */
  private nextAfter(tried: number): number | undefined {
    const head = this.events.length;
    let next: number | undefined;
    let unanswered: number | undefined;
    for (let at = this.after(head); this.eventAt(at).kind === "call"; at = this.after(at)) {
      const rank = this.rank(at);
      if (rank <= tried) continue;
      if (rank >= head) unanswered ??= at;
      else if (next === undefined || rank < this.rank(next)) next = at;
    }
    return next ?? unanswered;
  }

  /** The order in which calls are tried: by their returns; those without, behind them, by their calls. */
  private rank(call: number): number {
    return this.returns[this.operationAt(call)] ?? this.events.length + call;
  }

  private eventAt(at: number): TimedEvent {
    return present(this.events[at], "what is answered and not placed has its return ahead");
  }

  private operationAt(at: number): number {
    return this.eventAt(at).operation;
  }

  private after(at: number): number {
    return present(this.next[at], "the ring is whole");
  }

  /** False if the model does not allow it here, it is of no use, or leads to what was tried before. */
  private place(call: number, operation: number): boolean {
    const twin = this.twins[operation];
    if (twin !== undefined && !this.placed.has(twin)) return false;
    const { input, output, returnTime } = this.operation(operation);
    const inARow = returnTime === undefined ? (this.last?.inARow ?? 0) + 1 : 0;
    if (inARow > this.limits.inARow) {
      this.leftOut = true;
      return false;
    }
    this.steps += 1;
    const result = this.model.step(this.state, input, output);
    if (!result.ok) return false;
    const stateKey = this.model.key(result.state);
    if (returnTime === undefined && stateKey === this.model.key(this.state)) return false;
    this.placed.add(operation);
    const key = `${this.placed.key} ${stateKey}`;
    if (this.seen.has(key)) {
      this.placed.delete(operation);
      return false;
    }
    this.seen.add(key);
    this.last = { call, inARow, stateBefore: this.state, before: this.last };
    this.state = result.state;
    this.unlink(call);
    this.unlink(this.returns[operation]);
    return true;
  }

  /** Undoes the last placement; its call, or undefined if nothing is placed. */
  private takeBack(): number | undefined {
    if (this.last === undefined) return undefined;
    const { call, stateBefore, before } = this.last;
    const operation = this.operationAt(call);
    this.relink(this.returns[operation]);
    this.relink(call);
    this.placed.delete(operation);
    this.state = stateBefore;
    this.last = before;
    return call;
  }

  /** The order so far cannot go on: it has no place for what returns first. */
  private note(): void {
    if (this.placed.answered <= this.longestAnswered) return;
    let at = this.after(this.events.length);
    while (this.eventAt(at).kind === "call") at = this.after(at);
    const { operation } = this.eventAt(at);
    this.longestAnswered = this.placed.answered;
    this.longest = this.last;
    this.blocked = this.operation(operation);
  }

  private refutation(): Verdict<Input, Output> {
    const longest: Operation<Input, Output>[] = [];
    for (let at = this.longest; at !== undefined; at = at.before) {
      longest.unshift(this.operation(this.operationAt(at.call)));
    }
    const blocked = present(this.blocked, "a search ends at a return");
    return { kind: "not-linearizable", longest, blocked };
  }

  private operation(at: number): Operation<Input, Output> {
    return present(this.operations[at], "operations are known");
  }

  private unlink(at: number | undefined): void {
    if (at === undefined) return;
    const next = this.after(at);
    const previous = present(this.previous[at], "the ring is whole");
    this.next[previous] = next;
    this.previous[next] = previous;
  }

  /** Undoes {@link unlink}, in the opposite order. */
  private relink(at: number | undefined): void {
    if (at === undefined) return;
    const next = this.after(at);
    const previous = present(this.previous[at], "the ring is whole");
    this.next[previous] = at;
    this.previous[next] = at;
  }
}

/** In the order of time; at one time calls come before returns: those operations overlap. */
function eventsOf(operations: History<unknown, unknown>): readonly TimedEvent[] {
  const events = operations.flatMap(({ callTime, returnTime }, operation): TimedEvent[] => {
    const call = { kind: "call", time: callTime, operation } as const;
    if (returnTime === undefined) return [call];
    assert(callTime <= returnTime, "an answer follows its call");
    return [call, { kind: "return", time: returnTime, operation }];
  });
  const rank = ({ kind }: TimedEvent): number => (kind === "call" ? 0 : 1);
  return events.sort((a, b) => a.time - b.time || rank(a) - rank(b));
}

/** For operations in the order of their calls. */
function twinsOf(operations: History<unknown, unknown>): readonly (number | undefined)[] {
  const latest = new Map<string, number>();
  return operations.map(({ returnTime, input, output }, at) => {
    if (returnTime !== undefined) return undefined;
    const asked = JSON.stringify([input, output]);
    const twin = latest.get(asked);
    latest.set(asked, at);
    return twin;
  });
}
