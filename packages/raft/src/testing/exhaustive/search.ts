// Every state that a group of three can reach within a scope, breadth first, over the real core. A state is
// the three members with their disks, the messages sent so far, and the ledger. The invariants hold in
// every state by induction: after each step that is asked which the step may have changed.
import { AssertionError } from "@ashlar/core";
import { StateTable } from "@ashlar/core/testing";
import { explainPath, type Step } from "./explanation.ts";
import {
  checkLeader,
  checkMatching,
  LEDGER_EMPTY,
  type Ledger,
  printLedger,
  withGrants,
  withMember,
} from "./ledger.ts";
import { MEMBERS, type MemberInput, type MemberView } from "./member.ts";
import { Networks } from "./network.ts";
import type { Scope } from "./scope.ts";
import { FACTS, type Fact, INPUT, type Outcome, Transitions } from "./transitions.ts";

export interface SearchResult {
  /** Distinct states of the group. */
  readonly states: number;
  /** Steps from a state to another, new or not. */
  readonly steps: number;
  /** Distinct states of a single member. */
  readonly memberStates: number;
  /** Distinct messages. */
  readonly messages: number;
  /** Steps of the longest of the shortest paths to a state. */
  readonly depth: number;
  /** Steps in which something worth seeing happened. */
  readonly facts: Readonly<Record<Fact, number>>;
  readonly violation: Violation | undefined;
}

export interface Violation {
  /** The invariant, by its number. */
  readonly reason: string;
  /** The shortest way there; what breaks may be an answer that its last step draws. */
  readonly path: readonly string[];
}

/** Columns of the table: the three members, then these; the state ends before PARENT. */
const NETWORK = 3;
const LEDGER = 4;
const PARENT = 5;
const ACTOR = 6;
const CAUSE = 7;
const DEPTH = 8;
const WIDTH = 9;

export class Search {
  private readonly scope: Scope;
  private readonly transitions: Transitions;
  private readonly networks: Networks;
  private readonly table = new StateTable(WIDTH, PARENT);
  private readonly ledgers: Ledger[] = [];
  private readonly ledgerNumbers = new Map<string, number>();
  /** What an outcome makes of a ledger depends on nothing but the two. */
  private readonly ledgersAfter = new Map<Outcome, Map<number, number>>();
  private readonly facts = Object.fromEntries(FACTS.map((fact) => [fact, 0])) as Record<
    Fact,
    number
  >;
  private steps = 0;

  constructor(scope: Scope) {
    this.scope = scope;
    this.transitions = new Transitions(scope);
    this.networks = new Networks(this.transitions, scope.keepsDeadMessages === true);
  }

  /** Goes on until every state is seen or an invariant is broken. */
  run(): SearchResult {
    const ledger = this.numberLedger(LEDGER_EMPTY);
    this.table.add([...this.transitions.start, this.networks.empty, ledger, -1, 0, 0, 0]);
    for (let state = 0; state < this.table.size; state += 1) {
      const violation = this.expand(state);
      if (violation !== undefined) return this.result(violation);
    }
    return this.result(undefined);
  }

  private result(violation: Violation | undefined): SearchResult {
    return {
      states: this.table.size,
      steps: this.steps,
      memberStates: this.transitions.views.length,
      messages: this.transitions.messages.length,
      depth: this.table.get(this.table.size - 1, DEPTH),
      facts: this.facts,
      violation,
    };
  }

  private expand(state: number): Violation | undefined {
    for (const step of this.stepsFrom(state)) {
      try {
        this.take(state, step);
      } catch (thrown) {
        if (!(thrown instanceof AssertionError)) throw thrown;
        return {
          reason: thrown.message,
          path: explainPath([...this.pathTo(state), step], this.transitions),
        };
      }
    }
    return undefined;
  }

  private stepsFrom(state: number): Step[] {
    const { transitions } = this;
    const steps: Step[] = [];
    const ledger = this.ledgers[this.table.get(state, LEDGER)]!;
    for (const actor of MEMBERS.keys()) {
      // All members are alike at the start: let the first to act be the first.
      if (state === 0 && actor > 0) break;
      const view = transitions.views[this.table.get(state, actor)]!;
      for (const input of this.inputsOf(view, ledger)) steps.push({ actor, input });
    }
    for (const message of this.networks.messages(this.table.get(state, NETWORK))) {
      const actor = transitions.messages[message]!.to - 1;
      steps.push({ actor, input: transitions.receive(message) });
    }
    return steps;
  }

  private inputsOf({ role, term, writesWaiting }: MemberView, used: Ledger): number[] {
    const { scope } = this;
    const leads = role === "leader";
    const allowed: readonly (readonly [input: number, within: boolean])[] = [
      [INPUT.timeout, leads ? used.heartbeats < scope.heartbeats : term < scope.terms],
      [INPUT.crash, used.crashes < scope.crashes],
      [INPUT.write, writesWaiting > 0],
      [INPUT.propose + used.proposals, leads && used.proposals < scope.proposals],
    ];
    return allowed.filter(([, within]) => within).map(([input]) => input);
  }

  private take(state: number, { actor, input }: Step): void {
    const { table, transitions, scope } = this;
    const before = table.get(state, actor);
    const outcome = transitions.outcome(before, input);
    const view = transitions.views[outcome.next]!;
    if (view.term > scope.terms || view.writesWaiting > scope.writesWaiting) return;
    const network = table.get(state, NETWORK);
    const moves = outcome.next !== before;
    if (!moves && this.networks.holds(network, outcome.sent)) return;
    const members = MEMBERS.map((_, at) => (at === actor ? outcome.next : table.get(state, at)));
    const nextNetwork = this.networks.after(network, outcome.sent, members, actor);
    if (!moves && nextNetwork === network) return;
    const ledger = this.nextLedger(state, members, outcome, { actor, input });
    if (outcome.logChanged) this.checkLog(members, actor);
    this.steps += 1;
    for (const fact of outcome.facts) this.facts[fact] += 1;
    const depth = table.get(state, DEPTH) + 1;
    table.add([...members, nextNetwork, ledger, state, actor, input, depth]);
  }

  private checkLog(members: readonly number[], actor: number): void {
    const { views } = this.transitions;
    for (const member of members) checkMatching(views[members[actor]!]!, views[member]!);
  }

  private nextLedger(
    state: number,
    members: readonly number[],
    outcome: Outcome,
    { actor, input }: Step,
  ): number {
    const { views } = this.transitions;
    const number = this.table.get(state, LEDGER);
    const use = USES[this.transitions.input(input).kind]?.(views[this.table.get(state, actor)]!);
    if (!outcome.isNews && outcome.grants.length === 0 && use === undefined) return number;
    const known = this.ledgersAfter.get(outcome) ?? new Map<number, number>();
    this.ledgersAfter.set(outcome, known);
    const next = known.get(number) ?? this.numberLedger(this.entered(number, outcome, use));
    known.set(number, next);
    for (const member of members) checkLeader(this.ledgers[next]!, views[member]!);
    return next;
  }

  private entered(number: number, { grants, next }: Outcome, use: Bounded | undefined): Ledger {
    const granted = withGrants(this.ledgers[number]!, grants);
    const ledger = withMember(granted, this.transitions.views[next]!);
    return use === undefined ? ledger : { ...ledger, [use]: ledger[use] + 1 };
  }

  private numberLedger(ledger: Ledger): number {
    const key = printLedger(ledger);
    const known = this.ledgerNumbers.get(key);
    if (known !== undefined) return known;
    this.ledgerNumbers.set(key, this.ledgers.length);
    return this.ledgers.push(ledger) - 1;
  }

  private pathTo(state: number): Step[] {
    const steps: Step[] = [];
    for (let at = state; at > 0; at = this.table.get(at, PARENT)) {
      steps.unshift({ actor: this.table.get(at, ACTOR), input: this.table.get(at, CAUSE) });
    }
    return steps;
  }
}

type Bounded = "proposals" | "crashes" | "heartbeats";

/** What an input takes from the scope. */
const USES: { readonly [K in MemberInput["kind"]]?: (before: MemberView) => Bounded | undefined } =
  {
    timeout: ({ role }) => (role === "leader" ? "heartbeats" : undefined),
    crash: () => "crashes",
    propose: () => "proposals",
  };
