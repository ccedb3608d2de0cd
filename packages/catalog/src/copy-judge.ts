// What one chunk needs, as it stands: a copy that is lost made again, one more because its volume wants more, one
// made elsewhere because a disk or a node is to be emptied, or one less because there are more than enough.
// Only the most urgent of these, one at a time for each chunk, so that its primary fills one copy at a time.
import { type ChunkId, type NodeId, present, type StoreUuid } from "@ashlar/core";
import type { ChunkRow, MemberRole } from "./chunk-row.ts";
import type { Surplus } from "./command.ts";
import type { CopySizes } from "./copy-rooms.ts";
import { openDisks } from "./placement.ts";
import type { ChunkMember, DiskRecord, NodeRecord } from "./records.ts";

/** By urgency: a copy is missing, the volume wants more, or it is to move. */
export const NEED_KINDS = ["lost", "more", "move"] as const;
export type NeedKind = (typeof NEED_KINDS)[number];

/** A copy is to be made. */
export interface Need {
  readonly kind: NeedKind;
  readonly chunk: ChunkId;
  readonly version: number;
  readonly inSync: number;
  readonly members: readonly ChunkMember[];
  /** Whose place it takes, one of them: none when the volume wants more. */
  readonly instead: readonly ChunkMember[];
  readonly needBytes: number;
}

export type Judgement =
  | { readonly kind: "need"; readonly need: Need }
  | { readonly kind: "surplus"; readonly surplus: Surplus };

/** Whether nobody waits any more for a node that is down, with so many copies left in sync. */
export type IsGivenUp = (node: NodeId, inSync: number) => boolean;

/** The order in which members go when none is marked. */
const GOES_FIRST: Readonly<Record<MemberRole, number>> = { out: 0, learner: 1, isr: 2 };

export class CopyJudge {
  private readonly nodes: ReadonlyMap<NodeId, NodeRecord>;
  private readonly isGivenUp: IsGivenUp;
  private readonly sizes: CopySizes;
  private readonly fullness: ReadonlyMap<StoreUuid, number>;
  private readonly open = new Set<StoreUuid>();
  private readonly emptied = new Set<StoreUuid>();

  constructor(
    nodes: ReadonlyMap<NodeId, NodeRecord>,
    {
      isGivenUp,
      sizes,
      fullness,
    }: {
      readonly isGivenUp: IsGivenUp;
      readonly sizes: CopySizes;
      /** Copies for the size of each store: where there are most, one goes first. */
      readonly fullness: ReadonlyMap<StoreUuid, number>;
    },
  ) {
    this.nodes = nodes;
    this.isGivenUp = isGivenUp;
    this.sizes = sizes;
    this.fullness = fullness;
    for (const record of nodes.values()) {
      for (const disk of openDisks(record)) {
        this.open.add(disk.storeUuid);
        if (isEmptied(record, disk)) this.emptied.add(disk.storeUuid);
      }
    }
  }

  /**
   * @param wanted copies, by the volume.
   * @returns undefined when all is as it should be, or what is under way, or who is away, is waited for.
   */
  judge(row: ChunkRow, wanted: number): Judgement | undefined {
    const { members, isrCount, learnerCount } = row;
    const extra = members.length - wanted;
    if (extra === 0 && isrCount === members.length && this.emptied.size === 0) return undefined;
    if (extra > 0) {
      const surplus = this.surplusOf(row, wanted);
      if (surplus) return { kind: "surplus", surplus };
    }
    if (learnerCount > 0) return undefined;
    const lost = this.lostOf(row);
    if (lost.length > 0) return this.need(row, "lost", lost);
    if (extra < 0) return this.need(row, "more", []);
    if (isrCount < members.length || extra > 0) return undefined;
    const moving = members.filter(({ storeUuid }) => this.emptied.has(storeUuid));
    return moving.length > 0 ? this.need(row, "move", moving) : undefined;
  }

  private need(row: ChunkRow, kind: NeedKind, instead: readonly ChunkMember[]): Judgement {
    const { chunk, version, isrCount: inSync, members } = row;
    const needBytes = this.sizes.needBytes(row);
    return { kind: "need", need: { kind, chunk, version, inSync, members, instead, needBytes } };
  }

  /**
   * Who is marked goes when enough are in sync without it; what was to take its place goes when it is lost. Where
   * nobody is marked the volume wants fewer.
   */
  private surplusOf(row: ChunkRow, wanted: number): Surplus | undefined {
    const slots = [...row.members.keys()];
    const marked = slots.filter((slot) => row.isLeaving(slot));
    const member = (slot: number): ChunkMember => present(row.members[slot], "a slot of the row");
    const candidates =
      marked.length > 0
        ? [...marked, ...slots.filter((slot) => this.isLostAt(row, slot))]
        : slots.sort(
            (a, b) =>
              GOES_FIRST[row.roleAt(a)] - GOES_FIRST[row.roleAt(b)] ||
              this.pressure(member(b)) - this.pressure(member(a)),
          );
    const slot = candidates.find((one) => {
      const inSync = row.isrCount - (row.roleAt(one) === "isr" ? 1 : 0);
      return inSync >= wanted;
    });
    if (slot === undefined) return undefined;
    return { chunk: row.chunk, version: row.version, store: member(slot).storeUuid };
  }

  /** How much a copy would rather go than another one. */
  private pressure({ storeUuid }: ChunkMember): number {
    return this.emptied.has(storeUuid)
      ? Number.POSITIVE_INFINITY
      : (this.fullness.get(storeUuid) ?? 0);
  }

  private lostOf(row: ChunkRow): ChunkMember[] {
    return row.members.filter((_, slot) => this.isLostAt(row, slot));
  }

  private isLostAt(row: ChunkRow, slot: number): boolean {
    const member = present(row.members[slot], "a slot of the row");
    return row.roleAt(slot) === "out" && this.isLost(member, row.isrCount);
  }

  private isLost({ node, storeUuid }: ChunkMember, inSync: number): boolean {
    if (this.open.has(storeUuid)) return false;
    const record = this.nodes.get(node);
    // A node that is up has opened all it can: this store is not among it.
    if (record === undefined || record.state === "up" || hasFailed(record, storeUuid)) return true;
    if (record.service === "maintenance") return false;
    return record.service === "draining" || this.isGivenUp(node, inSync);
  }
}

/** Whether the copies on a disk are to move elsewhere. */
export const isEmptied = ({ service }: NodeRecord, { state, slow }: DiskRecord): boolean =>
  service === "draining" || state === "leaving" || (state === "up" && slow !== undefined);

const hasFailed = ({ disks }: NodeRecord, store: StoreUuid): boolean =>
  disks.some((disk) => disk.storeUuid === store && disk.state === "down");
