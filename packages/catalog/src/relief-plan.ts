// Which copies leave a disk that is nearly full: to disks of other nodes that have room to spare, as many as bring it
// down to what the others may have. Spreading anew counts copies by node and sees no single disk; where it then finds
// that a node has too few, one comes back onto the disk of it with the fewest. Pure; the work pauses often.
import type { StoreUuid } from "@ashlar/core";
import type { ChunkRow } from "./chunk-row.ts";
import type { Addition } from "./command.ts";
import { CHUNKS_PER_PAUSE } from "./copy-plan.ts";
import { CopySizes, type RoomOf, Rooms } from "./copy-rooms.ts";
import type { CatalogMirror } from "./mirror.ts";

/** A disk that is relieved goes down to this, and none is filled beyond it for that. */
export const RELIEVED_SHARE = 0.8;
/** What copies hold is taken for the mean of all, so the next plan goes by what came of this one. */
export const RELIEF_COPIES_MAX = 64;

export interface ReliefPlan {
  readonly moves: readonly Addition[];
  /** What they are taken to hold. */
  readonly bytes: number;
}

export function* planReliefInParts(
  view: CatalogMirror,
  store: StoreUuid,
  roomOf: RoomOf,
): Generator<void, ReliefPlan, undefined> {
  const chunks = view.chunks.frozen();
  const spare = new Rooms(view, spareOf(roomOf), (one) => one === store);
  const sizes = new CopySizes(chunks, roomOf, view.cluster?.chunkSize);
  const wanted = new Map([...view.volumes.values()].map((one) => [one.family, one.replicas]));
  const excess = -spareBytes(roomOf(store) ?? { freeBytes: 0, usedBytes: 0 });
  const moves: Addition[] = [];
  let bytes = 0;
  for (const [family, replicas] of wanted) {
    const visit = (row: ChunkRow): void => {
      if (bytes >= excess || moves.length >= RELIEF_COPIES_MAX) return;
      const { members, chunk, version } = row;
      if (row.isrCount !== members.length || members.length !== replicas) return;
      if (!members.some(({ storeUuid }) => storeUuid === store)) return;
      const staying = members.filter(({ storeUuid }) => storeUuid !== store);
      const needBytes = sizes.needBytes(row);
      const room = spare.take({ members, staying }, needBytes);
      if (!room) return;
      moves.push({ chunk, version, node: room.node, store: room.storeUuid, instead: store });
      bytes += needBytes;
    };
    for (let from = 0; from < chunks.rowsOf(family); from += CHUNKS_PER_PAUSE) {
      chunks.scan(family, visit, { from, until: from + CHUNKS_PER_PAUSE });
      yield;
    }
  }
  return { moves, bytes };
}

/** Bytes below the share, negative beyond it. */
const spareBytes = ({
  freeBytes,
  usedBytes,
}: {
  readonly freeBytes: number;
  readonly usedBytes: number;
}): number => Math.floor((freeBytes + usedBytes) * RELIEVED_SHARE) - usedBytes;

const spareOf =
  (roomOf: RoomOf): RoomOf =>
  (store) => {
    const room = roomOf(store);
    return room && { ...room, freeBytes: Math.max(0, spareBytes(room)) };
  };
