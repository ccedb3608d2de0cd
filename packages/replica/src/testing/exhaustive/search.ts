// Every state that the replicas of one chunk can reach within a scope, breadth first, over the real
// replica: `npm run sim:replica:exhaustive`. A state is the nodes with their disks, what is on its way
// between them, the catalog with what is asked of it, and the ledger. Any node may be slow for ever, so
// pauses need no events; what is lost is lost by a connection that breaks. The first epoch is ACTIVE at
// the start. Invariants are asked after every step; the way to one that is broken is the shortest.
import { AssertionError, type NodeId } from "@ashlar/core";
import { StateTable } from "@ashlar/core/testing";
import { A, B, C, storeOf } from "../scripted-chunk.ts";
import { explainStep } from "./explanation.ts";
import { FACTS, type Fact, Group, type Step, type World } from "./group.ts";
import { type Bounded, emptyLedger, type Ledger } from "./ledger.ts";
import { Links } from "./links.ts";
import type { NodeInput, NodeView } from "./node-view.ts";
import type { Scope } from "./scope.ts";
import { SearchCatalogs } from "./search-catalog.ts";
import { Transitions } from "./transitions.ts";

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

const NODES: readonly NodeId[] = [A, B, C];
const WAYS = ["toMember", "toPrimary"] as const;

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
    const nodes = NODES.slice(0, scope.replicas);
    const members = nodes.map((node) => ({ node, storeUuid: storeOf(node) }));
    this.world = {
      scope,
      members,
      transitions: new Transitions(scope, nodes),
      links: new Links(),
      catalogs: new SearchCatalogs(members, scope.inSync),
    };
    this.table = new StateTable(this.parentColumn + 3, this.parentColumn);
  }

  /** Goes on until every state is seen or an invariant is broken. */
  run(): SearchResult {
    try {
      this.add(this.firstGroup(), { parent: -1, step: 0, depth: 0 });
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

  /** All have registered and heard the first configuration, and the first node is ACTIVE. */
  private firstGroup(): Group {
    const { transitions, links, catalogs } = this.world;
    const group = new Group(this.world, {
      nodes: transitions.start(),
      links: new Array<number>(this.nodes * this.nodes).fill(links.empty),
      catalog: 0,
      ledger: emptyLedger(this.scope),
    });
    const give = (at: number, input: NodeInput): void => group.take({ kind: "input", at, input });
    for (const at of group.nodes.keys()) {
      give(at, { kind: "identity", incarnation: at + 1 });
      give(at, { kind: "config", config: catalogs.config(0) });
    }
    for (let step = this.firstDue(group); step; step = this.firstDue(group)) group.take(step);
    return group;
  }

  private firstDue(group: Group): Step | undefined {
    return this.nodeSteps(group).find(
      ({ kind, ...step }) =>
        kind === "deliver" || ("input" in step && ["sync", "tick"].includes(step.input.kind)),
    );
  }

  private expand(state: number): Violation | undefined {
    const group = this.groupAt(state);
    for (const [place, step] of this.stepsFrom(group).entries()) {
      const next = new Group(this.world, group);
      try {
        next.take(step);
        if (this.world.catalogs.config(next.catalog).epoch > this.scope.epochs) continue;
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

  /** In an order that depends on the state alone: a step is known by its place. */
  private stepsFrom(group: Group): Step[] {
    return [...this.nodeSteps(group), ...this.outerSteps(group)];
  }

  /** What the nodes and what is between them may do next. */
  private nodeSteps(group: Group): Step[] {
    const steps: Step[] = [];
    for (const at of group.nodes.keys()) {
      for (const input of this.inputsOf(group, group.view(at))) {
        steps.push({ kind: "input", at, input });
      }
      for (const member of group.nodes.keys()) {
        const link = group.links[group.linkAt(at, member)]!;
        for (const way of WAYS) {
          if (this.world.links.first(link, way) === undefined) continue;
          steps.push({ kind: "deliver", primary: at, member, way });
        }
      }
    }
    return steps;
  }

  private inputsOf(group: Group, view: NodeView): NodeInput[] {
    const inputs: NodeInput[] = [];
    const { catalog } = this.world.catalogs.of(group.catalog);
    if (view.owesTicket) {
      const first = this.scope.partialSyncs ? 1 : view.pending;
      for (let calls = first; calls <= view.pending; calls += 1)
        inputs.push({ kind: "sync", calls });
    }
    if (view.isAwake) inputs.push({ kind: "tick" });
    for (const config of [...catalog.past, catalog.config]) {
      if (config.version > view.heard) inputs.push({ kind: "config", config });
    }
    for (const store of view.admissionsAsked) inputs.push({ kind: "unanswered", store });
    const operation = this.nextOperations(group.ledger, view);
    return [...inputs, ...operation.map((at) => ({ kind: "operation", at }) as const)];
  }

  /** The next mutation, and the read at any time: at whoever serves, deposed or not. */
  private nextOperations({ operations }: Ledger, { role }: NodeView): number[] {
    if (role !== "primaryActive") return [];
    const { mutations, reads } = this.scope;
    const unsent = [...operations.keys()].filter((at) => operations[at]!.phase === "unsent");
    const mutation = unsent.filter((at) => at < mutations.length).slice(0, 1);
    return reads && unsent.includes(mutations.length) ? [...mutation, mutations.length] : mutation;
  }

  /** What happens to them from outside, as far as the scope goes. */
  private outerSteps(group: Group): Step[] {
    const { scope } = this;
    const { used } = group.ledger;
    const mayStill = (what: Bounded): boolean => used[what] < scope[what];
    const steps: Step[] = [];
    for (const at of group.nodes.keys()) {
      if (mayStill("crashes")) {
        const { pending } = group.view(at);
        for (let kept = 0; kept <= pending; kept += scope.partialSyncs ? 1 : Math.max(1, pending)) {
          steps.push({ kind: "crash", at, kept });
        }
      }
      if (!mayStill("breaks")) continue;
      for (const member of group.nodes.keys()) {
        const link = group.links[group.linkAt(at, member)]!;
        if (link !== this.world.links.empty) steps.push({ kind: "break", primary: at, member });
      }
    }
    return [...steps, ...this.catalogSteps(group, mayStill)];
  }

  private catalogSteps(group: Group, mayStill: (what: Bounded) => boolean): Step[] {
    const { members, catalogs } = this.world;
    const { catalog, asked } = catalogs.of(group.catalog);
    const steps: Step[] = [];
    for (const [at, member] of members.entries()) {
      const { node, storeUuid } = member;
      const isUp = catalog.isUp(node);
      const isCurrent = isUp && group.view(at).incarnation === catalog.incarnationOf(node);
      const { isr, primary } = catalog.config;
      const leadsElsewhere = primary.node !== node && isr.includes(storeUuid) && isUp;
      const act = (kind: "down" | "up" | "move", may: boolean): void => {
        if (may) steps.push({ kind: "catalog", action: { kind, member }, at });
      };
      act("down", isUp && mayStill("downs"));
      act("up", !isCurrent && mayStill("ups"));
      act("move", leadsElsewhere && mayStill("moves"));
      for (const request of asked) {
        if (request.store !== storeUuid) continue;
        steps.push({ kind: "catalog", action: { kind: "admit", request }, at });
      }
    }
    return steps;
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
      steps.unshift(this.stepsFrom(parent)[this.table.get(at, this.parentColumn + 1)]!);
    }
    return steps;
  }
}

function violationOf(thrown: unknown, path: readonly string[]): Violation {
  if (!(thrown instanceof AssertionError)) throw thrown;
  return { reason: thrown.message, path };
}
