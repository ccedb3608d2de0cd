// A ReplicatedLog with one member: proposals that wait share one write and one fsync, then they are
// applied in order and answered. Snapshots are taken between batches.
import {
  apply,
  type CatalogMirror,
  type CatalogState,
  type Command,
  type CommandKind,
  type CommandOf,
  decodeCommand,
  decodeState,
  emptyState,
  encodeCommand,
  encodeState,
  type Result,
  type VolumeDraft,
} from "@ashlar/catalog";
import { SystemError, toSystemError } from "@ashlar/core";
import type { Clock, Disk, Log } from "@ashlar/runtime";
import type { LogMetrics } from "../metrics.ts";
import type { AppliedEntry, Committed, ReplicatedLog } from "../replicated-log.ts";
import { ENTRIES_PER_FRAME_MAX, FRAME_LENGTH_MAX, frameLength } from "./frame.ts";
import { LogStore, type LogStoreOptions } from "./log-store.ts";

/** Proposals waiting for the disk: beyond it callers are told to come back. */
const WAITING_MAX = 4096;
/** Replaying an entry costs some microseconds, so a restart stays well below a second. */
const SNAPSHOT_ENTRIES = 4096;

interface Waiting {
  readonly command: Command;
  readonly bytes: Buffer;
  readonly resolve: (committed: Committed<CommandKind>) => void;
  readonly reject: (error: SystemError) => void;
}

export interface SingleMemberLogDeps {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: LogMetrics;
}

export class SingleMemberLog implements ReplicatedLog {
  private readonly deps: SingleMemberLogDeps;
  private readonly store: LogStore;
  private readonly state: CatalogState;
  private readonly listeners = new Set<(applied: AppliedEntry) => void>();
  private readonly snapshotEntries: number;
  /** The next snapshot is due when this index is applied. */
  private snapshotDue: number;
  private waiting: Waiting[] = [];
  private working: Promise<void> | undefined;
  private closed = false;

  private constructor(
    deps: SingleMemberLogDeps,
    found: { store: LogStore; state: CatalogState; snapshotIndex: number; snapshotEntries: number },
  ) {
    this.deps = deps;
    this.store = found.store;
    this.state = found.state;
    this.snapshotEntries = found.snapshotEntries;
    this.snapshotDue = found.snapshotIndex + found.snapshotEntries;
  }

  /** @throws SystemError as LogStore.open; disk/corrupt for entries that cannot be decoded. */
  static async open(
    deps: SingleMemberLogDeps,
    options: LogStoreOptions & { readonly snapshotEntries?: number },
  ): Promise<SingleMemberLog> {
    const { store, recovered } = await LogStore.open(deps.disk, options);
    const snapshotIndex = recovered.snapshot?.index ?? 0;
    try {
      const { snapshot } = recovered;
      const state = snapshot ? decodeState(snapshot.state) : emptyState();
      recovered.entries.forEach((entry, at) => {
        apply(state, decodeCommand(entry), snapshotIndex + 1 + at);
      });
      deps.log.info(
        { snapshotIndex, entries: recovered.entries.length, cutBytes: recovered.cutBytes },
        "metadata log opened",
      );
      const { snapshotEntries = SNAPSHOT_ENTRIES } = options;
      return new SingleMemberLog(deps, { store, state, snapshotIndex, snapshotEntries });
    } catch (thrown) {
      await store.close();
      throw new SystemError(
        "disk/corrupt",
        `the metadata log cannot be read: ${String(thrown)}`,
        { hint: "it was written by another version, or is damaged" },
        thrown,
      );
    }
  }

  get logId(): string {
    return this.store.logId;
  }

  get view(): CatalogMirror {
    return this.state.view;
  }

  get drafts(): readonly VolumeDraft[] {
    return [...this.state.drafts.values()];
  }

  get sizeBytes(): number {
    return this.store.sizeBytes;
  }

  propose<K extends CommandKind>(command: CommandOf<K>): Promise<Committed<K>> {
    return new Promise<Committed<K>>((resolve, reject) => {
      if (this.closed || this.waiting.length >= WAITING_MAX) {
        const message = this.closed ? "the metadata service stops" : "too many proposals wait";
        reject(new SystemError("cluster/unavailable", message, { hint: "try again" }));
        return;
      }
      this.deps.metrics.proposals.inc({ kind: command.kind });
      const whole = command as Command;
      this.waiting.push({
        command: whole,
        bytes: encodeCommand(whole),
        resolve: (committed) => resolve(committed as Committed<K>),
        reject,
      });
      this.working ??= this.work();
    });
  }

  /** Whatever was acknowledged has been applied. */
  async readIndex(): Promise<number> {
    return this.view.appliedIndex;
  }

  subscribe(listen: (applied: AppliedEntry) => void): () => void {
    this.listeners.add(listen);
    return () => this.listeners.delete(listen);
  }

  /** Ends after what was proposed so far is answered. */
  async close(): Promise<void> {
    this.closed = true;
    await this.working;
    await this.store.close();
  }

  private async work(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.takeBatch();
      try {
        const began = this.deps.clock.nowMs();
        await this.store.append(batch.map(({ bytes }) => bytes));
        this.deps.metrics.fsyncSeconds.observe((this.deps.clock.nowMs() - began) / 1000);
      } catch (thrown) {
        const error = toSystemError(thrown);
        this.deps.log.error({ error, code: error.code }, "metadata log refused entries");
        for (const { reject } of batch) reject(error);
        continue;
      }
      for (const waiting of batch) this.commit(waiting);
      await this.maybeSnapshot();
    }
    this.working = undefined;
  }

  private takeBatch(): Waiting[] {
    let length = 0;
    let count = 0;
    for (const { bytes } of this.waiting.slice(0, ENTRIES_PER_FRAME_MAX)) {
      length += frameLength([bytes]);
      if (count > 0 && length > FRAME_LENGTH_MAX) break;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }

  private commit({ command, resolve }: Waiting): void {
    const began = this.deps.clock.nowMs();
    const index = this.view.appliedIndex + 1;
    const { changes, result } = apply<CommandKind>(this.state, command, index);
    this.deps.metrics.applySeconds.observe((this.deps.clock.nowMs() - began) / 1000);
    for (const listen of this.listeners) listen({ index, changes });
    resolve({ index, result: result as Result<CommandKind> });
  }

  /** One that fails is tried again as many entries later: the log holds everything anyway. */
  private async maybeSnapshot(): Promise<void> {
    const index = this.view.appliedIndex;
    if (index < this.snapshotDue) return;
    this.snapshotDue = index + this.snapshotEntries;
    try {
      await this.store.saveSnapshot(index, encodeState(this.state));
      this.deps.log.info({ index }, "metadata snapshot written");
    } catch (thrown) {
      const error = toSystemError(thrown);
      this.deps.log.warn({ error, code: error.code }, "metadata snapshot failed");
    }
  }
}
