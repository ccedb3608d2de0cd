// Which disk keeps hosts waiting without failing. A disk is compared with the others of the cluster at the same time and
// for the same kind of operation, so that load alone, which they share, makes none slow; and with a limit that no disk in
// order comes near, so that none is slow for being the slowest. It is one that was so in several slots in a row (see
// `disk-times.ts` of storage nodes), and it is well again after many. Pure.
import type { NodeId, StoreUuid } from "@ashlar/core";
import type { DiskTimes, OperationTimes } from "@ashlar/rpc";

/** Milliseconds. Disks with heads sync in some tens when they are busy. */
export const SLOW_LIMIT_MS = 100;
/** Times the median of the others. */
export const SLOW_FACTOR = 5;
/** Of a slot: who does less with a disk does not wait for it. */
const BUSY_SHARE_MIN = 0.1;
/** Of what makes a disk slow: below that it counts as well. */
const WELL_SHARE = 0.5;
/** Other nodes that must have something to compare with, or one of the two could be the odd one. */
const PEER_NODES_MIN = 2;

const KINDS = ["reads", "syncs"] as const;
type Kind = (typeof KINDS)[number];

/** As the leader knows a disk that serves. */
export interface DiskSeen {
  readonly node: NodeId;
  readonly disk: string;
  readonly store: StoreUuid;
  /** It was taken for slow before. */
  readonly isSlow: boolean;
  /** Undefined: its node has told nothing of it. */
  readonly times: DiskTimes | undefined;
}

export interface SlowDisk {
  readonly node: NodeId;
  readonly disk: string;
  readonly store: StoreUuid;
  readonly reason: string;
}

export interface SlowVerdict {
  /** The slowest that is slow and was not taken for it. */
  readonly slow: SlowDisk | undefined;
  /** Those that are well again. */
  readonly well: readonly DiskSeen[];
}

export interface SlowOptions {
  /** Milliseconds for which a disk has been slow, or well, in each slot. */
  readonly slowAfterMs: number;
  readonly wellAfterMs: number;
}

/** Of a disk, slot by slot. */
interface Course {
  readonly slot: number;
  readonly isSlow: boolean;
  readonly slowMs: number;
  readonly wellMs: number;
  /** How many times too slow it was, of the slots that count. */
  readonly excess: number;
  readonly reason: string;
}

interface Figure {
  readonly kind: Kind;
  readonly tookMs: number;
  /** Of the others; undefined when there are too few. */
  readonly othersMs: number | undefined;
  readonly limitMs: number;
  readonly isBusy: boolean;
}

export class SlowDisks {
  private readonly options: SlowOptions;
  private courses = new Map<StoreUuid, Course>();

  constructor(options: SlowOptions) {
    this.options = options;
  }

  /** All disks that serve, on nodes that are up. */
  look(disks: readonly DiskSeen[]): SlowVerdict {
    const courses = new Map<StoreUuid, Course>();
    for (const disk of disks) {
      const course = this.follow(disk, disks);
      if (course) courses.set(disk.store, course);
    }
    this.courses = courses;
    const { slowAfterMs, wellAfterMs } = this.options;
    const courseOf = ({ store }: DiskSeen): Course | undefined => courses.get(store);
    const slow = disks
      .filter((disk) => !disk.isSlow && (courseOf(disk)?.slowMs ?? 0) >= slowAfterMs)
      .sort((a, b) => (courseOf(b)?.excess ?? 0) - (courseOf(a)?.excess ?? 0))[0];
    const well = disks.filter((one) => one.isSlow && (courseOf(one)?.wellMs ?? 0) >= wellAfterMs);
    return { slow: slow && named(slow, courseOf(slow)), well };
  }

  /** From now on what disks do counts anew. */
  begin(): void {
    this.courses = new Map();
  }

  private follow(disk: DiskSeen, disks: readonly DiskSeen[]): Course | undefined {
    const { store, isSlow, times } = disk;
    if (!times) return undefined;
    const before = this.courses.get(store);
    // Who takes it for slow, or trusts it, begins anew.
    const isSame = before?.isSlow === isSlow;
    if (isSame && before.slot === times.slot) return before;
    const isNext = isSame && times.slot === before.slot + 1;
    const figures = KINDS.flatMap((kind) => figureOf(kind, disk, disks) ?? []);
    const worst = figures
      .filter(
        ({ isBusy, othersMs, tookMs, limitMs }) =>
          isBusy && othersMs !== undefined && tookMs >= limitMs,
      )
      .sort((a, b) => excessOf(b) - excessOf(a))[0];
    const isWell = figures.every(({ tookMs, limitMs }) => tookMs < limitMs * WELL_SHARE);
    const hasNoWork = figures.length === 0;
    const { slowMs = 0, wellMs = 0, excess = 0 } = isNext ? before : {};
    return {
      slot: times.slot,
      isSlow,
      slowMs: worst ? slowMs + times.slotMs : 0,
      wellMs: isWell ? wellMs + (hasNoWork ? 0 : times.slotMs) : 0,
      excess: worst ? Math.max(excess, excessOf(worst)) : 0,
      reason: worst ? reasonOf(worst) : "",
    };
  }
}

const excessOf = ({ tookMs, limitMs }: Figure): number => tookMs / limitMs;

/** Undefined when the disk had nothing of it to do. */
function figureOf(kind: Kind, disk: DiskSeen, disks: readonly DiskSeen[]): Figure | undefined {
  const own = timesOf(kind, disk);
  if (!own) return undefined;
  const peers = disks.filter(({ node, isSlow }) => node !== disk.node && !isSlow);
  const told = peers.flatMap((peer) => {
    const times = timesOf(kind, peer);
    return times ? [{ node: peer.node, tookMs: times.quartileMs }] : [];
  });
  const isComparable = new Set(told.map(({ node }) => node)).size >= PEER_NODES_MIN;
  const othersMs = isComparable ? upperMedian(told.map(({ tookMs }) => tookMs)) : undefined;
  return {
    kind,
    tookMs: own.quartileMs,
    othersMs,
    limitMs: Math.max(SLOW_LIMIT_MS, SLOW_FACTOR * (othersMs ?? 0)),
    isBusy: own.busyMs >= BUSY_SHARE_MIN * (disk.times?.slotMs ?? 0),
  };
}

const timesOf = (kind: Kind, { times }: DiskSeen): OperationTimes | undefined =>
  times && times[kind].count > 0 ? times[kind] : undefined;

/** Of two in the middle the greater one: what is doubtful is not slow. */
const upperMedian = (values: number[]): number =>
  values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const WORDS: Readonly<Record<Kind, string>> = { reads: "reads", syncs: "syncs of writes" };

const reasonOf = ({ kind, tookMs, othersMs = 0 }: Figure): string =>
  `a quarter of its ${WORDS[kind]} takes ${Math.round(tookMs)} ms and more, ` +
  `on the other disks ${othersMs < 10 ? othersMs.toFixed(1) : Math.round(othersMs)} ms`;

const named = ({ node, disk, store }: DiskSeen, course: Course | undefined): SlowDisk => ({
  node,
  disk,
  store,
  reason: `${node}/${disk}: ${course?.reason ?? ""}, for ${Math.round((course?.slowMs ?? 0) / 1_000)} s`,
});
