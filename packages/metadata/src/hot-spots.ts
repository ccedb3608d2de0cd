// What is asked far more than its like: nodes, disks and volumes, each compared with the mean of its kind, and the
// cluster as a whole with what its disks can do. What storage nodes tell is over half a minute already; a hot spot is
// one that was told so for a while, and stays one until it is well below, so that nothing is said and taken back.
// Pure: time and figures are told.
import { HOT_KINDS, type HotKind, type HotSpot, type Measure } from "@ashlar/rpc";

/** Told so for this long, by figures over half a minute: a burst or a backup's first seconds are none. */
export const HOT_AFTER_MS = 15_000;
/**
 * Times the mean. Of two nodes that lead all the load and a third that leads none each has 1.5 times the mean, and
 * nothing could be gained; one of two that has it all has 2.
 */
const FACTOR = 1.6;
/** Of what makes a hot spot, what keeps it one. */
const KEPT_SHARE = 0.8;

/** What is too little to matter, and whether others are compared with at all. */
const LIMITS: Readonly<Record<HotKind, { readonly min: number; readonly factor: number }>> = {
  // A disk that syncs every write does more than this; below it nobody waits for anybody.
  node: { min: 200, factor: FACTOR },
  volume: { min: 200, factor: FACTOR },
  // Of the time; beyond this what comes next often waits.
  disk: { min: 0.5, factor: FACTOR },
  // All disks together: moving something helps no more, and one that fails leaves its work to the others.
  cluster: { min: 0.8, factor: 0 },
};

export type Measures = Readonly<Record<HotKind, readonly Measure[]>>;

export class HotSpots {
  /** By kind and name: since when it has been above the limit. */
  private sinceMs = new Map<string, number>();
  private hot = new Set<string>();

  /** @returns the hot spots as of now, the hottest of a kind first. */
  look(nowMs: number, measures: Measures): readonly HotSpot[] {
    const sinceMs = new Map<string, number>();
    const hot = new Set<string>();
    const spots: HotSpot[] = [];
    for (const kind of HOT_KINDS) {
      const mean = meanOf(measures[kind]);
      const sorted = [...measures[kind]].sort(
        (a, b) => b.figure - a.figure || (a.id < b.id ? -1 : 1),
      );
      for (const measure of sorted) {
        const key = `${kind} ${measure.id}`;
        const limit = Math.max(LIMITS[kind].min, LIMITS[kind].factor * mean);
        const isHot = this.hot.has(key);
        if (measure.figure < (isHot ? limit * KEPT_SHARE : limit)) continue;
        const since = this.sinceMs.get(key) ?? nowMs;
        sinceMs.set(key, since);
        if (!isHot && nowMs - since < HOT_AFTER_MS) continue;
        hot.add(key);
        spots.push({ kind, ...measure, mean });
      }
    }
    this.sinceMs = sinceMs;
    this.hot = hot;
    return spots;
  }
}

const meanOf = (measures: readonly Measure[]): number =>
  measures.reduce((sum, { figure }) => sum + figure, 0) / Math.max(1, measures.length);
