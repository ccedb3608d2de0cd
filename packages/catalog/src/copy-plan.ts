// Which lost copies are to be made again, and where: the room that is left on all disks is the spare of all
// of them. A copy is lost when its store failed, or when its node has been away for longer than anybody
// waits. Chunks with the fewest copies in sync come first. How much is on a chunk nobody here knows, and most
// are far from full where volumes are thin: a copy is taken to need what copies on the disk of one in sync
// need on average. Pure; the work pauses often, since who plans has others to answer meanwhile.
import {
  type ChunkId,
  type FamilyId,
  MIB,
  type NodeId,
  present,
  type StoreUuid,
} from "@ashlar/core";
import type { ChunkRow } from "./chunk-row.ts";
import type { ChunkTables } from "./chunk-tables.ts";
import type { Replacement } from "./command.ts";
import type { CatalogMirror } from "./mirror.ts";
import { usableDisks } from "./placement.ts";
import type { ChunkMember, NodeRecord } from "./records.ts";

/** What is on a store, as its node told last. */
export interface StoreRoom {
  /** Bytes that may still be put on it. */
  readonly freeBytes: number;
  readonly usedBytes: number;
}

export interface CopyPolicy {
  /** Whether nobody waits any more for a node that is down, with so many copies left in sync. */
  readonly isGivenUp: (node: NodeId, inSync: number) => boolean;
  /** Undefined when it is not known: then there is no room on it, and its copies are taken for full. */
  readonly roomOf: (store: StoreUuid) => StoreRoom | undefined;
  /** At most so many. */
  readonly copiesMax: number;
}

/** Chunks looked at between two pauses: well below a millisecond. */
export const CHUNKS_PER_PAUSE = 1024;

/** Also a copy without content has its place in a store's metadata. */
const COPY_BYTES_MIN = MIB;

interface Lost {
  readonly chunk: ChunkId;
  readonly version: number;
  readonly inSync: number;
  readonly members: readonly ChunkMember[];
  /** Members of it, one at least: any of them may be the one that there is room for. */
  readonly lost: readonly ChunkMember[];
  readonly needBytes: number;
}

/** A disk that copies can be put on. */
export interface Room {
  readonly node: NodeId;
  readonly store: StoreUuid;
  readonly sizeBytes: number;
  freeBytes: number;
  replicas: number;
}

/** The copies to begin now, of the catalog as it is when this is called, and how many there is no room for. */
export interface CopyPlan {
  readonly items: readonly Replacement[];
  readonly homeless: number;
}

export function planCopiesInParts(
  { nodes, volumes, chunks, cluster }: CatalogMirror,
  policy: CopyPolicy,
): Generator<void, CopyPlan, undefined> {
  const families = [...volumes.values()].map(({ family }) => family).sort((a, b) => a - b);
  const frozen = chunks.frozen();
  const rooms = roomsOf(nodes, chunks, policy);
  const sizes = new CopySizes(chunks, policy, cluster?.chunkSize);
  const judge = new LossJudge(nodes, policy, sizes);
  return planInParts({ families, chunks: frozen, judge }, rooms, policy);
}

interface Looked {
  readonly families: readonly FamilyId[];
  readonly chunks: ChunkTables;
  readonly judge: LossJudge;
}

function* planInParts(
  { families, chunks, judge }: Looked,
  rooms: readonly Room[],
  { copiesMax }: Pick<CopyPolicy, "copiesMax">,
): Generator<void, CopyPlan, undefined> {
  const lost: Lost[] = [];
  for (const family of families) {
    for (let from = 0; from < chunks.rowsOf(family); from += CHUNKS_PER_PAUSE) {
      const visit = (row: ChunkRow): void => {
        const found = judge.lossOf(row);
        if (found) lost.push(found);
      };
      chunks.scan(family, visit, { from, until: from + CHUNKS_PER_PAUSE });
      yield;
    }
  }
  lost.sort((a, b) => a.inSync - b.inSync || a.chunk - b.chunk);
  const items: Replacement[] = [];
  let homeless = 0;
  for (const loss of lost) {
    if (items.length >= copiesMax) break;
    const item = homeOf(loss, rooms);
    if (item) items.push(item);
    else homeless += 1;
  }
  return { items, homeless };
}

/** One copy of the chunk, the first that there is room for: where another was lost too may be the only place left. */
function homeOf(
  { chunk, version, members, lost, needBytes }: Lost,
  rooms: readonly Room[],
): Replacement | undefined {
  for (const member of lost) {
    const others = members.filter((one) => one !== member);
    const room = takeRoom(rooms, others, needBytes);
    if (!room) continue;
    const { node, store } = room;
    return { chunk, version, lost: member.storeUuid, node, store };
  }
  return undefined;
}

/** What a copy of a chunk is taken to need, by the stores of those in sync. */
export class CopySizes {
  private readonly chunkSize: number;
  private readonly average = new Map<StoreUuid, number>();

  /** @param chunkSize as long as there is no cluster none is known. */
  constructor(
    chunks: ChunkTables,
    { roomOf }: Pick<CopyPolicy, "roomOf">,
    chunkSize = Number.POSITIVE_INFINITY,
  ) {
    this.chunkSize = chunkSize;
    for (const { member, load } of chunks.loads()) {
      const { usedBytes = Number.POSITIVE_INFINITY } = roomOf(member.storeUuid) ?? {};
      const bytes = Math.ceil(usedBytes / Math.max(1, load.replicas));
      this.average.set(member.storeUuid, Math.min(chunkSize, Math.max(COPY_BYTES_MIN, bytes)));
    }
  }

  needBytes(row: ChunkRow): number {
    const { members } = row;
    let most = 0;
    for (let slot = 0; slot < members.length; slot += 1) {
      const store = members[slot]?.storeUuid;
      if (store === undefined || row.roleAt(slot) !== "isr") continue;
      most = Math.max(most, this.average.get(store) ?? this.chunkSize);
    }
    return most;
  }
}

/** What makes a member lost, by store: asked for each chunk. */
class LossJudge {
  private readonly policy: CopyPolicy;
  private readonly nodes: ReadonlyMap<NodeId, NodeRecord>;
  private readonly sizes: CopySizes;
  private readonly usable = new Set<StoreUuid>();

  constructor(nodes: ReadonlyMap<NodeId, NodeRecord>, policy: CopyPolicy, sizes: CopySizes) {
    this.policy = policy;
    this.sizes = sizes;
    this.nodes = nodes;
    for (const record of nodes.values()) {
      for (const { storeUuid } of usableDisks(record)) this.usable.add(storeUuid);
    }
  }

  /** One of a chunk at a time: what learns already comes first. */
  lossOf(row: ChunkRow): Lost | undefined {
    const { members, isrCount } = row;
    if (isrCount === members.length || row.learnerCount > 0) return undefined;
    const lost: ChunkMember[] = [];
    for (let slot = 0; slot < members.length; slot += 1) {
      if (row.roleAt(slot) !== "out") continue;
      const member = present(members[slot], "a slot has a member");
      if (this.isLost(member, isrCount)) lost.push(member);
    }
    if (lost.length === 0) return undefined;
    const { chunk, version } = row;
    return {
      chunk,
      version,
      inSync: isrCount,
      members,
      lost,
      needBytes: this.sizes.needBytes(row),
    };
  }

  private isLost({ node, storeUuid }: ChunkMember, inSync: number): boolean {
    if (this.usable.has(storeUuid)) return false;
    const record = this.nodes.get(node);
    // A node that is up has opened all it can: this store is not among it.
    return (
      record?.state === "up" ||
      this.policy.isGivenUp(node, inSync) ||
      this.hasFailed(record, storeUuid)
    );
  }

  private hasFailed(record: NodeRecord | undefined, store: StoreUuid): boolean {
    return record?.disks.some((disk) => disk.storeUuid === store && disk.state === "down") ?? true;
  }
}

export function roomsOf(
  nodes: ReadonlyMap<NodeId, NodeRecord>,
  chunks: ChunkTables,
  { roomOf }: Pick<CopyPolicy, "roomOf">,
): readonly Room[] {
  const rooms: Room[] = [];
  for (const record of nodes.values()) {
    for (const { disk, storeUuid, sizeBytes } of usableDisks(record)) {
      const { node } = record;
      const { replicas } = chunks.load({ node, disk, storeUuid });
      const { freeBytes = 0 } = roomOf(storeUuid) ?? {};
      rooms.push({ node, store: storeUuid, sizeBytes, freeBytes, replicas });
    }
  }
  return rooms.sort((a, b) => (a.store < b.store ? -1 : 1));
}

/** Where copies are fewest for its size, of those with room for so much; that is taken. */
export function takeRoom(
  rooms: readonly Room[],
  others: readonly ChunkMember[],
  needBytes: number,
): Room | undefined {
  let best: Room | undefined;
  const cost = ({ replicas, sizeBytes }: Room): number => (replicas + 1) / sizeBytes;
  for (const room of rooms) {
    const isTaken = others.some(({ node, storeUuid }) => {
      return node === room.node || storeUuid === room.store;
    });
    if (room.freeBytes < needBytes || isTaken) continue;
    if (!best || cost(room) < cost(best)) best = room;
  }
  if (!best) return undefined;
  best.freeBytes -= needBytes;
  best.replicas += 1;
  return best;
}
