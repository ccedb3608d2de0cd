// Which chunks should be led by another of their replicas in sync, so that leading is spread evenly
// again after nodes went and came back: first within each volume, then over all of them, both in
// proportion to the size of the nodes. Pure and deterministic.
//
// What a node leads has a price that rises with each chunk; a chain of moves (from a to b one chunk, from
// b to c another) is made while it lowers the price of both ends together. No such chain left means the
// spread is the best that the replicas in sync allow, so a second plan moves nothing.
import { type ChunkId, type FamilyId, type NodeId, present, type StoreUuid } from "@ashlar/core";
import type { ChunkRow } from "./chunk-row.ts";
import type { ChunkTables, RowRange } from "./chunk-tables.ts";
import type { IsrCandidate } from "./command.ts";
import type { CatalogMirror } from "./mirror.ts";
import { disksForCopies } from "./placement.ts";

interface Leader {
  readonly node: NodeId;
  readonly stores: ReadonlySet<StoreUuid>;
  /** Its size in proportion to the mean of all. */
  readonly weight: number;
}

/** One chunk that changes hands, within one volume. */
interface Move {
  readonly volume: VolumeLeads;
  readonly chunk: ChunkId;
  readonly from: number;
  readonly to: number;
}

/** A spread that is to be made even: what another chunk costs a node, and who can hand one to whom. */
interface Spread {
  readonly price: (node: number) => number;
  /** What a node saves that leads one less. */
  readonly saving: (node: number) => number;
  readonly move: (from: number, to: number) => Move | undefined;
}

/** Chunks looked at between two pauses: well below a millisecond. */
const CHUNKS_PER_PAUSE = 1024;

/** Rounding must not make two equal prices differ. */
const EPSILON = 1e-9;

/**
 * The moves, at most `movesMax`: the most useful come first, and each beginning of the list is an
 * improvement of its own. A chunk with a learner stays where it is.
 */
export function planPrimaries(view: CatalogMirror, movesMax: number): readonly IsrCandidate[] {
  const work = planPrimariesInParts(view, movesMax);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/**
 * The same of the catalog as it is when this is called: the work pauses often, since who plans has others
 * to answer meanwhile.
 */
export function planPrimariesInParts(
  { nodes, volumes, chunks }: CatalogMirror,
  movesMax: number,
): Generator<void, readonly IsrCandidate[], undefined> {
  const families = [...volumes.values()].map(({ family }) => family).sort((a, b) => a - b);
  return planInParts({ families, chunks: chunks.frozen() }, leadersOf(nodes), movesMax);
}

interface Planned {
  readonly families: readonly FamilyId[];
  readonly chunks: ChunkTables;
}

function* planInParts(
  { families, chunks }: Planned,
  leaders: readonly Leader[],
  movesMax: number,
): Generator<void, readonly IsrCandidate[], undefined> {
  if (leaders.length < 2) return [];
  const volumes: VolumeLeads[] = [];
  for (const family of families) {
    const volume = new VolumeLeads(chunks, family, leaders);
    for (let from = 0; from < chunks.rowsOf(family); from += CHUNKS_PER_PAUSE) {
      volume.look({ from, until: from + CHUNKS_PER_PAUSE });
      yield;
    }
    volumes.push(volume);
  }
  const plan = new PrimaryPlan(leaders, movesMax);
  for (const volume of volumes) yield* plan.even(volume);
  yield* plan.even(totals(volumes, leaders));
  return plan.moves().map(({ chunk, to }) => {
    const { epoch, version, members } = present(chunks.get(chunk), "it was scanned");
    const { node, stores } = present(leaders[to], "a node of the plan");
    const target = members.find((one) => one.node === node && stores.has(one.storeUuid));
    return { chunk, epoch, version, store: present(target, "it is in the ISR").storeUuid };
  });
}

function leadersOf(nodes: CatalogMirror["nodes"]): readonly Leader[] {
  const sized = [...nodes.values()]
    .sort((a, b) => (a.node < b.node ? -1 : 1))
    .map((record) => ({ node: record.node, disks: disksForCopies(record) }))
    .filter(({ disks }) => disks.length > 0)
    .map(({ node, disks }) => ({
      node,
      stores: new Set(disks.map(({ storeUuid }) => storeUuid)),
      sizeBytes: disks.reduce((sum, disk) => sum + disk.sizeBytes, 0),
    }));
  const mean = sized.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / sized.length;
  return sized.map((one) => ({ ...one, weight: Math.max(one.sizeBytes / mean, EPSILON) }));
}

/** Who leads how much of one volume, and which of its chunks could be led by whom. */
class VolumeLeads implements Spread {
  readonly family: FamilyId;
  /** Chunks that each node leads. */
  readonly led: number[];
  private readonly chunks: ChunkTables;
  private readonly leaders: readonly Leader[];
  private readonly places: ReadonlyMap<NodeId, number>;
  /** By leader and possible leader; entries of chunks that were moved since are passed over. */
  private readonly movable = new Map<number, ChunkId[]>();
  private readonly movedTo = new Map<ChunkId, number>();

  constructor(chunks: ChunkTables, family: FamilyId, leaders: readonly Leader[]) {
    this.chunks = chunks;
    this.family = family;
    this.leaders = leaders;
    this.led = leaders.map(() => 0);
    this.places = new Map(leaders.map(({ node }, place) => [node, place]));
  }

  /** Takes in these chunks; each is to be looked at once before the first question. */
  look(range: RowRange): void {
    const visit = (row: ChunkRow): void => {
      const from = this.places.get(row.primary.node);
      if (from === undefined) return;
      this.led[from] = this.ledBy(from) + 1;
      if (row.learnerCount > 0) return;
      const { members } = row;
      for (let slot = 0; slot < members.length; slot += 1) {
        const member = members[slot];
        if (member && row.roleAt(slot) === "isr") this.offer(row.chunk, from, member);
      }
    };
    this.chunks.scan(this.family, visit, range);
  }

  /**
   * Whole steps, which nodes of different sizes reach with different numbers of chunks: so there are
   * equal prices to choose among, for the sake of the totals.
   */
  price(node: number): number {
    return this.step(node, this.ledBy(node));
  }

  saving(node: number): number {
    return this.step(node, this.ledBy(node) - 1);
  }

  move(from: number, to: number): Move | undefined {
    const list = this.movable.get(this.pair(from, to)) ?? [];
    for (let chunk = list.at(-1); chunk !== undefined; chunk = list.at(-1)) {
      if ((this.movedTo.get(chunk) ?? from) === from) return { volume: this, chunk, from, to };
      list.pop();
    }
    return undefined;
  }

  make({ chunk, from, to }: Move): void {
    this.led[from] = this.ledBy(from) - 1;
    this.led[to] = this.ledBy(to) + 1;
    this.movedTo.set(chunk, to);
    const { members, isr } = present(this.chunks.get(chunk), "it was scanned");
    for (const member of members) {
      if (isr.includes(member.storeUuid)) this.offer(chunk, to, member);
    }
  }

  private ledBy(node: number): number {
    return this.led[node] ?? 0;
  }

  private step(node: number, led: number): number {
    return Math.floor(led / weightOf(this.leaders, node) + EPSILON);
  }

  private offer(
    chunk: ChunkId,
    from: number,
    member: { node: NodeId; storeUuid: StoreUuid },
  ): void {
    const to = this.places.get(member.node);
    if (to === undefined || to === from) return;
    if (!this.leaders[to]?.stores.has(member.storeUuid)) return;
    const pair = this.pair(from, to);
    const list = this.movable.get(pair);
    if (list) list.push(chunk);
    else this.movable.set(pair, [chunk]);
  }

  private pair(from: number, to: number): number {
    return from * this.leaders.length + to;
  }
}

/** The spread over all volumes: moves that make none of them less even. */
function totals(volumes: readonly VolumeLeads[], leaders: readonly Leader[]): Spread {
  const led = (node: number): number =>
    volumes.reduce((sum, volume) => sum + (volume.led[node] ?? 0), 0);
  return {
    price: (node) => (2 * led(node) + 1) / weightOf(leaders, node),
    saving: (node) => (2 * led(node) - 1) / weightOf(leaders, node),
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

const weightOf = (leaders: readonly Leader[], node: number): number =>
  leaders[node]?.weight ?? EPSILON;

class PrimaryPlan {
  private readonly leaders: readonly Leader[];
  private readonly movesMax: number;
  /** The last move of each chunk, with where it was led at first. */
  private readonly made = new Map<ChunkId, Move>();

  constructor(leaders: readonly Leader[], movesMax: number) {
    this.leaders = leaders;
    this.movesMax = movesMax;
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

  moves(): readonly Move[] {
    return [...this.made.values()].filter(({ from, to }) => from !== to);
  }

  private make(move: Move): void {
    move.volume.make(move);
    const before = this.made.get(move.chunk);
    this.made.set(move.chunk, { ...move, from: before?.from ?? move.from });
  }

  /** From the node that saves most, to where one more costs least; undefined when none is worth it. */
  private bestChain(spread: Spread): readonly Move[] | undefined {
    const nodes = [...this.leaders.keys()];
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
  private chainFrom(spread: Spread, source: number, saving: number): readonly Move[] | undefined {
    const reached = new Map<number, Move | undefined>([[source, undefined]]);
    let best: { readonly node: number; readonly price: number } | undefined;
    for (const from of reached.keys()) {
      for (const to of this.leaders.keys()) {
        if (reached.has(to)) continue;
        const move = spread.move(from, to);
        if (!move) continue;
        reached.set(to, move);
        const price = spread.price(to);
        if (price < (best?.price ?? saving) - EPSILON) best = { node: to, price };
      }
    }
    const chain: Move[] = [];
    for (let at = best && reached.get(best.node); at; at = reached.get(at.from)) chain.unshift(at);
    return chain.length > 0 ? chain : undefined;
  }
}
