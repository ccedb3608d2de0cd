// What the paths of one host to one volume do: how long each lets commands wait, and when it had no session.
import type { PathObserver } from "@ashlar/initiator";
import type { Clock } from "@ashlar/runtime";
import { type Stall, StallMeter } from "./stall-meter.ts";

/** Times without a session that are listed, of each path: one that flaps has more to tell than a list. */
const DOWN_MAX = 200;

class DownTimes {
  private readonly nowMs: () => number;
  private readonly times: Stall[] = [];
  private sinceMs: number | undefined;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  /** Does nothing when it stands so already. */
  set(isDown: boolean): void {
    if (isDown) this.sinceMs ??= this.nowMs();
    else if (this.sinceMs !== undefined) {
      if (this.times.length < DOWN_MAX) this.times.push(this.last(this.sinceMs));
      this.sinceMs = undefined;
    }
  }

  /** One that still lasts included. */
  list(): Stall[] {
    return this.sinceMs === undefined ? [...this.times] : [...this.times, this.last(this.sinceMs)];
  }

  private last(atMs: number): Stall {
    return { atMs, ms: this.nowMs() - atMs };
  }
}

export interface PathFigures {
  readonly name: string;
  readonly meter: StallMeter;
  down(): readonly Stall[];
}

export class PathLog implements PathObserver {
  private readonly up = new Set<string>();
  private readonly paths: ReadonlyMap<
    string,
    { readonly meter: StallMeter; readonly down: DownTimes }
  >;
  private readonly noPath: DownTimes;
  private isOver = false;

  /** @param originMs what times are counted from, of the clock. */
  constructor(clock: Clock, originMs: number, names: readonly string[]) {
    const nowMs = (): number => clock.nowMs() - originMs;
    this.noPath = new DownTimes(nowMs);
    this.paths = new Map(
      names.map((name) => {
        const meter = new StallMeter(clock, { failureIsAnswer: true, originMs });
        return [name, { meter, down: new DownTimes(nowMs) }];
      }),
    );
  }

  execution<T>(path: string, execution: Promise<T>): Promise<T> {
    return this.paths.get(path)?.meter.count(execution) ?? execution;
  }

  pathUp(path: string): void {
    this.up.add(path);
    this.paths.get(path)?.down.set(false);
    this.noPath.set(false);
  }

  pathDown(path: string): void {
    if (this.isOver) return;
    this.up.delete(path);
    this.paths.get(path)?.down.set(true);
    if (this.up.size === 0) this.noPath.set(true);
  }

  /** From now on paths end because their host logs out. */
  end(): void {
    this.isOver = true;
  }

  get allUp(): boolean {
    return this.up.size === this.paths.size;
  }

  /** Times without any path. */
  withoutPath(): readonly Stall[] {
    return this.noPath.list();
  }

  figures(): PathFigures[] {
    return [...this.paths].map(([name, { meter, down }]) => ({
      name,
      meter,
      down: () => down.list(),
    }));
  }
}
