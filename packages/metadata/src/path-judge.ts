// Paths between processes that are gone while both ends live: pings of both arrive here, and yet one hears
// nothing of the other and keeps hosts waiting. Those who wait tell whom they do not hear, and one of the
// two ends is picked, to be taken out as if it had fallen silent. Pure: time is an argument.
//
// Who is the common end of the most broken paths is picked, so that a node which lost everybody does not
// put out one neighbour after the other; of two alike, the one that is not heard. A gateway is never taken
// out: hosts have other paths. What is taken out comes back as a learner and stays one for as long as
// its path is gone.
import type { CatalogMirror, ChunkRow } from "@ashlar/catalog";
import type { NodeId } from "@ashlar/core";

/** Three pings: a complaint that is not repeated by then is over. */
const CURRENT_MS = 600;
/** Complaints about one event arrive within this: carriers count in ticks of 250 ms, pings are 200 ms apart. */
const SETTLE_MS = 400;
/** For so long a broken path still counts when the common end of several is looked for. */
const REMEMBERED_MS = 10_000;
/** A complaint that nobody has to wait for is not looked at more often: that takes a scan of all chunks. */
const LOOK_INTERVAL_MS = 1_000;
/** After one was picked no leading is given back for so long: its path may still be gone. */
const TROUBLE_MS = 60_000;
/** Far more than the pairs of a cluster; beyond, complaints are not heard. */
const COMPLAINTS_MAX = 16_384;

export interface Complaint {
  readonly reporter: NodeId;
  /** The storage node that it does not hear. */
  readonly about: NodeId;
}

interface Heard extends Complaint {
  readonly sinceMs: number;
  lastMs: number;
}

export class PathJudge {
  private readonly complaints = new Map<string, Heard>();
  private lookedMs = Number.NEGATIVE_INFINITY;
  private pickedMs = Number.NEGATIVE_INFINITY;

  /** A process tells, with each ping, which storage nodes it does not hear. */
  heard(reporter: NodeId, silent: readonly NodeId[], nowMs: number): void {
    for (const about of silent) {
      const key = `${reporter}>${about}`;
      const known = this.complaints.get(key);
      if (known && nowMs - known.lastMs <= CURRENT_MS) known.lastMs = nowMs;
      else if (known || this.complaints.size < COMPLAINTS_MAX) {
        this.complaints.set(key, { reporter, about, sinceMs: nowMs, lastMs: nowMs });
      }
    }
  }

  /**
   * The storage node that is to be taken out now.
   * @param isWaited whether anybody has to wait because of this path.
   */
  pick(
    nowMs: number,
    {
      isStorage,
      isWaited,
    }: {
      readonly isStorage: (process: NodeId) => boolean;
      readonly isWaited: (complaint: Complaint) => boolean;
    },
  ): NodeId | undefined {
    this.forget(nowMs);
    const settled = this.current(nowMs).filter(({ sinceMs }) => nowMs - sinceMs >= SETTLE_MS);
    if (settled.length === 0 || nowMs - this.lookedMs < LOOK_INTERVAL_MS) return undefined;
    this.lookedMs = nowMs;
    for (const complaint of settled) {
      const { reporter, about } = complaint;
      const picked = this.ends(reporter) > this.ends(about) ? reporter : about;
      if (!isStorage(picked) || !isWaited(complaint)) continue;
      this.pickedMs = nowMs;
      return picked;
    }
    return undefined;
  }

  /** Whether a path is gone, or was so lately that an end of it was taken out. */
  inTrouble(nowMs: number): boolean {
    return nowMs - this.pickedMs < TROUBLE_MS || this.isComplainedOf(nowMs);
  }

  /** Whether somebody does not hear another one now. */
  isComplainedOf(nowMs: number): boolean {
    return this.current(nowMs).length > 0;
  }

  private current(nowMs: number): readonly Heard[] {
    return [...this.complaints.values()].filter(({ lastMs }) => nowMs - lastMs <= CURRENT_MS);
  }

  private forget(nowMs: number): void {
    for (const [key, { lastMs }] of this.complaints) {
      if (nowMs - lastMs > REMEMBERED_MS) this.complaints.delete(key);
    }
  }

  /** Processes at the other ends of the broken paths of one. */
  private ends(process: NodeId): number {
    const others = new Set<NodeId>();
    for (const { reporter, about } of this.complaints.values()) {
      if (reporter === process) others.add(about);
      if (about === process) others.add(reporter);
    }
    return others.size;
  }
}

/**
 * Whether hosts wait because of a path and need not: a gateway's leads to who leads a chunk that another
 * member in sync could lead; one between storage nodes joins two that are in sync, and one of them leads. The
 * last member in sync stays where it is, so to take its node out would end nobody's waiting.
 */
export function isWaitedFor(
  { nodes, volumes, chunks }: CatalogMirror,
  { reporter, about }: Complaint,
): boolean {
  const between = nodes.has(reporter);
  const isWaited = (row: ChunkRow): boolean => {
    const { node } = row.primary;
    // Who leads is in sync itself, so one more is another one.
    if (!between) return node === about && row.isrCount > (row.isInSyncOn(about) ? 1 : 0);
    if (node !== about && node !== reporter) return false;
    return row.isInSyncOn(node === about ? reporter : about);
  };
  return [...volumes.values()].some(({ family }) => chunks.some(family, isWaited));
}
