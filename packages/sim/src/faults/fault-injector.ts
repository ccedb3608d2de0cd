// The faults of one run. Each seed draws which kinds there are and how often they strike, so that some runs
// see one kind alone and some a storm of all. Everything ends when the world is healed.
import type { SimCluster } from "../cluster/sim-cluster.ts";
import type { World } from "../world/world.ts";
import { FAULT_KINDS, type FaultKind, type FaultName } from "./fault-kinds.ts";
import type { FaultTargets } from "./fault-targets.ts";

/** Share of the kinds that a run has. */
const KINDS_PERCENT = 45;
/** Mean pauses between two faults of a kind, drawn from these. */
const PAUSES_MS: readonly number[] = [1_500, 4_000, 10_000];

/** Faults that last are over by then, and what they did is repaired. */
const TRUCE_MAX_MS = 20_000;
const TRUCE_STEP_MS = 250;

export type FaultCounts = Record<FaultName, number>;

export const noFaults = (): FaultCounts =>
  Object.fromEntries(FAULT_KINDS.map(({ name }) => [name, 0])) as FaultCounts;

export class FaultInjector {
  readonly counts = noFaults();
  readonly kinds: readonly FaultKind[];
  private readonly world: World;
  private readonly targets: FaultTargets;
  private readonly cluster: SimCluster;
  private striking = false;
  private truceUntilMs = 0;

  /** @param off kinds that are left out, to find out which ones a failure needs. */
  constructor(
    { world, cluster, targets }: FaultPorts,
    { off }: { readonly off: ReadonlySet<string> },
  ) {
    this.world = world;
    this.cluster = cluster;
    this.targets = targets;
    // Drawn for all, so that leaving some out changes nothing for the others.
    const drawn = FAULT_KINDS.filter(() => world.chance(KINDS_PERCENT));
    this.kinds = drawn.filter(({ name }) => !off.has(name));
  }

  start(): void {
    this.striking = true;
    this.world.note(`faults: ${this.kinds.map(({ name }) => name).join(" ")}`);
    for (const kind of this.kinds) this.strikeLater(kind, this.world.pick(PAUSES_MS));
  }

  /** No more faults, and an end to those that last. */
  heal(): void {
    this.world.note("the world is healed");
    this.striking = false;
    this.cluster.network.paths.healAll();
    for (const process of this.cluster.all) {
      process.slowDown(0);
      process.resume();
    }
    this.targets.healDisks();
  }

  private strikeLater(kind: FaultKind, pauseMs: number): void {
    const waitMs = pauseMs * this.world.between(0.3, 1.7) * (kind.rarity ?? 1);
    this.world.after(waitMs, undefined, () => {
      if (kind.needsQuiet) this.strikeWhenQuiet(kind, this.world.nowMs + TRUCE_MAX_MS, pauseMs);
      else {
        if (!this.isTruce) this.strike(kind);
        this.strikeLater(kind, pauseMs);
      }
    });
  }

  private strikeWhenQuiet(kind: FaultKind, untilMs: number, pauseMs: number): void {
    this.truceUntilMs = untilMs;
    if (!this.strike(kind) && this.world.nowMs < untilMs) {
      const again = (): void => this.strikeWhenQuiet(kind, untilMs, pauseMs);
      this.world.after(TRUCE_STEP_MS, undefined, again);
      return;
    }
    this.truceUntilMs = 0;
    this.strikeLater(kind, pauseMs);
  }

  private get isTruce(): boolean {
    return this.world.nowMs < this.truceUntilMs;
  }

  private strike(kind: FaultKind): boolean {
    const { targets } = this;
    if (!this.striking || targets.isFragile || !kind.strike(targets)) return false;
    this.counts[kind.name] += 1;
    targets.onStrike();
    return true;
  }
}

export interface FaultPorts {
  readonly world: World;
  readonly cluster: SimCluster;
  readonly targets: FaultTargets;
}
