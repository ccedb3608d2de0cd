// The configurations of all chunks, compact: typed arrays per family, with stores named by their place in
// one table. Records are made on demand and share their lists; who only looks scans and makes none. The
// counts per store are kept beside, since placement asks for them at every chunk.
import {
  assert,
  type ChunkId,
  chunkIndexOf,
  type FamilyId,
  familyOf,
  type NodeId,
} from "@ashlar/core";
import { type ChunkRow, RowWindow } from "./chunk-row.ts";
import { at, type FamilyTable, MEMBERS_MAX, newTable, resized } from "./family-table.ts";
import { BITS, bitsOf, MemberLists } from "./member-lists.ts";
import type { ChunkConfig, ChunkMember } from "./records.ts";

const STORES_MAX = 0xffff;
const INITIAL_CHUNKS = 16;

export interface StoreLoad {
  readonly replicas: number;
  readonly primaries: number;
}

/** Rows of a family from the first to the one before `until`, by the index of the chunk. */
export interface RowRange {
  readonly from: number;
  readonly until: number;
}

/** What may be asked about very many chunks at once. */
export interface ChunkScans {
  /** In order. */
  families(): FamilyId[];
  /** Chunks of a family, or as many as it had when some of them are not known. */
  rowsOf(family: FamilyId): number;
  /** Visits the chunks of a family in order of index without making a record of each. */
  scan(family: FamilyId, visit: (row: ChunkRow) => void, range?: RowRange): void;
  /** Whether one of the family's chunks fits; the first that does ends the scan. */
  some(family: FamilyId, fits: (row: ChunkRow) => boolean): boolean;
  /** Nodes that lead a chunk, also of a volume in creation. Looks at no chunk. */
  leaders(): ReadonlySet<NodeId>;
}

export class ChunkTables implements ChunkScans {
  private readonly tables = new Map<FamilyId, FamilyTable>();
  private readonly stores: ChunkMember[];
  private readonly lists: MemberLists;
  private readonly placeOfStore = new Map<string, number>();
  /** Records share their member objects, and this is several times faster than making the key. */
  private readonly placeOfObject = new WeakMap<ChunkMember, number>();
  private readonly replicas: number[] = [];
  private readonly primaries: number[] = [];
  private learningRows = 0;
  private shortRows = 0;
  private rowsVisited = 0;

  constructor(stores: ChunkMember[] = [], lists: MemberLists = new MemberLists(stores)) {
    this.stores = stores;
    this.lists = lists;
  }

  /** Chunks with a learner. */
  get learning(): number {
    return this.learningRows;
  }

  /** Chunks with a copy that is neither in sync nor learning. */
  get short(): number {
    return this.shortRows;
  }

  /** Rows that scans have looked at so far: the work that looking at chunks is. */
  get visited(): number {
    return this.rowsVisited;
  }

  get(chunk: ChunkId): ChunkConfig | undefined {
    const table = this.tables.get(familyOf(chunk));
    const row = chunkIndexOf(chunk);
    if (!table || row >= table.length || at(table.epoch, row) === 0) return undefined;
    const window = new RowWindow(this.lists, familyOf(chunk), table);
    window.row = row;
    return window.config();
  }

  /** Puts a chunk, replacing what was there. */
  set(config: ChunkConfig): void {
    const { members, primary } = config;
    assert(members.length > 0 && members.length <= MEMBERS_MAX, "1 .. MEMBERS_MAX members");
    const row = chunkIndexOf(config.chunk);
    const table = this.tableFor(familyOf(config.chunk), row, members.length);
    this.count(table, row, -1);
    this.setSlots(table, row, members);
    let primarySlot = 0;
    while (members[primarySlot]?.node !== primary.node) {
      primarySlot += 1;
      assert(primarySlot < members.length, "the primary is a member");
    }
    table.isr[row] = bitsOf(members, config.isr);
    table.learners[row] = config.learners.length === 0 ? 0 : bitsOf(members, config.learners);
    table.leaving[row] = config.leaving === undefined ? 0 : bitsOf(members, config.leaving);
    table.primarySlot[row] = primarySlot;
    table.epoch[row] = config.epoch;
    table.version[row] = config.version;
    table.incarnation[row] = primary.incarnation;
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

  /**
   * All as it stands now, whatever is changed here later: a family is copied when it is changed for the
   * first time, so this costs nothing but the memory. Not to be changed.
   */
  frozen(): ChunkTables {
    const copy = new ChunkTables(this.stores, this.lists);
    for (const [family, table] of this.tables) {
      table.frozen = true;
      copy.tables.set(family, table);
    }
    for (const [key, place] of this.placeOfStore) copy.placeOfStore.set(key, place);
    copy.replicas.push(...this.replicas);
    copy.primaries.push(...this.primaries);
    copy.learningRows = this.learningRows;
    copy.shortRows = this.shortRows;
    return copy;
  }

  families(): FamilyId[] {
    return [...this.tables.keys()].sort((a, b) => a - b);
  }

  rowsOf(family: FamilyId): number {
    return this.tables.get(family)?.length ?? 0;
  }

  /** Chunks of a family. */
  countOf(family: FamilyId): number {
    let count = 0;
    for (const epoch of this.tables.get(family)?.epoch ?? []) if (epoch > 0) count += 1;
    return count;
  }

  /** Records of a family in order of index. */
  *recordsOf(family: FamilyId): Generator<ChunkConfig, void, undefined> {
    const table = this.tables.get(family);
    if (!table) return;
    const window = new RowWindow(this.lists, family, table);
    for (window.row = 0; window.row < table.length; window.row += 1) {
      if (window.epoch > 0) yield window.config();
    }
  }

  /**
   * Gives the records of all chunks that have a member on `node`, families and indices in order. The chunk
   * that is given may be replaced meanwhile.
   */
  eachOn(node: NodeId, visit: (config: ChunkConfig) => void): void {
    const wanted = new Uint8Array(this.stores.length + 1);
    this.stores.forEach((store, place) => {
      if (store.node === node) wanted[place + 1] = 1;
    });
    for (const family of this.families()) {
      this.scanRows(family, (window) => {
        const { slots, width } = window.table;
        const first = window.row * width;
        for (let slot = first; slot < first + width; slot += 1) {
          if (at(wanted, at(slots, slot)) === 0) continue;
          visit(window.config());
          break;
        }
        return false;
      });
    }
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

  leaders(): ReadonlySet<NodeId> {
    const leading = this.loads().filter(({ load }) => load.primaries > 0);
    return new Set(leading.map(({ member }) => member.node));
  }

  scan(family: FamilyId, visit: (row: ChunkRow) => void, range?: RowRange): void {
    this.scanRows(
      family,
      (row) => {
        visit(row);
        return false;
      },
      range,
    );
  }

  some(family: FamilyId, fits: (row: ChunkRow) => boolean): boolean {
    return this.scanRows(family, fits);
  }

  /** Ends at the first row that fits. */
  scanRows(
    family: FamilyId,
    fits: (row: RowWindow) => boolean,
    { from, until }: RowRange = { from: 0, until: Number.POSITIVE_INFINITY },
  ): boolean {
    const table = this.tables.get(family);
    if (!table) return false;
    const window = new RowWindow(this.lists, family, table);
    const end = Math.min(until, table.length);
    for (let row = from; row < end; row += 1) {
      if (at(table.epoch, row) === 0) continue;
      this.rowsVisited += 1;
      window.row = row;
      if (fits(window)) return true;
    }
    return false;
  }

  private setSlots(table: FamilyTable, row: number, members: readonly ChunkMember[]): void {
    const { slots, width } = table;
    const first = row * width;
    const known = this.lists.named(members)?.slots;
    for (let slot = 0; slot < width; slot += 1) {
      const member = members[slot];
      slots[first + slot] = known?.[slot] ?? (member ? this.placeOf(member) + 1 : 0);
    }
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
    const known = this.tables.get(family) ?? newTable(width, INITIAL_CHUNKS);
    const capacity = known.epoch.length;
    let table = known;
    if (row >= capacity || width > known.width || known.frozen) {
      const wanted = row >= capacity ? Math.max(capacity * 2, row + 1) : capacity;
      table = resized(known, Math.max(width, known.width), wanted);
    }
    if (this.tables.get(family) !== table) this.tables.set(family, table);
    return table;
  }

  private count(table: FamilyTable, row: number, step: number): void {
    if (row >= table.length || at(table.epoch, row) === 0) return;
    const first = row * table.width;
    let members = 0;
    for (let slot = first; slot < first + table.width; slot += 1) {
      const place = at(table.slots, slot);
      if (place === 0) continue;
      members += 1;
      this.replicas[place - 1] = at(this.replicas, place - 1) + step;
    }
    const held = at(BITS, at(table.isr, row) | at(table.learners, row));
    if (held < members) this.shortRows += step;
    const primary = at(table.slots, first + at(table.primarySlot, row)) - 1;
    this.primaries[primary] = at(this.primaries, primary) + step;
    if (at(table.learners, row) !== 0) this.learningRows += step;
  }
}

const storeKey = ({ node, disk, storeUuid }: ChunkMember): string => `${node}/${disk}/${storeUuid}`;
