// The lists of stores that records of chunks share. There are far fewer combinations of stores than
// chunks, so the lists are made once and kept in a table of fixed size: a record costs one small object
// instead of five, which is what makes a bulk command over very many chunks short. What falls out of the
// table is made again when it is needed.
import { type NodeId, present, type StoreUuid } from "@ashlar/core";
import { at, type FamilyTable, MEMBERS_MAX } from "./family-table.ts";
import type { ChunkConfig, ChunkMember } from "./records.ts";

/** Combinations kept: those of some 100 stores in pairs. A power of two. */
const KEPT = 8192;

/** The members of a chunk, in order, and the lists of stores that are made of them. */
export interface Combination {
  /** Slots as they stand in a table: 1 + the store's place. */
  readonly slots: readonly number[];
  readonly members: readonly ChunkMember[];
  /** Stores of the members whose bits are set; made when asked for. */
  readonly subsets: (readonly StoreUuid[] | undefined)[];
}

export class MemberLists {
  private readonly stores: readonly ChunkMember[];
  private readonly kept: (Combination | undefined)[] = new Array(KEPT).fill(undefined);
  /** Records made here are told again to others, and come back. */
  private readonly known = new WeakMap<readonly ChunkMember[], Combination>();

  private readonly primaries = new Map<NodeId, ChunkConfig["primary"]>();

  /** @param stores by their places; grows. */
  constructor(stores: readonly ChunkMember[]) {
    this.stores = stores;
  }

  /** Of a row that is a chunk. */
  of(table: FamilyTable, row: number): Combination {
    const { slots, width } = table;
    const first = row * width;
    let hash = 0;
    for (let slot = first; slot < first + width; slot += 1) {
      hash = Math.imul(hash ^ at(slots, slot), 0x9e3779b1) ^ (hash >>> 15);
    }
    const place = (hash ^ (hash >>> 16)) & (KEPT - 1);
    const kept = this.kept[place];
    if (kept && isThis(kept, slots, first, width)) return kept;
    const made = this.make(slots, first, width);
    this.kept[place] = made;
    return made;
  }

  /** The combination whose list this is, if it is one of ours. */
  named(members: readonly ChunkMember[]): Combination | undefined {
    return this.known.get(members);
  }

  /** The newest incarnation of each node is made once. */
  primary(node: NodeId, incarnation: number): ChunkConfig["primary"] {
    const known = this.primaries.get(node);
    if (known?.incarnation === incarnation) return known;
    const made = { node, incarnation };
    if (incarnation > (known?.incarnation ?? 0)) this.primaries.set(node, made);
    return made;
  }

  private make(slots: Uint16Array, first: number, width: number): Combination {
    const used: number[] = [];
    for (let slot = first; slot < first + width && at(slots, slot) > 0; slot += 1) {
      used.push(at(slots, slot));
    }
    const members = used.map((slot) => present(this.stores[slot - 1], "slots name known stores"));
    const made = { slots: used, members, subsets: [] };
    this.known.set(members, made);
    return made;
  }
}

function isThis(
  { slots: used }: Combination,
  slots: Uint16Array,
  first: number,
  width: number,
): boolean {
  // The table is for rows of all widths: a wider row that begins with the same stores is another combination.
  if (used.length > width) return false;
  for (let slot = 0; slot < width; slot += 1) {
    if ((used[slot] ?? 0) !== at(slots, first + slot)) return false;
  }
  return true;
}

/** Stores of the members whose bits are set, in order of the members; always the same list. */
export function subset({ members, subsets }: Combination, bits: number): readonly StoreUuid[] {
  const known = subsets[bits];
  if (known) return known;
  const made = members.filter((_, slot) => (bits & (1 << slot)) !== 0);
  const uuids = made.map(({ storeUuid }) => storeUuid);
  subsets[bits] = uuids;
  return uuids;
}

/** The bits of the members whose stores are listed. */
export function bitsOf(members: readonly ChunkMember[], stores: readonly StoreUuid[]): number {
  let bits = 0;
  for (let slot = 0; slot < members.length; slot += 1) {
    const uuid = members[slot]?.storeUuid;
    if (uuid !== undefined && stores.includes(uuid)) bits |= 1 << slot;
  }
  return bits;
}

/** How many bits are set. */
export const BITS: Uint8Array = Uint8Array.from({ length: 1 << MEMBERS_MAX }, (_, value) => {
  let count = 0;
  for (let rest = value; rest > 0; rest >>= 1) count += rest & 1;
  return count;
});
