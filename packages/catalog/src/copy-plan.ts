// Which copies are to be made or dropped now, and where: the room that is left on all disks is the spare of all
// of them. Chunks with the fewest copies in sync come first, then volumes that want more, then what moves. Pure;
// the work pauses often, since who plans has others to answer meanwhile.
import type { FamilyId, StoreUuid } from "@ashlar/core";
import type { ChunkRow } from "./chunk-row.ts";
import type { ChunkTables } from "./chunk-tables.ts";
import type { Addition, Replacement, Surplus } from "./command.ts";
import { CopyJudge, type IsGivenUp, NEED_KINDS, type Need, type NeedKind } from "./copy-judge.ts";
import { CopySizes, type RoomOf, Rooms } from "./copy-rooms.ts";
import type { CatalogMirror } from "./mirror.ts";

export interface CopyPolicy {
  readonly isGivenUp: IsGivenUp;
  readonly roomOf: RoomOf;
  /** At most so many are begun. */
  readonly copiesMax: number;
  /** Of these, copies that only move: what is lost shall not have to wait for them. */
  readonly movesMax: number;
}

/** Chunks looked at between two pauses: well below a millisecond. */
export const CHUNKS_PER_PAUSE = 1024;
/** Of one plan: the next one has the rest. */
const SURPLUS_MAX = 1024;

/** What is to be done now with the catalog as it is when this is called. */
export interface CopyPlan {
  /** Lost copies that are made elsewhere. */
  readonly replacements: readonly Replacement[];
  /** One more copy each: for good, or to move one. */
  readonly additions: readonly Addition[];
  /** Copies that go. */
  readonly surplus: readonly Surplus[];
  /** Copies that there is no room for. */
  readonly homeless: Readonly<Record<NeedKind, number>>;
}

export function planCopiesInParts(
  view: CatalogMirror,
  policy: CopyPolicy,
): Generator<void, CopyPlan, undefined> {
  const { nodes, volumes, cluster } = view;
  const wanted = [...volumes.values()]
    .map(({ family, replicas }): Wanted => [family, replicas])
    .sort(([a], [b]) => a - b);
  const chunks = view.chunks.frozen();
  const sizes = new CopySizes(chunks, policy.roomOf, cluster?.chunkSize);
  const judge = new CopyJudge(nodes, {
    isGivenUp: policy.isGivenUp,
    sizes,
    fullness: fullnessOf(view),
  });
  const rooms = new Rooms({ nodes, chunks: view.chunks }, policy.roomOf);
  return planInParts({ wanted, chunks, judge }, rooms, policy);
}

/** Copies for the size of each store. */
function fullnessOf({ nodes, chunks }: CatalogMirror): ReadonlyMap<StoreUuid, number> {
  const full = new Map<StoreUuid, number>();
  for (const { node, disks } of nodes.values()) {
    for (const { disk, storeUuid, sizeBytes } of disks) {
      full.set(storeUuid, chunks.load({ node, disk, storeUuid }).replicas / sizeBytes);
    }
  }
  return full;
}

type Wanted = readonly [family: FamilyId, replicas: number];

interface Looked {
  readonly wanted: readonly Wanted[];
  readonly chunks: ChunkTables;
  readonly judge: CopyJudge;
}

function* planInParts(
  { wanted, chunks, judge }: Looked,
  rooms: Rooms,
  { copiesMax, movesMax }: Pick<CopyPolicy, "copiesMax" | "movesMax">,
): Generator<void, CopyPlan, undefined> {
  const needs: Need[] = [];
  const surplus: Surplus[] = [];
  for (const [family, replicas] of wanted) {
    for (let from = 0; from < chunks.rowsOf(family); from += CHUNKS_PER_PAUSE) {
      const visit = (row: ChunkRow): void => {
        const found = judge.judge(row, replicas);
        if (found?.kind === "need") needs.push(found.need);
        if (found?.kind === "surplus" && surplus.length < SURPLUS_MAX) surplus.push(found.surplus);
      };
      chunks.scan(family, visit, { from, until: from + CHUNKS_PER_PAUSE });
      yield;
    }
  }
  const rank = ({ kind }: Need): number => NEED_KINDS.indexOf(kind);
  needs.sort((a, b) => rank(a) - rank(b) || a.inSync - b.inSync || a.chunk - b.chunk);
  const replacements: Replacement[] = [];
  const additions: Addition[] = [];
  const homeless = { lost: 0, more: 0, move: 0 };
  let moves = 0;
  for (const need of needs) {
    if (replacements.length + additions.length >= copiesMax) break;
    if (need.kind === "move" && moves >= movesMax) break;
    const home = homeOf(need, rooms);
    if (home && need.kind === "move") moves += 1;
    if (!home) homeless[need.kind] += 1;
    else if (home.kind === "replaced") replacements.push(home.item);
    else additions.push(home.item);
  }
  return { replacements, additions, surplus, homeless };
}

type Home =
  | { readonly kind: "replaced"; readonly item: Replacement }
  | { readonly kind: "added"; readonly item: Addition };

/** One copy of the chunk, the first that there is room for: where another was lost too may be the only place left. */
function homeOf(
  { kind, chunk, version, members, instead, needBytes }: Need,
  rooms: Rooms,
): Home | undefined {
  if (kind === "more") {
    const room = rooms.take({ members, staying: members }, needBytes);
    if (!room) return undefined;
    const { node, storeUuid: store } = room;
    return { kind: "added", item: { chunk, version, node, store, instead: undefined } };
  }
  for (const member of instead) {
    const staying = members.filter((one) => one !== member);
    const holders = kind === "lost" ? staying : members;
    const room = rooms.take({ members: holders, staying }, needBytes);
    if (!room) continue;
    const { node, storeUuid: store } = room;
    const { storeUuid: from } = member;
    return kind === "lost"
      ? { kind: "replaced", item: { chunk, version, lost: from, node, store } }
      : { kind: "added", item: { chunk, version, node, store, instead: from } };
  }
  return undefined;
}
