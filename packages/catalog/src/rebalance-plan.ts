// Which copies should be on other nodes, so that what is stored is spread evenly again after disks came, went or
// grew: first within each volume, which spreads its load as well as its bytes, then over all of them, both in
// proportion to the size of the nodes. Pure and deterministic. Copies that move already count where they go to; a
// chunk that lacks a copy, or has one under way, stays as it is.
import {
  type ChunkId,
  chunkId,
  chunkIndexOf,
  type FamilyId,
  type NodeId,
  present,
} from "@ashlar/core";
import type { ChunkRow } from "./chunk-row.ts";
import type { ChunkTables, RowRange } from "./chunk-tables.ts";
import type { Addition, Surplus } from "./command.ts";
import { CHUNKS_PER_PAUSE } from "./copy-plan.ts";
import { CopySizes, type RoomOf, Rooms } from "./copy-rooms.ts";
import type { CatalogMirror } from "./mirror.ts";
import { weightedNodes, zoneOf } from "./placement.ts";
import type { ChunkMember } from "./records.ts";
import {
  EPSILON,
  type SpreadMove,
  SpreadPlan,
  totalAt,
  totals,
  type VolumeSpread,
  wholeSteps,
} from "./spread-plan.ts";

/** What a node holds, and would hold. */
export interface NodeShare {
  readonly node: NodeId;
  readonly sizeBytes: number;
  /** Copies, those on their way here included, those on their way from here not. */
  readonly copies: number;
  readonly copiesAfter: number;
}

export interface RebalancePlan {
  /** In an order in which each beginning is an improvement of its own. */
  readonly moves: readonly Addition[];
  /** What they are taken to hold. */
  readonly bytes: number;
  /** Moves that were left out, since no disk of the node has room. */
  readonly homeless: number;
  /** Chunks that were left out, since copies of them come or go: the next plan may have more. */
  readonly changing: number;
  readonly nodes: readonly NodeShare[];
}

export interface RebalancePolicy {
  readonly roomOf: RoomOf;
  readonly movesMax: number;
}

interface Place {
  readonly node: NodeId;
  readonly zone: string;
  readonly sizeBytes: number;
  /** Its size in proportion to the mean of all. */
  readonly weight: number;
}

/** Of the catalog as it is when this is called; the work pauses often, since who plans has others to answer. */
export function planRebalanceInParts(
  view: CatalogMirror,
  { roomOf, movesMax }: RebalancePolicy,
): Generator<void, RebalancePlan, undefined> {
  const volumes = [...view.volumes.values()]
    .map(({ family, replicas }) => ({ family, replicas }))
    .sort((a, b) => a.family - b.family);
  const chunks = view.chunks.frozen();
  const rooms = new Rooms(view, roomOf);
  const sizes = new CopySizes(chunks, roomOf, view.cluster?.chunkSize);
  return planInParts({ volumes, chunks, places: placesOf(view) }, { rooms, sizes, movesMax });
}

interface Planned {
  readonly volumes: readonly { readonly family: FamilyId; readonly replicas: number }[];
  readonly chunks: ChunkTables;
  readonly places: readonly Place[];
}

interface Means {
  readonly rooms: Rooms;
  readonly sizes: CopySizes;
  readonly movesMax: number;
}

function* planInParts(
  { volumes, chunks, places }: Planned,
  { rooms, sizes, movesMax }: Means,
): Generator<void, RebalancePlan, undefined> {
  const spreads: VolumeCopies[] = [];
  for (const { family, replicas } of volumes) {
    const copies = new VolumeCopies(chunks, { family, replicas, places });
    for (let from = 0; from < chunks.rowsOf(family); from += CHUNKS_PER_PAUSE) {
      copies.look({ from, until: from + CHUNKS_PER_PAUSE });
      yield;
    }
    spreads.push(copies);
  }
  const before = places.map((_, place) => totalAt(spreads, place));
  const plan = new SpreadPlan(places.length, { movesMax, chainMax: 2 });
  const made = { moves: [] as Addition[], bytes: 0, homeless: 0 };
  const settle = (move: SpreadMove): void => {
    const found = homeOf(chunks, present(places[move.to], "a place of the plan"), {
      move,
      rooms,
      sizes,
      places,
    });
    if (!found) made.homeless += 1;
    else {
      made.moves.push(found.item);
      made.bytes += found.bytes;
    }
  };
  if (places.length > 1) {
    for (const copies of spreads) yield* plan.even(copies);
    const own = plan.moves();
    own.forEach(settle);
    // What is evened out in the stead of a volume that has to wait would have to be moved back after that. One whose
    // moves find no room would wait for ever.
    if (made.homeless > 0 || !spreads.some((copies) => copies.waits())) {
      yield* plan.even(totals(spreads, (place) => weightOf(places, place)));
      plan.moves().slice(own.length).forEach(settle);
    }
  }
  const nodes = places.map(({ node, sizeBytes }, place) => ({
    node,
    sizeBytes,
    copies: before[place] ?? 0,
    copiesAfter: totalAt(spreads, place),
  }));
  const changing = spreads.reduce((sum, copies) => sum + copies.changing, 0);
  return { ...made, changing, nodes };
}

function homeOf(
  chunks: ChunkTables,
  to: Place,
  {
    move,
    rooms,
    sizes,
    places,
  }: {
    readonly move: SpreadMove;
    readonly rooms: Rooms;
    readonly sizes: CopySizes;
    readonly places: readonly Place[];
  },
): { readonly item: Addition; readonly bytes: number } | undefined {
  const { chunk, version, members } = present(chunks.get(move.chunk), "it was scanned");
  const from = present(places[move.from], "a place of the plan").node;
  const leaving = present(
    members.find(({ node }) => node === from),
    "a copy to move",
  );
  const bytes = sizes.chunkBytes(members.map(({ storeUuid }) => storeUuid));
  const staying = members.filter((one) => one !== leaving);
  const room = rooms.takeOn(to.node, { members, staying }, bytes);
  if (!room) return undefined;
  const { node, storeUuid: store } = room;
  return { item: { chunk, version, node, store, instead: leaving.storeUuid }, bytes };
}

const placesOf = ({ nodes }: CatalogMirror): readonly Place[] =>
  weightedNodes(nodes).map(({ record, sizeBytes, weight }) => {
    return { node: record.node, zone: zoneOf(record), sizeBytes, weight };
  });

const weightOf = (places: readonly Place[], place: number): number =>
  places[place]?.weight ?? EPSILON;

/** Where the copies of one volume are, and which of its chunks could have one elsewhere. */
class VolumeCopies implements VolumeSpread {
  readonly family: FamilyId;
  /** Chunks that cannot move now. */
  changing = 0;
  private readonly replicas: number;
  private readonly chunks: ChunkTables;
  private readonly places: readonly Place[];
  private readonly placeOf: ReadonlyMap<NodeId, number>;
  private readonly counts: number[];
  /** By place: indices of the chunks that may give their copy there away, shuffled. */
  private readonly movable: number[][];
  /** By pair of places: how many of the list of the first have been looked at. */
  private readonly looked = new Map<number, number>();
  /** By index: where the copy went to. A chunk moves once in a plan. */
  private readonly moved = new Map<number, { readonly from: number; readonly to: number }>();
  /** Pairs of places that could hand over more, but only of chunks that move already. */
  private readonly postponed = new Set<number>();

  constructor(
    chunks: ChunkTables,
    {
      family,
      replicas,
      places,
    }: {
      readonly family: FamilyId;
      readonly replicas: number;
      readonly places: readonly Place[];
    },
  ) {
    this.chunks = chunks;
    this.family = family;
    this.replicas = replicas;
    this.places = places;
    this.placeOf = new Map(places.map(({ node }, place) => [node, place]));
    this.counts = places.map(() => 0);
    this.movable = places.map(() => []);
  }

  /** Takes in these chunks; each is to be looked at once before the first question. */
  look(range: RowRange): void {
    const visit = (row: ChunkRow): void => {
      const { members, isrCount } = row;
      const isWhole = isrCount === members.length && members.length === this.replicas;
      if (!isWhole) this.changing += 1;
      for (let slot = 0; slot < members.length; slot += 1) {
        const place = this.placeOf.get(present(members[slot], "a slot has a member").node);
        if (place === undefined || row.isLeaving(slot)) continue;
        this.counts[place] = this.count(place) + 1;
        if (isWhole) shuffleIn(this.movable[place] ?? [], chunkIndexOf(row.chunk));
      }
    };
    this.chunks.scan(this.family, visit, range);
  }

  count(place: number): number {
    return this.counts[place] ?? 0;
  }

  price(place: number): number {
    return this.step(place, this.count(place));
  }

  saving(place: number): number {
    return this.step(place, this.count(place) - 1);
  }

  move(from: number, to: number): SpreadMove | undefined {
    const list = this.movable[from] ?? [];
    const pair = from * this.places.length + to;
    for (let at = this.looked.get(pair) ?? 0; at < list.length; at += 1) {
      const index = present(list[at], "within the list");
      const chunk = chunkId(this.family, index);
      if (!this.moved.has(index) && this.fits(chunk, from, to)) {
        this.looked.set(pair, at);
        return { volume: this, chunk, from, to };
      }
    }
    const isNew = this.looked.get(pair) !== list.length;
    this.looked.set(pair, list.length);
    if (isNew && list.some((index) => this.fitsLater(index, from, to))) this.postponed.add(pair);
    return undefined;
  }

  /** Whether this volume can be made more even by the next plan, and no more by this one. */
  waits(): boolean {
    const { length } = this.places;
    return [...this.postponed].some((pair) => {
      const [from, to] = [Math.floor(pair / length), pair % length];
      return this.price(to) < this.saving(from) - EPSILON;
    });
  }

  make({ chunk, from, to }: SpreadMove): void {
    this.counts[from] = this.count(from) - 1;
    this.counts[to] = this.count(to) + 1;
    this.moved.set(chunkIndexOf(chunk), { from, to });
  }

  /** Whether the copy at `from` could go to `to`, had the chunk not another one that moves. */
  private fitsLater(index: number, from: number, to: number): boolean {
    const move = this.moved.get(index);
    if (!move || move.from === from || move.to === to) return false;
    return this.fits(chunkId(this.family, index), from, to);
  }

  /** Whether no copy is on the node, and none that stays in its zone. */
  private fits(chunk: ChunkId, from: number, to: number): boolean {
    const { members } = present(this.chunks.get(chunk), "it was scanned");
    const target = present(this.places[to], "a place of the plan");
    return members.every(({ node }) => {
      const place = this.placeOf.get(node);
      if (place === to) return false;
      return place === from || place === undefined || this.places[place]?.zone !== target.zone;
    });
  }

  private step(place: number, count: number): number {
    return wholeSteps(count, weightOf(this.places, place));
  }
}

/**
 * One more, at a place that its number decides: what moves is not the beginning of a volume, which is often written
 * more than its end.
 */
function shuffleIn(list: number[], index: number): void {
  const at = (Math.imul(index + 1, 0x9e3779b1) >>> 0) % (list.length + 1);
  list.push(list[at] ?? index);
  list[at] = index;
}

/** Moves that are under way: the copy that learns goes when a move is not wanted any more. */
export function* planCancelInParts(
  view: CatalogMirror,
  isWanted: (leaving: ChunkMember) => boolean,
): Generator<void, readonly Surplus[], undefined> {
  const chunks = view.chunks.frozen();
  const items: Surplus[] = [];
  for (const { family } of view.volumes.values()) {
    for (let from = 0; from < chunks.rowsOf(family); from += CHUNKS_PER_PAUSE) {
      const visit = (row: ChunkRow): void => {
        const { members, chunk, version } = row;
        const slots = [...members.keys()];
        const marked = slots.filter((slot) => row.isLeaving(slot));
        if (marked.length === 0 || row.learnerCount === 0) return;
        if (marked.some((slot) => isWanted(present(members[slot], "a slot")))) return;
        const learns = slots.find((slot) => row.roleAt(slot) === "learner");
        const member = learns === undefined ? undefined : members[learns];
        if (member) items.push({ chunk, version, store: member.storeUuid });
      };
      chunks.scan(family, visit, { from, until: from + CHUNKS_PER_PAUSE });
      yield;
    }
  }
  return items;
}
