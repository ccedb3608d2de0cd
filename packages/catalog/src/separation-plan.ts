// Which chunks should be led elsewhere so that a node that hosts ask far more than the others is asked less: chunks of
// its busiest volumes, to the node with most to spare. Where that would make leading less even by count, one that is
// asked little comes back for it, so what is planned here and what primary-plan.ts wants never undo each other. What
// one chunk is asked nobody counts: it is taken to be its share of its volume. Pure and deterministic.
import type { FamilyId, NodeId } from "@ashlar/core";
import type { IsrCandidate } from "./command.ts";
import type { CatalogMirror } from "./mirror.ts";
import {
  type Leader,
  leadersOf,
  scanLeads,
  targetOf,
  totalLeads,
  type VolumeLeads,
} from "./primary-plan.ts";
import { EPSILON, type Spread, type SpreadMove, SpreadPlan } from "./spread-plan.ts";

/** What is asked of a node, and the part of it that each volume has, all in one unit. */
export interface NodeDemand {
  readonly node: NodeId;
  readonly demand: number;
  readonly volumes: ReadonlyMap<FamilyId, number>;
}

export interface Separation {
  readonly family: FamilyId;
  readonly from: NodeId;
  readonly to: NodeId;
  /** Those of the volume first, each followed by the one that comes back for it, if one does. */
  readonly items: readonly IsrCandidate[];
  /** Of the items, those that belong to the volume. */
  readonly chunks: number;
  /** What the node that is asked too much would be rid of. */
  readonly relief: number;
}

/** Less is not worth that hosts wait while chunks change hands. */
const RELIEF_SHARE_MIN = 0.1;
/** The one that gets may then be asked so many times what the one that gives is: chunks cannot be halved. */
const UNEVEN_MAX = 1.25;
/** Moves in one plan: what chunks are asked is estimated, so the next plan goes by what came of this one. */
const CHUNKS_MAX = 64;
/** Nodes that are tried: those that are asked least. */
const TARGETS_MAX = 4;

/**
 * The first volume of the busiest that can be given to a node without making that the hot one; undefined when there is
 * none. The work pauses often.
 */
export function* planSeparationInParts(
  { nodes, volumes, chunks }: CatalogMirror,
  {
    from,
    demands,
    preferred,
  }: {
    readonly from: NodeId;
    readonly demands: readonly NodeDemand[];
    /** The volume that was planned last: of two that are asked much it stays the one. */
    readonly preferred?: FamilyId | undefined;
  },
): Generator<void, Separation | undefined, undefined> {
  const leaders = leadersOf(nodes);
  const families = [...volumes.values()].map(({ family }) => family).sort((a, b) => a - b);
  const frozen = chunks.frozen();
  const source = leaders.findIndex(({ node }) => node === from);
  const rank = (family: FamilyId): number => (family === preferred ? 1 : 0);
  const hot = demands.find(({ node }) => node === from);
  if (source < 0 || !hot) return undefined;
  const busiest = [...hot.volumes]
    .filter(([, demand]) => demand >= hot.demand * RELIEF_SHARE_MIN)
    .sort(([a, x], [b, y]) => rank(b) - rank(a) || y - x || a - b);
  const targets = demands
    .filter(({ node }) => node !== from && leaders.some((leader) => leader.node === node))
    .sort((a, b) => a.demand - b.demand || (a.node < b.node ? -1 : 1))
    .slice(0, TARGETS_MAX);
  let leads = yield* scanLeads(frozen, families, leaders);
  for (const [family] of busiest) {
    for (const target of targets) {
      const trial = new Trial(leads, leaders, { hot, target });
      const { moves, count, relief } = trial.relieve(family);
      const isWorthIt = relief > 0 && relief >= hot.demand * RELIEF_SHARE_MIN;
      if (isWorthIt && (yield* isLeftAlone(leads, leaders))) {
        const items = moves.map((move) => targetOf(frozen, leaders, move));
        return { family, from, to: target.node, items, chunks: count, relief };
      }
      // A trial changes what it is made on.
      if (count > 0) leads = yield* scanLeads(frozen, families, leaders);
    }
  }
  return undefined;
}

/** Whether the plan of leading has nothing to move after a trial: else it would be undone. Changes what it looks at. */
function* isLeftAlone(
  leads: readonly VolumeLeads[],
  leaders: readonly Leader[],
): Generator<void, boolean, undefined> {
  const plan = new SpreadPlan(leaders.length, { movesMax: Number.MAX_SAFE_INTEGER });
  for (const volume of leads) yield* plan.even(volume);
  yield* plan.even(totalLeads(leads, leaders));
  return plan.moves().length === 0;
}

interface Relief {
  readonly moves: readonly SpreadMove[];
  readonly count: number;
  readonly relief: number;
}

/** One volume, from one node to another. */
class Trial {
  private readonly leads: readonly VolumeLeads[];
  private readonly total: Spread;
  private readonly hot: NodeDemand;
  private readonly target: NodeDemand;
  private readonly source: number;
  private readonly goal: number;

  constructor(
    leads: readonly VolumeLeads[],
    leaders: readonly Leader[],
    { hot, target }: { readonly hot: NodeDemand; readonly target: NodeDemand },
  ) {
    const placeOf = (node: NodeId): number => leaders.findIndex((leader) => leader.node === node);
    this.leads = leads;
    this.total = totalLeads(leads, leaders);
    this.hot = hot;
    this.target = target;
    this.source = placeOf(hot.node);
    this.goal = placeOf(target.node);
  }

  relieve(family: FamilyId): Relief {
    const moves: SpreadMove[] = [];
    let relief = 0;
    let count = 0;
    const volume = this.leads.find((one) => one.family === family);
    if (!volume) return { moves, count, relief };
    const share = this.shareOf(volume, this.source);
    while (count < CHUNKS_MAX && allows(volume, this.source, this.goal)) {
      const move = volume.move(this.source, this.goal);
      if (!move) break;
      const back = this.backFor(volume, share);
      if (back === "none") break;
      const gained = share - (back?.share ?? 0);
      if (!this.isBetterBy(relief + gained)) break;
      volume.make(move);
      back?.move.volume.make(back.move);
      moves.push(move, ...(back ? [back.move] : []));
      relief += gained;
      count += 1;
    }
    return { moves, count, relief };
  }

  /** Whether neither of the two would be asked nearly as much as the one is now, nor the other be the hot one then. */
  private isBetterBy(given: number): boolean {
    const { demand } = this.hot;
    const after = this.target.demand + given;
    return after <= demand * (1 - RELIEF_SHARE_MIN) && after <= (demand - given) * UNEVEN_MAX;
  }

  /** What comes back; undefined where that is not needed. */
  private backFor(
    volume: VolumeLeads,
    share: number,
  ): { readonly move: SpreadMove; readonly share: number } | "none" | undefined {
    if (allows(this.total, this.source, this.goal)) return undefined;
    const others = this.leads
      .filter((one) => one !== volume && one.count(this.goal) > 0)
      .map((one) => ({ one, share: this.shareOf(one, this.goal) }))
      .filter((other) => other.share < share && allows(other.one, this.goal, this.source))
      .sort((a, b) => a.share - b.share || a.one.family - b.one.family);
    for (const { one, share: lost } of others) {
      const move = one.move(this.goal, this.source);
      if (move) return { move, share: lost };
    }
    return "none";
  }

  /** What one chunk of a volume that a node leads is asked, as both were before the trial. */
  private shareOf(volume: VolumeLeads, place: number): number {
    const { volumes } = place === this.source ? this.hot : this.target;
    return (volumes.get(volume.family) ?? 0) / Math.max(1, volume.countBefore(place));
  }
}

/** Whether it is as even as before when the one gives the other one: else it would be taken back. */
const allows = (spread: Spread, from: number, to: number): boolean =>
  spread.price(to) <= spread.saving(from) + EPSILON;
