// A state of the whole group while a step is taken: the nodes, what is on its way between them, the
// catalog, the ledger. What a node does is spread from here, and the invariants are asked.
import { assert, type NodeId } from "@ashlar/core";
import type { MemberMessage, PrimaryMessage } from "../../messages.ts";
import { storeOf } from "../scripted-chunk.ts";
import type { SimMember } from "../simulation/sim-catalog.ts";
import {
  activeEpochOf,
  type Bounded,
  checkContent,
  checkHolds,
  checkLevel,
  checkMatching,
  type Ledger,
  withActive,
  withArrival,
  withCommits,
  withReply,
} from "./ledger.ts";
import type { Links, Way } from "./links.ts";
import type { NodeInput, NodeOutput, NodeView } from "./node-view.ts";
import type { Scope } from "./scope.ts";
import type { CatalogAction, SearchCatalogs } from "./search-catalog.ts";
import type { Outcome, Transitions } from "./transitions.ts";

/** Situations that a search is worth something only if it met them. */
export const FACTS = [
  "committed",
  "failedOver",
  "truncated",
  "recovered",
  "readAnswered",
  "staleReadRefused",
  "admitted",
  "copied",
] as const;
export type Fact = (typeof FACTS)[number];

export type Step =
  | { readonly kind: "input"; readonly at: number; readonly input: NodeInput }
  | {
      readonly kind: "deliver";
      readonly primary: number;
      readonly member: number;
      readonly way: Way;
    }
  | { readonly kind: "break"; readonly primary: number; readonly member: number }
  | { readonly kind: "crash"; readonly at: number; readonly kept: number }
  | { readonly kind: "catalog"; readonly action: CatalogAction; readonly at: number };

export interface World {
  readonly scope: Scope;
  readonly members: readonly SimMember[];
  readonly transitions: Transitions;
  readonly links: Links;
  readonly catalogs: SearchCatalogs;
}

export interface GroupState {
  readonly nodes: readonly number[];
  readonly links: readonly number[];
  readonly catalog: number;
  readonly ledger: Ledger;
}

export class Group {
  readonly nodes: number[];
  readonly links: number[];
  catalog: number;
  ledger: Ledger;
  readonly facts: Fact[] = [];
  private readonly world: World;

  constructor(world: World, { nodes, links, catalog, ledger }: GroupState) {
    this.world = world;
    this.nodes = [...nodes];
    this.links = [...links];
    this.catalog = catalog;
    this.ledger = ledger;
  }

  view(at: number): NodeView {
    return this.world.transitions.view(this.nodes[at]!);
  }

  linkAt(primary: number, member: number): number {
    return primary * this.nodes.length + member;
  }

  take(step: Step): void {
    switch (step.kind) {
      case "input":
        this.give(step.at, step.input);
        break;
      case "deliver":
        this.deliver(step.primary, step.member, step.way);
        break;
      case "break":
        this.use("breaks");
        this.break(step.primary, step.member);
        break;
      case "crash":
        this.crash(step.at, step.kept);
        break;
      case "catalog":
        this.change(step.action, step.at);
        break;
    }
    this.check();
  }

  private give(at: number, input: NodeInput): void {
    const { transitions } = this.world;
    if (input.kind === "operation") this.ledger = withArrival(this.ledger, input.at);
    const outcome = transitions.outcome(this.nodes[at]!, transitions.numberInput(input));
    this.nodes[at] = outcome.next;
    this.note(at, outcome.output);
    this.spread(at, outcome);
  }

  private spread(at: number, { sent, responded, output }: Outcome): void {
    for (const { to, message } of sent) this.push(at, this.placeOf(to), "toMember", message);
    for (const { to, message } of responded) this.push(this.placeOf(to), at, "toPrimary", message);
    for (const request of output.admits) {
      this.catalog = this.world.catalogs.after(this.catalog, { kind: "ask", request });
    }
  }

  private push(primary: number, member: number, way: Way, message: number): void {
    const link = this.linkAt(primary, member);
    this.links[link] = this.world.links.pushed(this.links[link]!, way, message);
  }

  private note(at: number, output: NodeOutput): void {
    const { scope } = this.world;
    const view = this.view(at);
    if (output.committed.length > 0) {
      this.ledger = withCommits(this.ledger, view, output.committed);
      this.facts.push("committed");
    }
    if (output.active !== undefined) this.onActive(view, output.active);
    for (const reply of output.replies) {
      this.ledger = withReply(this.ledger, reply, scope);
      if (reply.operation < scope.mutations.length) continue;
      if (reply.status === "good") this.facts.push("readAnswered");
      else if (view.epoch < activeEpochOf(this.ledger)) this.facts.push("staleReadRefused");
    }
    if (output.truncated) this.facts.push("truncated");
    if (output.copied) this.facts.push("copied");
  }

  private onActive(view: NodeView, epoch: number): void {
    this.ledger = withActive(this.ledger, view, epoch);
    if (epoch > 1) this.facts.push("failedOver");
    for (const { storeUuid, node } of this.world.members) {
      if (view.required.includes(storeUuid)) checkLevel(view, this.view(this.placeOf(node)));
    }
  }

  private deliver(primary: number, member: number, way: Way): void {
    const { links, transitions } = this.world;
    const at = this.linkAt(primary, member);
    const message = transitions.messages[links.first(this.links[at]!, way)!]!;
    this.links[at] = links.shifted(this.links[at]!, way);
    const [fromPrimary, fromMember] = [primary, member].map((place) => transitions.nodes[place]!);
    if (way === "toMember") {
      const input = { kind: "fromPrimary", from: fromPrimary!, message: message as PrimaryMessage };
      this.give(member, input as NodeInput);
    } else {
      const input = { kind: "fromMember", from: fromMember!, message: message as MemberMessage };
      this.give(primary, input as NodeInput);
    }
  }

  private break(primary: number, member: number): void {
    const { links, transitions } = this.world;
    this.links[this.linkAt(primary, member)] = links.empty;
    this.give(primary, { kind: "reconnect", node: transitions.nodes[member]! });
  }

  private crash(at: number, kept: number): void {
    this.use("crashes");
    const before = this.view(at);
    const { links } = this.world;
    for (const other of this.nodes.keys()) {
      if (other !== at) this.links[this.linkAt(at, other)] = links.empty;
    }
    this.give(at, { kind: "crash", kept });
    if (before.durable.log.length > 0) this.facts.push("recovered");
    for (const other of this.nodes.keys()) if (other !== at) this.break(other, at);
  }

  private change(action: CatalogAction, at: number): void {
    const { catalogs } = this.world;
    const before = catalogs.config(this.catalog);
    this.catalog = catalogs.after(this.catalog, action);
    if (action.kind === "up") {
      this.use("ups");
      const { catalog } = catalogs.of(this.catalog);
      const incarnation = catalog.incarnationOf(action.member.node);
      this.give(at, { kind: "identity", incarnation });
    } else if (action.kind === "down") this.use("downs");
    else if (action.kind === "move") this.use("moves");
    else if (catalogs.config(this.catalog).isr.length > before.isr.length) {
      this.facts.push("admitted");
      checkHolds(this.ledger, this.view(at), "K3");
    }
  }

  private use(what: Bounded): void {
    const { used } = this.ledger;
    this.ledger = { ...this.ledger, used: { ...used, [what]: used[what] + 1 } };
  }

  private check(): void {
    const { catalogs, scope } = this.world;
    const { isr } = catalogs.config(this.catalog);
    const views = this.nodes.map((_, at) => this.view(at));
    for (const view of views) {
      if (isr.includes(this.storeAt(view.at))) {
        checkHolds(this.ledger, view, "P1");
        checkContent(this.ledger, view, scope);
      }
      if (view.role === "primaryActive") this.checkRequired(view, views);
    }
    for (const [at, view] of views.entries()) {
      for (const other of views.slice(0, at)) checkMatching(view, other);
    }
  }

  /** P1 as the ACTIVE primary of the latest epoch sees it: of every possibly-current ISR. */
  private checkRequired(primary: NodeView, views: readonly NodeView[]): void {
    if (primary.epoch !== activeEpochOf(this.ledger)) return;
    for (const view of views) {
      if (!primary.required.includes(this.storeAt(view.at))) continue;
      if (view.durable.promised <= primary.epoch) checkHolds(this.ledger, view, "P1");
    }
  }

  private storeAt(place: number) {
    return storeOf(this.world.transitions.nodes[place]!);
  }

  private placeOf(node: NodeId): number {
    const place = this.world.transitions.nodes.indexOf(node);
    assert(place >= 0, "messages go to nodes of the scope");
    return place;
  }
}
