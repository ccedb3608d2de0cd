// The configurations of all chunks, compact: typed arrays per family, some 25 bytes a chunk, with
// stores named by their place in one table. Records are made on demand and belong to the caller. The
// counts per store are kept beside, since placement asks for them at every chunk.
import {
  assert,
  type ChunkId,
  chunkId,
  chunkIndexOf,
  type FamilyId,
  familyOf,
  type NodeId,
  present,
} from "@ashlar/core";
import type { ChunkConfig, ChunkMember } from "./records.ts";

/** ISR and learners are bits of one byte. */
export const MEMBERS_MAX = 8;
const STORES_MAX = 0xffff;
const INITIAL_CHUNKS = 16;

/** Slots hold 1 + the store's place; 0 is an empty slot. A row with epoch 0 is no chunk. */
interface FamilyTable {
  /** Rows in use, holes included. */
  length: number;
  /** Slots per row. */
  width: number;
  slots: Uint16Array;
  isr: Uint8Array;
  learners: Uint8Array;
  primarySlot: Uint8Array;
  epoch: Uint32Array;
  version: Float64Array;
  incarnation: Float64Array;
}

/** One chunk while a scan visits it; the same object for every chunk, so keep nothing of it. */
export interface ChunkRow {
  readonly chunk: ChunkId;
  readonly isrCount: number;
  readonly learnerCount: number;
  readonly primary: ChunkMember;
  readonly primaryIncarnation: number;
  readonly members: readonly { readonly member: ChunkMember; readonly role: MemberRole }[];
}
export type MemberRole = "isr" | "learner" | "out";

export interface StoreLoad {
  readonly replicas: number;
  readonly primaries: number;
}

function newTable(width: number, capacity: number): FamilyTable {
  return {
    length: 0,
    width,
    slots: new Uint16Array(width * capacity),
    isr: new Uint8Array(capacity),
    learners: new Uint8Array(capacity),
    primarySlot: new Uint8Array(capacity),
    epoch: new Uint32Array(capacity),
    version: new Float64Array(capacity),
    incarnation: new Float64Array(capacity),
  };
}

function resized(table: FamilyTable, width: number, capacity: number): FamilyTable {
  const next = newTable(width, capacity);
  next.length = table.length;
  for (let row = 0; row < table.length; row += 1) {
    const from = row * table.width;
    next.slots.set(table.slots.subarray(from, from + table.width), row * width);
  }
  for (const column of [
    "isr",
    "learners",
    "primarySlot",
    "epoch",
    "version",
    "incarnation",
  ] as const) {
    next[column].set(table[column]);
  }
  return next;
}

const at = (array: { readonly [index: number]: number }, index: number): number =>
  array[index] ?? 0;

export class ChunkTables {
  private readonly tables = new Map<FamilyId, FamilyTable>();
  private readonly stores: ChunkMember[] = [];
  private readonly placeOfStore = new Map<string, number>();
  /** Records share their member objects, and this is several times faster than making the key. */
  private readonly placeOfObject = new WeakMap<ChunkMember, number>();
  private readonly replicas: number[] = [];
  private readonly primaries: number[] = [];

  get(chunk: ChunkId): ChunkConfig | undefined {
    const table = this.tables.get(familyOf(chunk));
    const row = chunkIndexOf(chunk);
    if (!table || row >= table.length || at(table.epoch, row) === 0) return undefined;
    return this.config(table, chunk, row);
  }

  /** Puts a chunk, replacing what was there. */
  set(config: ChunkConfig): void {
    const { members, isr, learners } = config;
    assert(members.length > 0 && members.length <= MEMBERS_MAX, "1 .. MEMBERS_MAX members");
    const row = chunkIndexOf(config.chunk);
    const table = this.tableFor(familyOf(config.chunk), row, members.length);
    this.count(table, row, -1);
    table.slots.fill(0, row * table.width, (row + 1) * table.width);
    let isrBits = 0;
    let learnerBits = 0;
    members.forEach((member, slot) => {
      table.slots[row * table.width + slot] = this.placeOf(member) + 1;
      if (isr.includes(member.storeUuid)) isrBits |= 1 << slot;
      if (learners.includes(member.storeUuid)) learnerBits |= 1 << slot;
    });
    const primarySlot = members.findIndex(({ node }) => node === config.primary.node);
    assert(primarySlot >= 0, "the primary is a member");
    table.isr[row] = isrBits;
    table.learners[row] = learnerBits;
    table.primarySlot[row] = primarySlot;
    table.epoch[row] = config.epoch;
    table.version[row] = config.version;
    table.incarnation[row] = config.primary.incarnation;
    table.length = Math.max(table.length, row + 1);
    this.count(table, row, 1);
  }

  removeFamily(family: FamilyId): void {
    const table = this.tables.get(family);
    if (!table) return;
    for (let row = 0; row < table.length; row += 1) this.count(table, row, -1);
    this.tables.delete(family);
  }

  clear(): void {
    for (const family of [...this.tables.keys()]) this.removeFamily(family);
  }

  families(): FamilyId[] {
    return [...this.tables.keys()].sort((a, b) => a - b);
  }

  /** Records of a family in order of index. */
  *recordsOf(family: FamilyId): Generator<ChunkConfig, void, undefined> {
    const table = this.tables.get(family);
    if (!table) return;
    for (let row = 0; row < table.length; row += 1) {
      if (at(table.epoch, row) > 0) yield this.config(table, chunkId(family, row), row);
    }
  }

  /** Records of all chunks that have a member on `node`, families and indices in order. */
  recordsOn(node: NodeId): ChunkConfig[] {
    const wanted = new Set<number>();
    this.stores.forEach((store, place) => {
      if (store.node === node) wanted.add(place + 1);
    });
    const found: ChunkConfig[] = [];
    for (const family of this.families()) {
      const table = present(this.tables.get(family), "family listed");
      for (let row = 0; row < table.length; row += 1) {
        const first = row * table.width;
        for (let slot = first; slot < first + table.width; slot += 1) {
          if (!wanted.has(at(table.slots, slot))) continue;
          found.push(this.config(table, chunkId(family, row), row));
          break;
        }
      }
    }
    return found;
  }

  load(member: ChunkMember): StoreLoad {
    const place = this.placeOfStore.get(storeKey(member));
    if (place === undefined) return { replicas: 0, primaries: 0 };
    return { replicas: this.replicas[place] ?? 0, primaries: this.primaries[place] ?? 0 };
  }

  /** Every store that ever was a member, with what it holds now. */
  loads(): { readonly member: ChunkMember; readonly load: StoreLoad }[] {
    return this.stores.map((member) => ({ member, load: this.load(member) }));
  }

  /** Visits the chunks of a family without making a record of each. */
  scan(family: FamilyId, visit: (row: ChunkRow) => void): void {
    const table = this.tables.get(family);
    if (!table) return;
    for (let row = 0; row < table.length; row += 1) {
      if (at(table.epoch, row) > 0) visit(this.row(table, family, row));
    }
  }

  private row(table: FamilyTable, family: FamilyId, row: number): ChunkRow {
    const isr = at(table.isr, row);
    const learners = at(table.learners, row);
    const members: { member: ChunkMember; role: MemberRole }[] = [];
    let isrCount = 0;
    let learnerCount = 0;
    for (let slot = 0; slot < table.width; slot += 1) {
      const place = at(table.slots, row * table.width + slot);
      if (place === 0) break;
      const inIsr = (isr & (1 << slot)) !== 0;
      const learns = (learners & (1 << slot)) !== 0;
      if (inIsr) isrCount += 1;
      if (learns) learnerCount += 1;
      members.push({ member: this.store(place), role: inIsr ? "isr" : learns ? "learner" : "out" });
    }
    return {
      chunk: chunkId(family, row),
      isrCount,
      learnerCount,
      primary: this.store(at(table.slots, row * table.width + at(table.primarySlot, row))),
      primaryIncarnation: at(table.incarnation, row),
      members,
    };
  }

  private config(table: FamilyTable, chunk: ChunkId, row: number): ChunkConfig {
    const seen = this.row(table, familyOf(chunk), row);
    const uuidsOf = (role: MemberRole) =>
      seen.members.filter((one) => one.role === role).map((one) => one.member.storeUuid);
    return {
      chunk,
      epoch: at(table.epoch, row),
      version: at(table.version, row),
      members: seen.members.map(({ member }) => member),
      isr: uuidsOf("isr"),
      learners: uuidsOf("learner"),
      primary: { node: seen.primary.node, incarnation: seen.primaryIncarnation },
    };
  }

  private store(place: number): ChunkMember {
    return present(this.stores[place - 1], "slots name known stores");
  }

  private placeOf(member: ChunkMember): number {
    const seen = this.placeOfObject.get(member);
    if (seen !== undefined) return seen;
    const place = this.placeOfStore.get(storeKey(member)) ?? this.addStore(member);
    this.placeOfObject.set(member, place);
    return place;
  }

  private addStore(member: ChunkMember): number {
    const place = this.stores.length;
    assert(place < STORES_MAX, "at most 65,534 stores in the life of a cluster");
    this.stores.push({ node: member.node, disk: member.disk, storeUuid: member.storeUuid });
    this.replicas.push(0);
    this.primaries.push(0);
    this.placeOfStore.set(storeKey(member), place);
    return place;
  }

  private tableFor(family: FamilyId, row: number, width: number): FamilyTable {
    let table = this.tables.get(family) ?? newTable(width, INITIAL_CHUNKS);
    const capacity = table.epoch.length;
    if (row >= capacity || width > table.width) {
      const wanted = row >= capacity ? Math.max(capacity * 2, row + 1) : capacity;
      table = resized(table, Math.max(width, table.width), wanted);
    }
    this.tables.set(family, table);
    return table;
  }

  private count(table: FamilyTable, row: number, step: number): void {
    if (row >= table.length || at(table.epoch, row) === 0) return;
    const first = row * table.width;
    for (let slot = first; slot < first + table.width; slot += 1) {
      const place = at(table.slots, slot);
      if (place > 0) this.replicas[place - 1] = (this.replicas[place - 1] ?? 0) + step;
    }
    const primary = at(table.slots, first + at(table.primarySlot, row)) - 1;
    this.primaries[primary] = (this.primaries[primary] ?? 0) + step;
  }
}

const storeKey = ({ node, disk, storeUuid }: ChunkMember): string => `${node}/${disk}/${storeUuid}`;
