// Reads back all copies of one disk, verifies them, and has what is damaged repaired from another copy, so that
// rot is found while there still is one. Chunks that this node leads are compared with their other copies as
// well. A pass goes on where it stood after a restart; the next one begins by itself, an interval later.
import type { CatalogView, ChunkConfig } from "@ashlar/catalog";
import { type ChunkId, type NodeId, present, toSystemError } from "@ashlar/core";
import type { Pace } from "@ashlar/replica";
import type { ChunkCheck, ScrubPass } from "@ashlar/rpc";
import type { Clock, Log, Timer } from "@ashlar/runtime";
import type { OpenDisk } from "./disk-set.ts";
import type { NodeCatalogue, ScrubEntry } from "./node-catalogue.ts";
import { paced } from "./pacing.ts";

/** Between two notes of how far a pass has come: what is lost with a crash is verified once more. */
const SAVE_INTERVAL_MS = 10_000;
/** A pass that broke off goes on after so long. */
const RETRY_MS = 600_000;

export interface ScrubOptions {
  /** From the end of a pass to the begin of the next. */
  readonly scrubIntervalMs: number;
  readonly scrubBytesPerSecond: number;
}

export interface DiskScrubberDeps {
  readonly node: NodeId;
  readonly disk: OpenDisk;
  readonly view: CatalogView;
  readonly catalogue: Pick<NodeCatalogue, "getScrub" | "putScrub">;
  /** Asks the chunk's primary to compare its copies; `deep` to verify and repair all of them. */
  readonly check: (
    config: ChunkConfig,
    options: { readonly deep: boolean; readonly signal: AbortSignal },
  ) => Promise<ChunkCheck>;
  readonly clock: Clock;
  readonly log: Log;
}

interface Found {
  readonly damaged: number;
  readonly repaired: number;
  readonly different: number;
}
const NOTHING: Found = { damaged: 0, repaired: 0, different: 0 };

export class DiskScrubber {
  private readonly deps: DiskScrubberDeps;
  private readonly options: ScrubOptions;
  private readonly stopping = new AbortController();
  private entry: ScrubEntry | undefined;
  private running: Promise<void> | undefined;
  private timer: Timer | undefined;
  private savedMs = Number.NEGATIVE_INFINITY;

  constructor(deps: DiskScrubberDeps, options: ScrubOptions) {
    this.deps = deps;
    this.options = options;
  }

  /** Of the newest pass, if there ever was one. */
  get pass(): ScrubPass | undefined {
    return this.entry?.pass;
  }

  /** Goes on with a pass that was under way, or waits until the next one is due. */
  async start(): Promise<void> {
    const { catalogue, disk } = this.deps;
    this.entry = catalogue.getScrub(disk.store.storeUuid);
    if (!this.entry) await this.save({ dueMs: this.nextDueMs(), doneUpTo: 0, pass: undefined });
    if (this.pass?.finishedAt === "") this.run();
    else this.beginWhenDue();
  }

  async stop(): Promise<void> {
    this.timer?.cancel();
    this.stopping.abort();
    await this.running;
  }

  /** Begins a pass, unless one is under way. */
  begin(): ScrubPass {
    const { clock, disk } = this.deps;
    if (this.pass?.finishedAt === "") {
      this.run();
      return this.pass;
    }
    const pass: ScrubPass = {
      startedAt: new Date(clock.wallMs()).toISOString(),
      finishedAt: "",
      chunksDone: 0,
      chunksTotal: disk.store.chunks().length,
      ...NOTHING,
    };
    this.entry = { dueMs: this.nextDueMs(), doneUpTo: 0, pass };
    this.run();
    return pass;
  }

  private nextDueMs(): number {
    return this.deps.clock.wallMs() + this.options.scrubIntervalMs;
  }

  private beginWhenDue(): void {
    const { clock } = this.deps;
    const dueMs = Math.min(this.entry?.dueMs ?? 0, this.nextDueMs());
    this.after(Math.max(0, dueMs - clock.wallMs()), () => void this.begin());
  }

  private after(ms: number, call: () => void): void {
    this.timer?.cancel();
    if (!this.stopping.signal.aborted) this.timer = this.deps.clock.after(ms, call);
  }

  /** One at a time: it begins where the entry stands. */
  private run(): void {
    this.timer?.cancel();
    this.running ??= this.goThrough().then(
      () => this.ended(),
      (thrown: unknown) => this.brokeOff(thrown),
    );
  }

  private ended(): void {
    this.running = undefined;
    // Another pass may have been asked for in the moment in which this one ended.
    if (this.pass?.finishedAt === "") this.run();
    else this.beginWhenDue();
  }

  private brokeOff(thrown: unknown): void {
    const { log, disk } = this.deps;
    this.running = undefined;
    if (this.stopping.signal.aborted) return;
    log.warn({ disk: disk.disk, error: toSystemError(thrown) }, "scrub broke off");
    this.after(RETRY_MS, () => this.run());
  }

  private async goThrough(): Promise<void> {
    const { disk, clock, log } = this.deps;
    const { signal } = this.stopping;
    const from = present(this.entry, "a pass is under way");
    await this.save(from);
    log.info({ disk: disk.disk, from: from.doneUpTo }, "scrub begins");
    const pace = paced(clock, this.options.scrubBytesPerSecond, { signal });
    const chunks = disk.store
      .chunks()
      .map(({ chunk }) => chunk)
      .filter((chunk) => chunk > from.doneUpTo)
      .sort((a, b) => a - b);
    let pass = present(from.pass, "a pass is under way");
    pass = { ...pass, chunksTotal: pass.chunksDone + chunks.length };
    for (const chunk of chunks) {
      signal.throwIfAborted();
      pass = withChunk(pass, await this.look(chunk, pace));
      this.entry = { ...from, doneUpTo: chunk, pass };
      if (clock.nowMs() - this.savedMs >= SAVE_INTERVAL_MS) await this.save(this.entry);
    }
    const finishedAt = new Date(clock.wallMs()).toISOString();
    const finished = { ...pass, finishedAt };
    await this.save({ dueMs: this.nextDueMs(), doneUpTo: 0, pass: finished });
    log.info({ disk: disk.disk, ...finished }, "scrub is done");
  }

  /** A copy that is not in sync is brought up to date or removed: nobody reads it. */
  private async look(chunk: ChunkId, pace: Pace): Promise<Found> {
    const { disk, node, view } = this.deps;
    const { signal } = this.stopping;
    const config = view.chunk(chunk);
    if (!config?.isr.includes(disk.store.storeUuid)) return NOTHING;
    const damaged = (await disk.store.verify(chunk, pace)).length;
    const leads = config.primary.node === node;
    if (damaged === 0 && (!leads || config.isr.length === 1)) return NOTHING;
    let { different } = await this.compare(config, { deep: damaged > 0, signal });
    let left = damaged;
    // A check repairs so many units at the most, and finds done what the one before it sent on its way.
    for (let before = Number.POSITIVE_INFINITY; left > 0 && left < before; ) {
      before = left;
      left = (await disk.store.verify(chunk, pace)).length;
      if (left === 0) break;
      ({ different } = await this.compare(config, { deep: true, signal }));
      left = (await disk.store.verify(chunk, pace)).length;
    }
    return { damaged, repaired: Math.max(0, damaged - left), different };
  }

  /** Another node's answer decides nothing here: what it cannot tell now it tells with the next pass. */
  private async compare(
    config: ChunkConfig,
    options: { readonly deep: boolean; readonly signal: AbortSignal },
  ): Promise<Pick<Found, "different">> {
    const { check, log } = this.deps;
    const { chunk } = config;
    try {
      const { different, error } = await check(config, options);
      if (error !== undefined) log.warn({ chunk, error }, "chunk cannot be compared now");
      if (different > 0) log.error({ chunk, different }, "copies of a chunk differ");
      return { different };
    } catch (thrown) {
      options.signal.throwIfAborted();
      log.warn({ chunk, error: toSystemError(thrown) }, "chunk cannot be compared now");
      return NOTHING;
    }
  }

  private async save(entry: ScrubEntry): Promise<void> {
    const { catalogue, disk, clock } = this.deps;
    this.entry = entry;
    this.savedMs = clock.nowMs();
    await catalogue.putScrub(disk.store.storeUuid, entry);
  }
}

const withChunk = (pass: ScrubPass, found: Found): ScrubPass => ({
  ...pass,
  chunksDone: pass.chunksDone + 1,
  damaged: pass.damaged + found.damaged,
  repaired: pass.repaired + found.repaired,
  different: pass.different + found.different,
});
