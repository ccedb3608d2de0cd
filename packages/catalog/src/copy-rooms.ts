// Where copies can be put, and what one is taken to need. How much is on a chunk nobody here knows, and most are
// far from full where volumes are thin: a copy is taken to need what copies on the disk of one in sync need on
// average.
import { MIB, type NodeId, type StoreUuid } from "@ashlar/core";
import type { ChunkRow } from "./chunk-row.ts";
import type { ChunkTables } from "./chunk-tables.ts";
import type { CatalogMirror } from "./mirror.ts";
import { disksForCopies, zoneOf } from "./placement.ts";
import type { ChunkMember } from "./records.ts";

/** What is on a store, as its node told last. */
export interface StoreRoom {
  /** Bytes that may still be put on it. */
  readonly freeBytes: number;
  readonly usedBytes: number;
}

/** Undefined when it is not known: then there is no room on it, and its copies are taken for full. */
export type RoomOf = (store: StoreUuid) => StoreRoom | undefined;

/** Also a copy without content has its place in a store's metadata. */
const COPY_BYTES_MIN = MIB;

/** A disk that copies can be put on: the member that a chunk would have there. */
export interface Room extends ChunkMember {
  readonly zone: string;
  readonly sizeBytes: number;
  freeBytes: number;
  replicas: number;
}

/** Who has a copy: none of them gets another one, and those that stay keep their zones for themselves. */
export interface Holders {
  readonly members: readonly ChunkMember[];
  /** Those of them that do not go. */
  readonly staying: readonly ChunkMember[];
}

/** The disks that copies can be put on, with what is promised of them while a plan is made. */
export class Rooms {
  private readonly rooms: readonly Room[];
  private readonly zones: ReadonlyMap<NodeId, string>;

  /** @param isOut stores that get none. */
  constructor(
    { nodes, chunks }: Pick<CatalogMirror, "nodes" | "chunks">,
    roomOf: RoomOf,
    isOut: (store: StoreUuid) => boolean = () => false,
  ) {
    const records = [...nodes.values()];
    this.zones = new Map(records.map((record) => [record.node, zoneOf(record)]));
    this.rooms = records
      .flatMap((record) =>
        disksForCopies(record).map(({ disk, storeUuid, sizeBytes }): Room => {
          const member = { node: record.node, disk, storeUuid };
          const { replicas } = chunks.load(member);
          const { freeBytes = 0 } = roomOf(storeUuid) ?? {};
          return { ...member, zone: zoneOf(record), sizeBytes, freeBytes, replicas };
        }),
      )
      .filter(({ storeUuid }) => !isOut(storeUuid))
      .sort((a, b) => (a.storeUuid < b.storeUuid ? -1 : 1));
  }

  /** Where copies are fewest for its size, of those with room for so much; that is taken. */
  take(holders: Holders, needBytes: number): Room | undefined {
    return this.best(this.rooms, holders, needBytes);
  }

  /** The same, of the disks of one node. */
  takeOn(node: NodeId, holders: Holders, needBytes: number): Room | undefined {
    return this.best(
      this.rooms.filter((room) => room.node === node),
      holders,
      needBytes,
    );
  }

  private best(rooms: readonly Room[], holders: Holders, needBytes: number): Room | undefined {
    let best: Room | undefined;
    const cost = ({ replicas, sizeBytes }: Room): number => (replicas + 1) / sizeBytes;
    for (const room of rooms) {
      if (room.freeBytes < needBytes || this.isTaken(room, holders)) continue;
      if (!best || cost(room) < cost(best)) best = room;
    }
    if (!best) return undefined;
    best.freeBytes -= needBytes;
    best.replicas += 1;
    return best;
  }

  private isTaken({ node, zone, storeUuid }: Room, { members, staying }: Holders): boolean {
    return (
      members.some((one) => one.node === node || one.storeUuid === storeUuid) ||
      staying.some((one) => (this.zones.get(one.node) ?? zoneOf({ ...one, zone: "" })) === zone)
    );
  }
}

/** What a copy of a chunk is taken to need, by the stores of those in sync. */
export class CopySizes {
  private readonly chunkSize: number;
  private readonly average = new Map<StoreUuid, number>();

  /** @param chunkSize as long as there is no cluster none is known. */
  constructor(chunks: ChunkTables, roomOf: RoomOf, chunkSize = Number.POSITIVE_INFINITY) {
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
      most = Math.max(most, this.on(store));
    }
    return most;
  }

  /** The same for a chunk whose copies in sync are on these stores. */
  chunkBytes(inSync: readonly StoreUuid[]): number {
    return inSync.reduce((most, store) => Math.max(most, this.on(store)), 0);
  }

  private on(store: StoreUuid): number {
    return this.average.get(store) ?? this.chunkSize;
  }
}
