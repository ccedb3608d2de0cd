// What goes wrong in a simulation: nodes crash and lose what was not synced, stop and go on later,
// are declared down while they live; connections break; leadership moves; gateways are replaced.
import { CHECKSUM_UNIT } from "@ashlar/core";
import type { SimCatalog } from "./sim-catalog.ts";
import { SIM_CHUNK_SIZE } from "./sim-clients.ts";
import type { SimNetwork } from "./sim-network.ts";
import type { SimNode } from "./sim-node.ts";
import type { SimRandom } from "./sim-random.ts";

export interface SimFaultsPorts {
  readonly random: SimRandom;
  readonly catalog: SimCatalog;
  readonly nodes: readonly SimNode[];
  readonly network: SimNetwork;
  /** Chance that a fault is a stop of the primary. */
  readonly stopsPercent: number;
  /** Chance that a fault is a flipped bit. */
  readonly flipsPercent: number;
  /** A gateway is declared dead, and registers anew. */
  readonly replaceGateway: () => void;
  /** A crashed node waits for nothing any more. */
  readonly onCrashed: (node: SimNode) => void;
}

export class SimFaults {
  crashes = 0;
  pauses = 0;
  flips = 0;
  gateways = 0;
  private readonly ports: SimFaultsPorts;

  constructor(ports: SimFaultsPorts) {
    this.ports = ports;
  }

  /** One thing goes wrong. */
  strike(): void {
    const { random, catalog, nodes, network, stopsPercent, flipsPercent } = this.ports;
    if (random.chance(flipsPercent)) {
      this.flip();
      return;
    }
    if (random.chance(stopsPercent)) {
      const { primary } = catalog.config;
      this.pause(nodes.find(({ member }) => member.node === primary.node)!);
      return;
    }
    const node = random.pick(nodes);
    switch (random.below(9)) {
      case 0:
      case 1:
        if (node.replica) this.crash(node);
        return;
      case 2:
      case 3:
        network.breakSome();
        return;
      case 4:
        // Suspected wrongly: it lives, and hears of it late.
        catalog.nodeDown(node.member.node);
        return;
      case 5:
        catalog.movePrimary(node.member.node);
        return;
      case 6:
        this.pause(node);
        return;
      case 7:
        this.gateways += 1;
        this.ports.replaceGateway();
        return;
      default:
        if (!node.replica) catalog.nodeDown(node.member.node);
    }
  }

  /** Bits flip in a unit of which another member in sync has a good copy, and keeps it. */
  private flip(): void {
    const { random, catalog, nodes } = this.ports;
    const node = random.pick(nodes);
    const others = nodes.filter(
      (other) => other !== node && catalog.config.isr.includes(other.member.storeUuid),
    );
    const units = Array.from({ length: SIM_CHUNK_SIZE / CHECKSUM_UNIT }, (_, unit) => unit).filter(
      (unit) => {
        const own = node.store.goodUnit(unit);
        return own && others.some(({ store }) => store.goodUnit(unit)?.equals(own));
      },
    );
    if (units.length === 0) return;
    this.flips += 1;
    node.store.damage(random.pick(units));
  }

  private pause(node: SimNode): void {
    if (!node.replica || node.paused) return;
    this.pauses += 1;
    node.paused = true;
  }

  private crash(node: SimNode): void {
    const { random, network, onCrashed } = this.ports;
    this.crashes += 1;
    node.replica = undefined;
    node.store.crash(random.below(node.store.pendingCount + 1));
    node.questions = [];
    node.grants.length = 0;
    node.events.length = 0;
    node.awake = false;
    node.paused = false;
    node.incarnation = 0;
    network.breakAllOf(node);
    onCrashed(node);
  }
}
