// Every state that the replicas of one chunk can reach within a scope, breadth first, over the real
// replica: `npm run sim:replica:exhaustive`. A state is the nodes with their disks, what is on its way
// between them, the catalog with what is asked of it, and the ledger. Any node may be slow for ever, so
// pauses need no events; what is lost is lost by a connection that breaks. The first epoch is ACTIVE at
// the start. Invariants are asked after every step; the way to one that is broken is the shortest.
import { AssertionError } from "@ashlar/core";
import { StateTable } from "@ashlar/core/testing";
import { explainStep } from "./explanation.ts";
import { FACTS, type Fact, Group, type Step, type World } from "./group.ts";
import type { Ledger } from "./ledger.ts";
import type { Scope } from "./scope.ts";
import { firstGroup, makeWorld, stepsFrom } from "./steps.ts";

export interface SearchResult {
  /** Distinct states of the group. */
  readonly states: number;
  /** Steps from a state to another, new or not. */
  readonly steps: number;
  /** Distinct states of a single node. */
  readonly nodeStates: number;
  /** Steps of the longest of the shortest paths to a state. */
  readonly depth: number;
  /** Steps in which something worth seeing happened. */
  readonly facts: Readonly<Record<Fact, number>>;
  readonly violation: Violation | undefined;
}

export interface Violation {
  /** The invariant, by its number. */
  readonly reason: string;
  readonly path: readonly string[];
}

export class Search {
  private readonly scope: Scope;
  private readonly world: World;
  private readonly table: StateTable;
  private readonly nodes: number;
  private readonly ledgers: Ledger[] = [];
  private readonly ledgerNumbers = new Map<string, number>();
  private readonly ledgersKnown = new WeakMap<Ledger, number>();
  private readonly facts = Object.fromEntries(FACTS.map((fact) => [fact, 0])) as Record<
    Fact,
    number
  >;
  private taken = 0;

  constructor(scope: Scope) {
    this.scope = scope;
    this.nodes = scope.replicas;
    this.world = makeWorld(scope);
    this.table = new StateTable(this.parentColumn + 3, this.parentColumn);
  }

  /** Goes on until every state is seen or an invariant is broken. */
  run(): SearchResult {
    try {
      this.add(firstGroup(this.world), { parent: -1, step: 0, depth: 0 });
    } catch (thrown) {
      return this.result(violationOf(thrown, ["before the first step"]));
    }
    for (let state = 0; state < this.table.size; state += 1) {
      const violation = this.expand(state);
      if (violation !== undefined) return this.result(violation);
    }
    return this.result(undefined);
  }

  private get catalogColumn(): number {
    return this.nodes + this.nodes * this.nodes;
  }

  private get parentColumn(): number {
    return this.catalogColumn + 2;
  }

  private result(violation: Violation | undefined): SearchResult {
    return {
      states: this.table.size,
      steps: this.taken,
      nodeStates: this.world.transitions.nodeStates,
      depth: this.table.size > 0 ? this.table.get(this.table.size - 1, this.parentColumn + 2) : 0,
      facts: this.facts,
      violation,
    };
  }

  private expand(state: number): Violation | undefined {
    const group = this.groupAt(state);
    for (const [place, step] of stepsFrom(this.world, group).entries()) {
      const next = new Group(this.world, group);
      try {
        next.take(step);
        if (!this.isWithin(next)) continue;
        this.taken += 1;
        for (const fact of next.facts) this.facts[fact] += 1;
        const depth = this.table.get(state, this.parentColumn + 2) + 1;
        this.add(next, { parent: state, step: place, depth });
      } catch (thrown) {
        return violationOf(thrown, [...this.pathTo(state), step].map(explainStep));
      }
    }
    return undefined;
  }

  private groupAt(state: number): Group {
    const column = (at: number): number => this.table.get(state, at);
    const columns = (from: number, count: number): number[] =>
      Array.from({ length: count }, (_, at) => column(from + at));
    return new Group(this.world, {
      nodes: columns(0, this.nodes),
      links: columns(this.nodes, this.nodes * this.nodes),
      catalog: column(this.catalogColumn),
      ledger: this.ledgers[column(this.catalogColumn + 1)]!,
    });
  }

  private isWithin(group: Group): boolean {
    const { epochs, sessions } = this.scope;
    if (this.world.catalogs.config(group.catalog).epoch > epochs) return false;
    return group.nodes.every((_, at) => group.view(at).sessions <= sessions);
  }

  private add(
    { nodes, links, catalog, ledger }: Group,
    {
      parent,
      step,
      depth,
    }: { readonly parent: number; readonly step: number; readonly depth: number },
  ): void {
    const number = this.numberLedger(ledger);
    this.table.add([...nodes, ...links, catalog, number, parent, step, depth]);
  }

  private numberLedger(ledger: Ledger): number {
    const number = this.ledgersKnown.get(ledger) ?? this.findLedger(ledger);
    this.ledgersKnown.set(ledger, number);
    return number;
  }

  private findLedger(ledger: Ledger): number {
    const key = JSON.stringify(ledger);
    const known = this.ledgerNumbers.get(key);
    if (known !== undefined) return known;
    this.ledgerNumbers.set(key, this.ledgers.length);
    return this.ledgers.push(ledger) - 1;
  }

  private pathTo(state: number): Step[] {
    const steps: Step[] = [];
    for (let at = state; at > 0; at = this.table.get(at, this.parentColumn)) {
      const parent = this.groupAt(this.table.get(at, this.parentColumn));
      steps.unshift(stepsFrom(this.world, parent)[this.table.get(at, this.parentColumn + 1)]!);
    }
    return steps;
  }
}

function violationOf(thrown: unknown, path: readonly string[]): Violation {
  if (!(thrown instanceof AssertionError)) throw thrown;
  return { reason: thrown.message, path };
}
