// Connections between the nodes of a simulation: one for each direction of a pair, first in first
// out within it, in any order across them, until it breaks and loses what was on its way.
import type { NodeId } from "@ashlar/core";
import type { ReplicaEvent } from "../../events.ts";
import type { MemberMessage, PrimaryMessage } from "../../messages.ts";
import type { SimLink, SimNode } from "./sim-node.ts";
import type { SimRandom } from "./sim-random.ts";

export class SimNetwork {
  private readonly random: SimRandom;
  private readonly nodes: readonly SimNode[];
  private readonly give: (node: SimNode, event: ReplicaEvent) => void;
  private readonly links = new Map<string, SimLink>();

  constructor(
    random: SimRandom,
    nodes: readonly SimNode[],
    give: (node: SimNode, event: ReplicaEvent) => void,
  ) {
    this.random = random;
    this.nodes = nodes;
    this.give = give;
  }

  get isQuiet(): boolean {
    return [...this.links.values()].every(
      ({ toMember, toPrimary }) => toMember.length + toPrimary.length === 0,
    );
  }

  want(primary: SimNode, to: NodeId): void {
    const key = keyOf(primary, to);
    const member = this.nodes.find((other) => other.member.node === to)!;
    const link = this.links.get(key) ?? { primary, member, up: false, toMember: [], toPrimary: [] };
    this.links.set(key, link);
    if (link.up) this.give(primary, { kind: "linkUp", node: to });
  }

  send(primary: SimNode, to: NodeId, message: PrimaryMessage): void {
    const link = this.links.get(keyOf(primary, to));
    if (link?.up) link.toMember.push(message);
  }

  respond(member: SimNode, to: NodeId, message: MemberMessage): void {
    const link = this.links.get(`${to} ${member.member.node}`);
    if (link?.up) link.toPrimary.push(message);
  }

  /** One connection that is wanted and whose ends live comes up. */
  dial(): void {
    const down = [...this.links.values()].filter(
      ({ up, primary, member }) => !up && isRunning(primary) && isRunning(member),
    );
    if (down.length === 0) return;
    const link = this.random.pick(down);
    link.up = true;
    this.give(link.primary, { kind: "linkUp", node: link.member.member.node });
  }

  /** One message arrives. */
  deliver(): void {
    const busy = [...this.links.values()].filter(
      ({ toMember, toPrimary }) => toMember.length + toPrimary.length > 0,
    );
    if (busy.length === 0) return;
    const { primary, member, toMember, toPrimary } = this.random.pick(busy);
    if (toPrimary.length === 0 || (toMember.length > 0 && this.random.chance(50))) {
      const message = toMember.shift()!;
      this.give(member, { kind: "fromPrimary", from: primary.member.node, message });
    } else {
      const message = toPrimary.shift()!;
      this.give(primary, { kind: "fromMember", from: member.member.node, message });
    }
  }

  breakSome(): void {
    for (const link of this.links.values()) if (this.random.chance(40)) this.break(link);
  }

  breakAllOf(node: SimNode): void {
    for (const link of this.links.values()) {
      if (link.primary === node || link.member === node) this.break(link);
    }
  }

  private break(link: SimLink): void {
    if (!link.up) return;
    link.up = false;
    link.toMember.length = 0;
    link.toPrimary.length = 0;
    this.give(link.primary, { kind: "linkDown", node: link.member.member.node });
  }
}

const isRunning = ({ replica, paused }: SimNode): boolean => replica !== undefined && !paused;

const keyOf = (primary: SimNode, to: NodeId): string => `${primary.member.node} ${to}`;
