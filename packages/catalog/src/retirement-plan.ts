// What becomes of the copies on a disk that is taken out of use for good: whether each chunk has another one in
// sync, and whether there is room to make it again elsewhere. Pure; the work pauses often, as that of copy plans.
import type { StoreUuid } from "@ashlar/core";
import type { ChunkRow } from "./chunk-row.ts";
import {
  CHUNKS_PER_PAUSE,
  type CopyPolicy,
  CopySizes,
  type Room,
  roomsOf,
  takeRoom,
} from "./copy-plan.ts";
import type { CatalogMirror } from "./mirror.ts";
import { type Lives, livingNodes } from "./silence.ts";

export interface RetirementPlan {
  /** Chunks with a copy on the disk, in sync or not. */
  copies: number;
  /** Of them, those of which no other copy in sync is on a node that is up. */
  sole: number;
  /** Of them, those that no other disk has room for. */
  homeless: number;
}

export function* planRetirementInParts(
  view: CatalogMirror,
  store: StoreUuid,
  roomOf: CopyPolicy["roomOf"],
): Generator<void, RetirementPlan, undefined> {
  const { nodes, cluster } = view;
  const chunks = view.chunks.frozen();
  const sizes = new CopySizes(view.chunks, { roomOf }, cluster?.chunkSize);
  const rooms = roomsOf(nodes, view.chunks, { roomOf }).filter((room) => room.store !== store);
  const lives = livingNodes(view, []);
  const plan: RetirementPlan = { copies: 0, sole: 0, homeless: 0 };
  for (const family of chunks.families()) {
    for (let from = 0; from < chunks.rowsOf(family); from += CHUNKS_PER_PAUSE) {
      const until = from + CHUNKS_PER_PAUSE;
      chunks.scan(family, (row) => count(plan, row, { store, lives, rooms, sizes }), {
        from,
        until,
      });
      yield;
    }
  }
  return plan;
}

function count(
  plan: RetirementPlan,
  row: ChunkRow,
  {
    store,
    lives,
    rooms,
    sizes,
  }: {
    readonly store: StoreUuid;
    readonly lives: Lives;
    readonly rooms: readonly Room[];
    readonly sizes: CopySizes;
  },
): void {
  const { members } = row;
  const slot = members.findIndex((member) => member.storeUuid === store);
  if (slot < 0) return;
  plan.copies += 1;
  const isInSync = (at: number): boolean => row.roleAt(at) === "isr";
  const isHeld = members.some(({ node }, at) => at !== slot && isInSync(at) && lives(node));
  if (isInSync(slot) && !isHeld) plan.sole += 1;
  const others = members.filter((_, at) => at !== slot);
  if (!takeRoom(rooms, others, sizes.needBytes(row))) plan.homeless += 1;
}
