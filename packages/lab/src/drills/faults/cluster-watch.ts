// What the cluster itself notices while a fault lasts: who was down, who led, which lives processes had, whether
// copies were missing, which disks failed. A drill that left no trace here did nothing, whatever it believes.
import { SystemError } from "@ashlar/core";
import { type Clock, sleep, type Timer } from "@ashlar/runtime";
import type { DrillAdmin } from "../site/drill-site.ts";
import type { ClusterState } from "./redundancy.ts";

/** Since the last reset. */
export class ClusterTraces {
  readonly down = new Set<string>();
  readonly leaders = new Set<string>();
  /** Incarnations by id of the process. */
  readonly lives = new Map<string, Set<number>>();
  /** `storage-1/disk-2` */
  readonly failedDisks = new Set<string>();
  degradedMax = 0;
  /** Processes that the site said do not run, told by the drill. */
  readonly ended = new Set<string>();

  note({ status, nodes }: ClusterState): void {
    const { storage, gateways, metadata } = status;
    for (const { id, state } of [...storage, ...gateways, ...metadata]) {
      if (state === "down") this.down.add(id);
    }
    for (const { id, incarnation } of [...storage, ...gateways]) {
      this.lives.set(id, (this.lives.get(id) ?? new Set()).add(incarnation));
    }
    for (const { id, role } of metadata) if (role === "leader") this.leaders.add(id);
    for (const { id, disks } of nodes) {
      for (const disk of disks) {
        if (disk.state === "failed") this.failedDisks.add(`${id}/${disk.id}`);
      }
    }
    this.degradedMax = Math.max(this.degradedMax, status.degradedChunks + status.unavailableChunks);
  }

  livedTwice(id: string): boolean {
    return (this.lives.get(id)?.size ?? 0) > 1;
  }
}

export class ClusterWatch {
  private readonly admin: Pick<DrillAdmin, "clusterStatus" | "listNodes">;
  private readonly clock: Clock;
  private readonly pollMs: number;
  private readonly timer: Timer;
  private readonly ended = new AbortController();
  private asking: Promise<void> | undefined;
  private noted = new ClusterTraces();

  constructor(
    {
      admin,
      clock,
    }: {
      readonly admin: Pick<DrillAdmin, "clusterStatus" | "listNodes">;
      readonly clock: Clock;
    },
    { pollMs }: { readonly pollMs: number },
  ) {
    this.admin = admin;
    this.clock = clock;
    this.pollMs = pollMs;
    this.timer = clock.every(pollMs, () => {
      this.asking ??= this.look().finally(() => {
        this.asking = undefined;
      });
    });
  }

  get traces(): ClusterTraces {
    return this.noted;
  }

  /** From now on only what is seen from now on counts, and what is there now. */
  async begin(): Promise<ClusterState> {
    const state = await this.state(this.ended.signal);
    this.noted = new ClusterTraces();
    this.noted.note(state);
    return state;
  }

  /** Notes how it stands now, whatever the watch waits for: who has just come back may answer others late. */
  async note(signal: AbortSignal): Promise<void> {
    this.noted.note(await this.state(signal));
  }

  async state(signal: AbortSignal): Promise<ClusterState> {
    const status = await this.admin.clusterStatus({ signal });
    return { status, nodes: await this.admin.listNodes({ signal }) };
  }

  /** Resolves when the cluster stands so. @throws SystemError process/failed when it does not in time. */
  async until(
    what: string,
    good: (state: ClusterState) => boolean,
    { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<void> {
    const { clock, pollMs } = this;
    const deadlineMs = clock.nowMs() + timeoutMs;
    while (!(await this.isSeen(good, signal))) {
      if (clock.nowMs() > deadlineMs) {
        throw new SystemError("process/failed", `not seen: ${what}`);
      }
      await sleep(clock, pollMs, { signal });
    }
  }

  private async isSeen(
    good: (state: ClusterState) => boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      return good(await this.state(signal));
    } catch {
      // While nobody leads the metadata members, nothing can be seen.
      signal.throwIfAborted();
      return false;
    }
  }

  async stop(): Promise<void> {
    this.timer.cancel();
    this.ended.abort();
    await this.asking;
  }

  private async look(): Promise<void> {
    const { noted } = this;
    try {
      noted.note(await this.state(this.ended.signal));
    } catch {
      // Nobody leads just now, or the watch is over: what is asked next tells.
    }
  }
}
