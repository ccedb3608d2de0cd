// What becomes of the copies on disks that are emptied, or taken out of use for good: whether each chunk has
// another one in sync, and whether there is room to make it again elsewhere. Pure; the work pauses often, as
// that of copy plans.
import type { StoreUuid } from "@ashlar/core";
import type { ChunkRow } from "./chunk-row.ts";
import { CHUNKS_PER_PAUSE } from "./copy-plan.ts";
import { CopySizes, type RoomOf, Rooms } from "./copy-rooms.ts";
import type { CatalogMirror } from "./mirror.ts";
import { type Lives, livingNodes } from "./silence.ts";

export interface RetirementPlan {
  /** Copies on the disks, in sync or not. */
  copies: number;
  /** What they are taken to hold. */
  bytes: number;
  /** Of them, those of which no other copy in sync is on a node that is up. */
  sole: number;
  /** Of them, those that no other disk has room for. */
  homeless: number;
}

interface Looked {
  readonly stores: ReadonlySet<StoreUuid>;
  readonly lives: Lives;
  readonly rooms: Rooms;
  readonly sizes: CopySizes;
}

export function* planRetirementInParts(
  view: CatalogMirror,
  stores: ReadonlySet<StoreUuid>,
  roomOf: RoomOf,
): Generator<void, RetirementPlan, undefined> {
  const chunks = view.chunks.frozen();
  const looked: Looked = {
    stores,
    lives: livingNodes(view, []),
    rooms: new Rooms(view, roomOf, (store) => stores.has(store)),
    sizes: new CopySizes(chunks, roomOf, view.cluster?.chunkSize),
  };
  const plan: RetirementPlan = { copies: 0, bytes: 0, sole: 0, homeless: 0 };
  for (const family of chunks.families()) {
    for (let from = 0; from < chunks.rowsOf(family); from += CHUNKS_PER_PAUSE) {
      const until = from + CHUNKS_PER_PAUSE;
      chunks.scan(family, (row) => count(plan, row, looked), { from, until });
      yield;
    }
  }
  return plan;
}

function count(plan: RetirementPlan, row: ChunkRow, { stores, lives, rooms, sizes }: Looked): void {
  const { members } = row;
  const goes = (slot: number): boolean => stores.has(members[slot]?.storeUuid as StoreUuid);
  const going = [...members.keys()].filter(goes);
  if (going.length === 0) return;
  const isInSync = (slot: number): boolean => row.roleAt(slot) === "isr";
  const isHeld = members.some(({ node }, at) => !goes(at) && isInSync(at) && lives(node));
  const staying = members.filter((_, at) => !goes(at));
  const needBytes = sizes.needBytes(row);
  for (const slot of going) {
    plan.copies += 1;
    plan.bytes += needBytes;
    if (isInSync(slot) && !isHeld) plan.sole += 1;
    const room = rooms.take({ members: staying, staying }, needBytes);
    if (room) staying.push(room);
    else plan.homeless += 1;
  }
}
