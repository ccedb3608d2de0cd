// Makes a spread even: what a node has has a price that rises with each piece; a chain of moves (from a to b one
// chunk, from b to c another) is made while it lowers the price of both ends together. No such chain left means
// the spread is the best that the chunks allow, so a second plan moves nothing.
import type { ChunkId } from "@ashlar/core";

/** Rounding must not make two equal prices differ. */
export const EPSILON = 1e-9;

/** One chunk that changes hands, within one volume; nodes by their places in the plan. */
export interface SpreadMove {
  readonly volume: { readonly make: (move: SpreadMove) => void };
  readonly chunk: ChunkId;
  readonly from: number;
  readonly to: number;
}

/** A spread that is to be made even: what another chunk costs a node, and who can hand one to whom. */
export interface Spread {
  readonly price: (node: number) => number;
  /** What a node saves that has one less. */
  readonly saving: (node: number) => number;
  readonly move: (from: number, to: number) => SpreadMove | undefined;
}

/** What of one volume is at each node. */
export interface VolumeSpread extends Spread {
  readonly count: (node: number) => number;
}

/**
 * Whole steps, which nodes of different sizes reach with different counts: so there are equal prices to choose among,
 * for the sake of the totals.
 */
export const wholeSteps = (count: number, weight: number): number =>
  Math.floor(count / weight + EPSILON);

/** How much of all volumes is at a node. */
export const totalAt = (volumes: readonly VolumeSpread[], node: number): number =>
  volumes.reduce((sum, volume) => sum + volume.count(node), 0);

/** The spread over all volumes: moves that make none of them less even. */
export function totals(
  volumes: readonly VolumeSpread[],
  weightOf: (node: number) => number,
): Spread {
  return {
    price: (node) => (2 * totalAt(volumes, node) + 1) / weightOf(node),
    saving: (node) => (2 * totalAt(volumes, node) - 1) / weightOf(node),
    move: (from, to) => {
      for (const volume of volumes) {
        if (volume.price(to) > volume.saving(from)) continue;
        const move = volume.move(from, to);
        if (move) return move;
      }
      return undefined;
    },
  };
}

export class SpreadPlan {
  private readonly nodes: number;
  private readonly movesMax: number;
  private readonly chainMax: number;
  /** The last move of each chunk, with where it was led at first. */
  private readonly made = new Map<ChunkId, SpreadMove>();

  /** @param chainMax moves in one chain: where no chunk may move twice, more than two could name one twice. */
  constructor(
    nodes: number,
    {
      movesMax,
      chainMax = Number.POSITIVE_INFINITY,
    }: { readonly movesMax: number; readonly chainMax?: number },
  ) {
    this.nodes = nodes;
    this.movesMax = movesMax;
    this.chainMax = chainMax;
  }

  /** Makes chains of moves as long as one is worth it. */
  *even(spread: Spread): Generator<void, void, undefined> {
    while (this.made.size < this.movesMax) {
      yield;
      const chain = this.bestChain(spread);
      if (!chain || this.made.size + chain.length > this.movesMax) return;
      for (const move of chain) this.make(move);
    }
  }

  moves(): readonly SpreadMove[] {
    return [...this.made.values()].filter(({ from, to }) => from !== to);
  }

  private make(move: SpreadMove): void {
    move.volume.make(move);
    const before = this.made.get(move.chunk);
    this.made.set(move.chunk, { ...move, from: before?.from ?? move.from });
  }

  /** From the node that saves most, to where one more costs least; undefined when none is worth it. */
  private bestChain(spread: Spread): readonly SpreadMove[] | undefined {
    const nodes = [...Array(this.nodes).keys()];
    const cheapest = Math.min(...nodes.map((node) => spread.price(node)));
    const sources = nodes
      .map((node) => ({ node, saving: spread.saving(node) }))
      .filter(({ saving }) => saving > cheapest + EPSILON)
      .sort((a, b) => b.saving - a.saving || a.node - b.node);
    for (const { node, saving } of sources) {
      const chain = this.chainFrom(spread, node, saving);
      if (chain) return chain;
    }
    return undefined;
  }

  /** A search in breadth, so that few chunks move for one step towards evenness. */
  private chainFrom(
    spread: Spread,
    source: number,
    saving: number,
  ): readonly SpreadMove[] | undefined {
    const reached = new Map<number, Reached>([[source, { move: undefined, depth: 0 }]]);
    let best: { readonly node: number; readonly price: number } | undefined;
    for (const [from, { depth }] of reached) {
      if (depth >= this.chainMax) break;
      for (let to = 0; to < this.nodes; to += 1) {
        if (reached.has(to)) continue;
        const move = spread.move(from, to);
        if (!move) continue;
        reached.set(to, { move, depth: depth + 1 });
        const price = spread.price(to);
        if (price < (best?.price ?? saving) - EPSILON) best = { node: to, price };
      }
    }
    const chain: SpreadMove[] = [];
    let at = best && reached.get(best.node)?.move;
    for (; at; at = reached.get(at.from)?.move) chain.unshift(at);
    return chain.length > 0 ? chain : undefined;
  }
}

interface Reached {
  readonly move: SpreadMove | undefined;
  readonly depth: number;
}
