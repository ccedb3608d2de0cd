// A group of real replicas with their disks and their catalog, played by hand: an interleaving reads like
// its own story. The invariants are asked after every step, as in a search.
import type { ReplicaConfig } from "../../events.ts";
import type { Group, Step, World } from "./group.ts";
import type { Ledger } from "./ledger.ts";
import type { Way } from "./links.ts";
import type { NodeView } from "./node-view.ts";
import type { Scope } from "./scope.ts";
import { PLAIN } from "./scopes.ts";
import { firstGroup, makeWorld, settle } from "./steps.ts";

export class ScriptedGroup {
  private readonly world: World;
  private readonly group: Group;
  private readonly stopped = new Set<number>();
  /** Connections on which nothing arrives, from a primary to a member. */
  private readonly held = new Set<string>();

  constructor(scope: Partial<Scope>) {
    this.world = makeWorld({ ...PLAIN, ...scope });
    this.group = firstGroup(this.world);
  }

  view(at: number): NodeView {
    return this.group.view(at);
  }

  /** What a client knows of the operation of that place in the scope. */
  outcome(operation: number): Ledger["operations"][number] {
    return this.group.ledger.operations[operation]!;
  }

  get config(): ReplicaConfig {
    return this.world.catalogs.config(this.group.catalog);
  }

  get truncations(): number {
    return this.group.facts.filter((fact) => fact === "truncated").length;
  }

  /** Nothing is done by it, and nothing reaches it, until it goes on. */
  stop(at: number): void {
    this.stopped.add(at);
  }

  goOn(at: number): void {
    this.stopped.delete(at);
  }

  hold(primary: number, member: number): void {
    this.held.add(`${primary} ${member}`);
  }

  release(primary: number, member: number): void {
    this.held.delete(`${primary} ${member}`);
  }

  operate(at: number, operation: number): void {
    this.group.take({ kind: "input", at, input: { kind: "operation", at: operation } });
  }

  /** Everything on its way to that disk is durable. */
  sync(at: number): void {
    const calls = this.view(at).pending;
    this.group.take({ kind: "input", at, input: { kind: "sync", calls } });
  }

  hear(at: number, config = this.config): void {
    this.group.take({ kind: "input", at, input: { kind: "config", config } });
  }

  unanswered(at: number): void {
    for (const store of this.view(at).admissionsAsked) {
      this.group.take({ kind: "input", at, input: { kind: "unanswered", store } });
    }
  }

  deliver(primary: number, member: number, way: Way): void {
    this.group.take({ kind: "deliver", primary, member, way });
  }

  crash(at: number, kept: number): void {
    this.group.take({ kind: "crash", at, kept });
  }

  catalog(kind: "down" | "up" | "move", at: number): void {
    const member = this.world.members[at]!;
    this.group.take({ kind: "catalog", action: { kind, member }, at });
  }

  /** The catalog decides what it was asked. */
  admit(): void {
    for (const request of this.world.catalogs.of(this.group.catalog).asked) {
      const at = this.world.members.findIndex(({ storeUuid }) => storeUuid === request.store);
      this.group.take({ kind: "catalog", action: { kind: "admit", request }, at });
    }
  }

  /** All that those do who are not stopped, over connections that are not held. */
  settle(until: () => boolean = () => false): void {
    settle(this.world, this.group, (step) => !until() && this.mayGoOn(step));
  }

  private mayGoOn(step: Step): boolean {
    if (step.kind !== "deliver") return !("at" in step) || !this.stopped.has(step.at);
    const { primary, member, way } = step;
    const to = way === "toMember" ? member : primary;
    return !this.stopped.has(to) && !this.held.has(`${primary} ${member}`);
  }
}
