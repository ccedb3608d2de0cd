// One chunk as a scan shows it: a window on the columns of its family, moved from chunk to chunk, so that
// a scan of very many makes no object for any of them.
import { type ChunkId, chunkId, type FamilyId, type NodeId, present } from "@ashlar/core";
import { at, type FamilyTable } from "./family-table.ts";
import { BITS, type Combination, type MemberLists, subset } from "./member-lists.ts";
import type { ChunkConfig, ChunkMember } from "./records.ts";

export type MemberRole = "isr" | "learner" | "out";

/** One chunk while a scan visits it; the same object for every chunk, so keep nothing of it. */
export interface ChunkRow {
  readonly chunk: ChunkId;
  readonly epoch: number;
  readonly version: number;
  readonly isrCount: number;
  readonly learnerCount: number;
  readonly primary: ChunkMember;
  readonly primaryIncarnation: number;
  /** In the order that {@link roleAt} counts. */
  readonly members: readonly ChunkMember[];
  roleAt(slot: number): MemberRole;
  /** Whether this member goes when enough others are in sync. */
  isLeaving(slot: number): boolean;
  /** Whether a member on this node is in sync. */
  isInSyncOn(node: NodeId): boolean;
}

/** The same number; a small one out of a column of doubles needs no object of its own any more. */
const integer = (value: number): number => (value <= 0x7fff_ffff ? value | 0 : value);

export class RowWindow implements ChunkRow {
  private readonly lists: MemberLists;
  private readonly family: FamilyId;
  readonly table: FamilyTable;
  row = 0;

  constructor(lists: MemberLists, family: FamilyId, table: FamilyTable) {
    this.lists = lists;
    this.family = family;
    this.table = table;
  }

  get chunk(): ChunkId {
    return chunkId(this.family, this.row);
  }

  get epoch(): number {
    return at(this.table.epoch, this.row);
  }

  get version(): number {
    return at(this.table.version, this.row);
  }

  get isrCount(): number {
    return at(BITS, at(this.table.isr, this.row));
  }

  get learnerCount(): number {
    return at(BITS, at(this.table.learners, this.row));
  }

  get primary(): ChunkMember {
    return present(this.members[at(this.table.primarySlot, this.row)], "a chunk has a primary");
  }

  get primaryIncarnation(): number {
    return at(this.table.incarnation, this.row);
  }

  get members(): readonly ChunkMember[] {
    return this.combination.members;
  }

  get combination(): Combination {
    return this.lists.of(this.table, this.row);
  }

  roleAt(slot: number): MemberRole {
    const bit = 1 << slot;
    if ((at(this.table.isr, this.row) & bit) !== 0) return "isr";
    return (at(this.table.learners, this.row) & bit) === 0 ? "out" : "learner";
  }

  isLeaving(slot: number): boolean {
    return (at(this.table.leaving, this.row) & (1 << slot)) !== 0;
  }

  isInSyncOn(node: NodeId): boolean {
    const { members } = this;
    for (let slot = 0; slot < members.length; slot += 1) {
      if (members[slot]?.node === node && this.roleAt(slot) === "isr") return true;
    }
    return false;
  }

  /** A record of its own, whose lists it shares with others. */
  config(): ChunkConfig {
    const { table, row, combination } = this;
    const primary = present(combination.members[at(table.primarySlot, row)], "it has a primary");
    const leaving = at(table.leaving, row);
    return {
      chunk: this.chunk,
      epoch: at(table.epoch, row),
      version: integer(at(table.version, row)),
      members: combination.members,
      isr: subset(combination, at(table.isr, row)),
      learners: subset(combination, at(table.learners, row)),
      ...(leaving !== 0 && { leaving: subset(combination, leaving) }),
      primary: this.lists.primary(primary.node, at(table.incarnation, row)),
    };
  }
}
