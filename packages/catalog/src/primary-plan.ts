// Which chunks should be led by another of their replicas in sync, so that leading is spread evenly
// again after nodes went and came back: first within each volume, then over all of them, both in
// proportion to the size of the nodes. Pure and deterministic.
import { type ChunkId, type FamilyId, type NodeId, present, type StoreUuid } from "@ashlar/core";
import type { ChunkRow } from "./chunk-row.ts";
import type { ChunkTables, RowRange } from "./chunk-tables.ts";
import type { IsrCandidate } from "./command.ts";
import type { CatalogMirror } from "./mirror.ts";
import { disksForCopies, weightedNodes } from "./placement.ts";
import {
  EPSILON,
  type Spread,
  type SpreadMove,
  SpreadPlan,
  totals,
  type VolumeSpread,
  wholeSteps,
} from "./spread-plan.ts";

/** A node that may lead. */
export interface Leader {
  readonly node: NodeId;
  readonly stores: ReadonlySet<StoreUuid>;
  /** Its size in proportion to the mean of all. */
  readonly weight: number;
}

/** Chunks looked at between two pauses: well below a millisecond. */
const CHUNKS_PER_PAUSE = 1024;

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
  const volumes = yield* scanLeads(chunks, families, leaders);
  const plan = new SpreadPlan(leaders.length, { movesMax });
  for (const volume of volumes) yield* plan.even(volume);
  yield* plan.even(totalLeads(volumes, leaders));
  return plan.moves().map((move) => targetOf(chunks, leaders, move));
}

/** Who leads what, of each volume. */
export function* scanLeads(
  chunks: ChunkTables,
  families: readonly FamilyId[],
  leaders: readonly Leader[],
): Generator<void, readonly VolumeLeads[], undefined> {
  const volumes: VolumeLeads[] = [];
  for (const family of families) {
    const volume = new VolumeLeads(chunks, family, leaders);
    for (let from = 0; from < chunks.rowsOf(family); from += CHUNKS_PER_PAUSE) {
      volume.look({ from, until: from + CHUNKS_PER_PAUSE });
      yield;
    }
    volumes.push(volume);
  }
  return volumes;
}

export const totalLeads = (volumes: readonly VolumeLeads[], leaders: readonly Leader[]): Spread =>
  totals(volumes, (node) => weightOf(leaders, node));

/** A move as a command has it. */
export function targetOf(
  chunks: ChunkTables,
  leaders: readonly Leader[],
  { chunk, to }: SpreadMove,
): IsrCandidate {
  const { epoch, version, members } = present(chunks.get(chunk), "it was scanned");
  const { node, stores } = present(leaders[to], "a node of the plan");
  const target = members.find((one) => one.node === node && stores.has(one.storeUuid));
  return { chunk, epoch, version, store: present(target, "it is in the ISR").storeUuid };
}

export const leadersOf = (nodes: CatalogMirror["nodes"]): readonly Leader[] =>
  weightedNodes(nodes).map(({ record, weight }) => {
    const stores = new Set(disksForCopies(record).map(({ storeUuid }) => storeUuid));
    return { node: record.node, stores, weight };
  });

/** Who leads how much of one volume, and which of its chunks could be led by whom. */
export class VolumeLeads implements VolumeSpread {
  readonly family: FamilyId;
  /** Chunks that each node leads. */
  private readonly led: number[];
  /** As they were before any was moved. */
  private readonly ledBefore: number[];
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
    this.ledBefore = leaders.map(() => 0);
    this.places = new Map(leaders.map(({ node }, place) => [node, place]));
  }

  /** Takes in these chunks; each is to be looked at once before the first question. */
  look(range: RowRange): void {
    const visit = (row: ChunkRow): void => {
      const from = this.places.get(row.primary.node);
      if (from === undefined) return;
      this.led[from] = this.count(from) + 1;
      this.ledBefore[from] = this.count(from);
      if (row.learnerCount > 0) return;
      const { members } = row;
      for (let slot = 0; slot < members.length; slot += 1) {
        const member = members[slot];
        if (member && row.roleAt(slot) === "isr") this.offer(row.chunk, from, member);
      }
    };
    this.chunks.scan(this.family, visit, range);
  }

  price(node: number): number {
    return this.step(node, this.count(node));
  }

  saving(node: number): number {
    return this.step(node, this.count(node) - 1);
  }

  move(from: number, to: number): SpreadMove | undefined {
    const list = this.movable.get(this.pair(from, to)) ?? [];
    for (let chunk = list.at(-1); chunk !== undefined; chunk = list.at(-1)) {
      if ((this.movedTo.get(chunk) ?? from) === from) return { volume: this, chunk, from, to };
      list.pop();
    }
    return undefined;
  }

  make({ chunk, from, to }: SpreadMove): void {
    this.led[from] = this.count(from) - 1;
    this.led[to] = this.count(to) + 1;
    this.movedTo.set(chunk, to);
    const { members, isr } = present(this.chunks.get(chunk), "it was scanned");
    for (const member of members) {
      if (isr.includes(member.storeUuid)) this.offer(chunk, to, member);
    }
  }

  count(node: number): number {
    return this.led[node] ?? 0;
  }

  countBefore(node: number): number {
    return this.ledBefore[node] ?? 0;
  }

  private step(node: number, led: number): number {
    return wholeSteps(led, weightOf(this.leaders, node));
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

const weightOf = (leaders: readonly Leader[], node: number): number =>
  leaders[node]?.weight ?? EPSILON;
