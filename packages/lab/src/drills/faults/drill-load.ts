// All hosts of a drill: one for each of its volumes. Begun and ended together, and asked together how long they had
// to wait, what failed, and what came back wrong.
import type { FaultKind } from "@ashlar/initiator";
import { type Clock, sleep } from "@ashlar/runtime";
import { inParallel } from "../step-judge.ts";
import { DrillHost, type DrillHostDependencies, type DrillHostOptions } from "./drill-host.ts";
import { type Measured, median, type SeriesPlace } from "./host-timers.ts";
import type { ImpactSeries, ImpactVolume } from "./impact.ts";
import type { Stall, StallMeter } from "./stall-meter.ts";

const POLL_MS = 50;
const ALL_PATHS = "all paths";
const NO_STALL: Stall = { atMs: 0, ms: 0 };

interface Series {
  readonly place: SeriesPlace;
  readonly isVolume: boolean;
  readonly meter: StallMeter;
  readonly down: () => readonly Stall[];
  /** The longest of each round. */
  readonly ofRounds: number[];
}

export class DrillLoad {
  readonly hosts: readonly DrillHost[];
  private readonly clock: Clock;
  private readonly series: readonly Series[];

  private constructor(clock: Clock, hosts: readonly DrillHost[]) {
    this.clock = clock;
    this.hosts = hosts;
    this.series = hosts.flatMap((host) => seriesOf(host));
  }

  static async open(
    deps: DrillHostDependencies,
    hosts: readonly DrillHostOptions[],
  ): Promise<DrillLoad> {
    const opened = await Promise.allSettled(hosts.map((options) => DrillHost.open(deps, options)));
    const open = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const failed = opened.find((one) => one.status === "rejected");
    if (!failed) return new DrillLoad(deps.clock, open);
    await Promise.all(open.map((host) => host.drop()));
    throw failed.reason;
  }

  work(): void {
    for (const host of this.hosts) host.work();
  }

  async rest(): Promise<void> {
    await inParallel(this.hosts.map((host) => host.rest()));
  }

  async logout(): Promise<void> {
    await inParallel(this.hosts.map((host) => host.logout()));
  }

  async drop(): Promise<void> {
    await Promise.allSettled(this.hosts.map((host) => host.drop()));
  }

  /** Those that did not get as far as `count` more operations each in time. @throws the signal's reason. */
  async untilBusy(
    count: number,
    { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<readonly DrillHost[]> {
    const wanted = new Map(this.hosts.map((host) => [host, host.operations + count]));
    const idle = (): DrillHost[] =>
      this.hosts.filter((host) => host.operations < (wanted.get(host) ?? 0));
    return this.until(idle, { signal, timeoutMs });
  }

  /** Those without all their paths when the time is over. @throws the signal's reason. */
  untilPathsUp(options: {
    readonly signal: AbortSignal;
    readonly timeoutMs: number;
  }): Promise<readonly DrillHost[]> {
    return this.until(() => this.hosts.filter(({ paths }) => !paths.allUp), options);
  }

  /** Stalls are counted from now on: what was before belongs to no round. */
  beginRound(): void {
    for (const { meter } of this.series) meter.takeStall();
  }

  /** The longest stall of any volume in this round. */
  endRound(): number {
    const stalls = this.series.map(({ meter, isVolume, ofRounds }) => {
      const { ms } = meter.takeStall();
      ofRounds.push(ms);
      return isVolume ? ms : 0;
    });
    return Math.max(0, ...stalls);
  }

  measured(): Measured {
    const worst = (of: (one: Series) => Stall, isVolume: boolean): Measured["volume"] =>
      this.series
        .filter((one) => one.isVolume === isVolume)
        .map((one) => ({ ...of(one), place: one.place }))
        .reduce((a, b) => (b.ms > a.ms ? b : a), { ...NO_STALL, place: NOWHERE });
    return {
      command: worst(({ meter }) => meter.slowest, false),
      volume: worst(({ meter }) => meter.longest, true),
      path: worst(({ meter }) => meter.longest, false),
      noPath: worst(({ down }) => longestOf(down()), true),
    };
  }

  impactSeries(): ImpactSeries[] {
    return this.series.map(({ place, meter, down, ofRounds }) => ({
      ...place,
      operations: meter.completions.total,
      longest: rounded(meter.longest),
      medianMs: Math.round(median(ofRounds)),
      slowest: rounded(meter.slowest),
      stalls: meter.stalls.map(rounded),
      down: down().map(rounded),
      timeline: { bucketMs: meter.completions.bucketMs, completed: meter.completions.buckets },
    }));
  }

  impactVolumes(): ImpactVolume[] {
    return this.hosts.map((host) => {
      const { name, replicas, sizeBytes } = host.volume;
      const reports = host.reports();
      const faults = (...kinds: FaultKind[]): number =>
        kinds.reduce(
          (sum, kind) => reports.reduce((all, { faultCounts }) => all + faultCounts[kind], sum),
          0,
        );
      const incidents = Object.entries(host.incidents).filter(([, count]) => count > 0);
      return {
        name,
        replicas,
        sizeBytes,
        operations: host.operations,
        errors: reports.reduce((sum, { errorCount }) => sum + errorCount, 0),
        blocksChecked: reports.reduce((sum, { unitsChecked }) => sum + unitsChecked, 0),
        lost: faults("lost"),
        stale: faults("stale"),
        wrong: faults("foreign", "corrupt"),
        torn: faults("torn"),
        incidents: Object.fromEntries(incidents),
      };
    });
  }

  private async until<T>(
    left: () => T[],
    { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<readonly T[]> {
    const deadlineMs = this.clock.nowMs() + timeoutMs;
    for (;;) {
      const found = left();
      if (found.length === 0 || this.clock.nowMs() >= deadlineMs) return found;
      await sleep(this.clock, POLL_MS, { signal });
    }
  }
}

const NOWHERE: SeriesPlace = { volume: "all volumes", host: "all hosts", path: ALL_PATHS };

function seriesOf(host: DrillHost): Series[] {
  const place = { volume: host.volume.name, host: host.host };
  const { meter, paths } = host;
  return [
    {
      place: { ...place, path: ALL_PATHS },
      isVolume: true,
      meter,
      down: () => paths.withoutPath(),
      ofRounds: [],
    },
    ...paths.figures().map((path) => ({
      place: { ...place, path: `${host.gatewayOf(path.name)} ${path.name}` },
      isVolume: false,
      meter: path.meter,
      down: path.down,
      ofRounds: [],
    })),
  ];
}

const longestOf = (stalls: readonly Stall[]): Stall =>
  stalls.reduce((a, b) => (b.ms > a.ms ? b : a), NO_STALL);

const rounded = ({ atMs, ms }: Stall): Stall => ({ atMs: Math.round(atMs), ms: Math.round(ms) });
