// Changes of the volume that the chunk belongs to, in one phase or two, as the metadata service makes
// them: each is an entry of the same ordered history as the configurations, and is answered when every
// member in sync has heard of all of it. What was admitted before takes no effect any more (P11).
import type { SimCatalog } from "./sim-catalog.ts";
import type { SimCheckers } from "./sim-checkers.ts";
import type { SimNode } from "./sim-node.ts";
import type { SimRandom } from "./sim-random.ts";

interface Stage {
  /** Of the configuration that came with it. */
  readonly version: number;
  readonly generation: number;
  readonly closed: boolean;
}

interface Change {
  /** The generation that it closes. */
  readonly old: number;
  readonly prepared: boolean;
  /** Every member in sync said that it has closed, and in which epoch. */
  closedBy: { readonly epoch: number } | undefined;
}

export interface SimGenerationsPorts {
  readonly random: SimRandom;
  readonly catalog: SimCatalog;
  readonly checkers: SimCheckers;
  readonly nodes: () => readonly SimNode[];
}

export class SimGenerations {
  changes = 0;
  private readonly ports: SimGenerationsPorts;
  private readonly stages: Stage[] = [{ version: 0, generation: 1, closed: false }];
  private change: Change | undefined;

  constructor(ports: SimGenerationsPorts) {
    this.ports = ports;
  }

  get isSettled(): boolean {
    return this.change === undefined;
  }

  /** As the volume's record was with a version of the configuration. */
  at(version: number): Stage {
    return this.stages.findLast((stage) => stage.version <= version)!;
  }

  /** Whose operations are admitted by a node that has heard of a version. */
  openAt(version: number): number | undefined {
    const { generation, closed } = this.at(version);
    return closed ? undefined : generation;
  }

  /** A step of the change under way, or perhaps the beginning of one. */
  act(begins: boolean): void {
    const { catalog } = this.ports;
    const { change } = this;
    if (!change) {
      if (begins && this.ports.random.chance(25)) this.begin();
    } else if (change.closedBy?.epoch === catalog.config.epoch) this.finish(change);
    else change.closedBy = this.closedNow();
  }

  private begin(): void {
    const { generation } = this.at(Number.POSITIVE_INFINITY);
    const prepared = this.ports.random.chance(50);
    this.change = { old: generation, prepared, closedBy: undefined };
    if (prepared) this.enter(generation, true);
    else this.enter(generation + 1, false);
  }

  private finish({ old, prepared }: Change): void {
    if (prepared) this.enter(old + 1, false);
    this.ports.checkers.closedGeneration = old;
    this.change = undefined;
    this.changes += 1;
  }

  private closedNow(): Change["closedBy"] {
    const { config } = this.ports.catalog;
    const answers = ({ member, replica, paused, incarnation, heard }: SimNode): boolean =>
      replica !== undefined &&
      !paused &&
      incarnation === this.ports.catalog.incarnationOf(member.node) &&
      heard === config.version;
    const isr = this.ports.nodes().filter(({ member }) => config.isr.includes(member.storeUuid));
    return isr.every(answers) ? { epoch: config.epoch } : undefined;
  }

  private enter(generation: number, closed: boolean): void {
    this.stages.push({ version: this.ports.catalog.touch(), generation, closed });
  }
}
