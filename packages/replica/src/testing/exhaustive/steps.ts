// Where a search begins and what may happen next in a state of it.
import type { NodeId } from "@ashlar/core";
import { A, B, C, storeOf } from "../scripted-chunk.ts";
import { Group, type Step, type World } from "./group.ts";
import { type Bounded, emptyLedger, type Ledger } from "./ledger.ts";
import { Links } from "./links.ts";
import type { NodeInput, NodeView } from "./node-view.ts";
import type { Scope } from "./scope.ts";
import { SearchCatalogs } from "./search-catalog.ts";
import { Transitions } from "./transitions.ts";

const NODES: readonly NodeId[] = [A, B, C];
const WAYS = ["toMember", "toPrimary"] as const;

export function makeWorld(scope: Scope): World {
  const nodes = NODES.slice(0, scope.replicas);
  const members = nodes.map((node) => ({ node, storeUuid: storeOf(node) }));
  return {
    scope,
    members,
    transitions: new Transitions(scope, nodes),
    links: new Links(),
    catalogs: new SearchCatalogs(members, scope.inSync),
  };
}

/** All have registered and heard the first configuration, and the first node is ACTIVE. */
export function firstGroup(world: World): Group {
  const { transitions, links, catalogs, scope } = world;
  const group = new Group(world, {
    nodes: transitions.start(),
    links: new Array<number>(scope.replicas ** 2).fill(links.empty),
    catalog: 0,
    ledger: emptyLedger(scope),
  });
  const give = (at: number, input: NodeInput): void => group.take({ kind: "input", at, input });
  for (const at of group.nodes.keys()) {
    give(at, { kind: "identity", incarnation: at + 1 });
    give(at, { kind: "config", config: catalogs.config(0) });
  }
  settle(world, group);
  return group;
}

/** Delivers, syncs and lets time pass until nothing is left to do for the nodes that may go on. */
export function settle(
  world: World,
  group: Group,
  mayGoOn: (step: Step) => boolean = () => true,
): void {
  const due = (): Step | undefined =>
    nodeSteps(world, group).find((step) => isDue(step) && mayGoOn(step));
  for (let step = due(); step; step = due()) group.take(step);
}

const isDue = (step: Step): boolean =>
  step.kind === "deliver" ||
  (step.kind === "input" && (step.input.kind === "sync" || step.input.kind === "tick"));

/** In an order that depends on the state alone: a step is known by its place. */
export const stepsFrom = (world: World, group: Group): Step[] => [
  ...nodeSteps(world, group),
  ...outerSteps(world, group),
];

/** What the nodes and what is between them may do next. */
export function nodeSteps(world: World, group: Group): Step[] {
  const steps: Step[] = [];
  for (const at of group.nodes.keys()) {
    for (const input of inputsOf(world, group, group.view(at))) {
      steps.push({ kind: "input", at, input });
    }
    for (const member of group.nodes.keys()) {
      const link = group.links[group.linkAt(at, member)]!;
      for (const way of WAYS) {
        if (world.links.first(link, way) === undefined) continue;
        steps.push({ kind: "deliver", primary: at, member, way });
      }
    }
  }
  return steps;
}

function inputsOf(world: World, group: Group, view: NodeView): NodeInput[] {
  const inputs: NodeInput[] = [];
  const { catalog } = world.catalogs.of(group.catalog);
  if (view.owesTicket) {
    const first = world.scope.partialSyncs ? 1 : view.pending;
    for (let calls = first; calls <= view.pending; calls += 1) inputs.push({ kind: "sync", calls });
  }
  if (view.isAwake) inputs.push({ kind: "tick" });
  for (const config of [...catalog.past, catalog.config]) {
    if (config.version > view.heard) inputs.push({ kind: "config", config });
  }
  for (const store of view.admissionsAsked) inputs.push({ kind: "unanswered", store });
  const operation = nextOperations(world.scope, group.ledger, view);
  return [...inputs, ...operation.map((at) => ({ kind: "operation", at }) as const)];
}

/** The next mutation, and the read at any time: at whoever serves, deposed or not. */
function nextOperations(scope: Scope, { operations }: Ledger, { role }: NodeView): number[] {
  if (role !== "primaryActive") return [];
  const { mutations, reads } = scope;
  const unsent = [...operations.keys()].filter((at) => operations[at]!.phase === "unsent");
  const mutation = unsent.filter((at) => at < mutations.length).slice(0, 1);
  return reads && unsent.includes(mutations.length) ? [...mutation, mutations.length] : mutation;
}

/** What happens to them from outside, as far as the scope goes. */
function outerSteps(world: World, group: Group): Step[] {
  const { scope } = world;
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
      if (link !== world.links.empty) steps.push({ kind: "break", primary: at, member });
    }
  }
  return [...steps, ...catalogSteps(world, group, mayStill)];
}

function catalogSteps(world: World, group: Group, mayStill: (what: Bounded) => boolean): Step[] {
  const { members, catalogs } = world;
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
