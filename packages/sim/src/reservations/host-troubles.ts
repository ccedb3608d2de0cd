// What happens to hosts and to their ways, which the faults of the cluster leave alone: a machine freezes and goes
// on as if no time had passed, and what it sends gets through late, or not before a cut has healed. So commands
// arrive whose host has lost its right since. While one host pre-empts another, a gateway may be late: to hear of it,
// or with what it had permitted before; and nodes as late as the gateway.
import type { SimCluster } from "../cluster/sim-cluster.ts";
import type { World } from "../world/world.ts";
import type { HostFigures } from "./host-figures.ts";
import type { HostMachine } from "./host-machine.ts";

/** Mean pauses between two troubles, drawn from these. */
const PAUSES_MS: readonly number[] = [1_000, 3_000, 10_000];
/** Less than a gateway may be silent for, and than hosts wait. */
const LATE_MAX_MS = 600;
/** How long a pre-emption takes when nobody is late. */
const PREEMPT_MS = 6;

export class HostTroubles {
  private readonly world: World;
  private readonly cluster: SimCluster;
  private readonly figures: HostFigures;
  private readonly machines: readonly HostMachine[];
  private readonly pauseMs: number;
  private striking = false;

  constructor(
    { world, cluster }: { readonly world: World; readonly cluster: SimCluster },
    {
      machines,
      figures,
    }: { readonly machines: readonly HostMachine[]; readonly figures: HostFigures },
  ) {
    this.world = world;
    this.cluster = cluster;
    this.machines = machines;
    this.figures = figures;
    this.pauseMs = world.pick(PAUSES_MS);
  }

  start(): void {
    this.striking = true;
    this.strikeLater();
  }

  /** The ways are healed with all others. */
  heal(): void {
    this.striking = false;
    for (const { life } of this.machines) this.world.resume(life);
  }

  /** A host is about to pre-empt another one: soon somebody is late, when it is asked for, prepared or done. */
  onPreempt(): void {
    const { world } = this;
    world.after(world.between(0, PREEMPT_MS), undefined, () => {
      if (this.striking) this.delay();
    });
  }

  private delay(): void {
    const { world, cluster, figures } = this;
    const { name: gateway } = world.pick(cluster.gateways);
    const lateMs = world.between(5, LATE_MAX_MS);
    const clog = (from: { readonly name: string }, to: { readonly name: string }): void =>
      cluster.network.paths.clog(from.name, to.name, lateMs);
    if (world.random.below(3) === 0) {
      figures.gatewayLate += 1;
      for (const node of cluster.storage) clog({ name: gateway }, node);
      return;
    }
    figures.gatewayUnaware += 1;
    const unaware = [
      { name: gateway },
      ...cluster.storage.filter(() => world.random.below(2) === 0),
    ];
    for (const member of cluster.metadata) for (const each of unaware) clog(member, each);
  }

  private strikeLater(): void {
    this.world.after(this.pauseMs * this.world.between(0.3, 1.7), undefined, () => {
      if (!this.striking) return;
      this.strike();
      this.strikeLater();
    });
  }

  private strike(): void {
    const { world, figures } = this;
    const machine = world.pick(this.machines);
    const { name: gateway } = world.pick(this.cluster.gateways);
    const { paths } = this.cluster.network;
    switch (world.random.below(3)) {
      case 0:
        figures.hostFrozen += 1;
        this.freeze(machine);
        return;
      case 1:
        figures.hostClogged += 1;
        paths.clog(machine.name, gateway, world.between(20, 3_000));
        return;
      default:
        figures.hostCut += 1;
        world.note(`${machine.name} and ${gateway} do not hear each other`);
        paths.cut(machine.name, gateway);
        paths.cut(gateway, machine.name);
        world.after(world.between(300, 8_000), undefined, () => {
          paths.heal(machine.name, gateway);
          paths.heal(gateway, machine.name);
        });
    }
  }

  private freeze({ name, life }: HostMachine): void {
    this.world.note(`${name} freezes`);
    life.stop();
    this.world.after(this.world.between(200, 6_000), undefined, () => {
      this.world.note(`${name} goes on`);
      this.world.resume(life);
    });
  }
}
