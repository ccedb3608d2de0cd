// How fast copies are being made, as far as the counts of the catalog show it: how long those that are left may take
// is told from that. Counts cost nothing, so they are looked at all the time while this member leads.
import type { Clock, Startable, Timer } from "@ashlar/runtime";
import { followLeadership } from "./leadership.ts";
import type { ReplicatedLog } from "./replicated-log.ts";

const LOOK_INTERVAL_MS = 1_000;
/** The pace is that of this long: chunks end in bursts, since many learn at once. */
const WINDOW_MS = 30_000;

interface Look {
  readonly atMs: number;
  /** Chunks with a copy that is missing or being made. */
  readonly left: number;
}

export class CopyPace implements Startable {
  private readonly deps: { readonly replicatedLog: ReplicatedLog; readonly clock: Clock };
  private looks: Look[] = [];
  private timer: Timer | undefined;
  private unsubscribe = (): void => {};

  constructor(deps: { readonly replicatedLog: ReplicatedLog; readonly clock: Clock }) {
    this.deps = deps;
  }

  async start(): Promise<void> {
    this.unsubscribe = followLeadership(this.deps.replicatedLog, {
      onApplied: () => {},
      begin: () => {
        this.end();
        this.timer = this.deps.clock.every(LOOK_INTERVAL_MS, () => this.look());
      },
      end: () => this.end(),
    });
  }

  async stop(): Promise<void> {
    this.unsubscribe();
    this.end();
  }

  /**
   * Milliseconds until all copies of the cluster are made that are missing now, at the pace of the last half minute:
   * which of them come first is not known here. Undefined while none was made.
   */
  etaMs(): number | undefined {
    this.look();
    const [first, last] = [this.looks[0], this.looks.at(-1)];
    if (!first || !last) return undefined;
    let made = 0;
    for (const [place, { left }] of this.looks.entries()) {
      made += Math.max(0, (this.looks[place - 1]?.left ?? left) - left);
    }
    return made === 0 ? undefined : Math.ceil((last.left * (last.atMs - first.atMs)) / made);
  }

  private look(): void {
    const atMs = this.deps.clock.nowMs();
    const { short, learning } = this.deps.replicatedLog.view.chunks;
    const left = short + learning;
    // Before there was anything to do there was no pace.
    if (left === 0) this.looks = [];
    this.looks.push({ atMs, left });
    while ((this.looks[0]?.atMs ?? atMs) < atMs - WINDOW_MS) this.looks.shift();
  }

  private end(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.looks = [];
  }
}
