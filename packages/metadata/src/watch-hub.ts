// The newest changes, kept so that a watcher that broke off briefly need not read everything again.
// Watchers pull: each has only a position, so a slow one costs nothing but its own lag.
//
// A position counts in the history of one run of this process: a folder restored from an older copy
// grows again under the same log id, and its entries are others than those a watcher has seen. What
// an earlier run told is taken up only by a watcher that was at the very entry this run began with.
import type { CatalogChange } from "@ashlar/catalog";
import type { WatchStep } from "@ashlar/rpc";
import type { AppliedEntry, ReplicatedLog } from "./replicated-log.ts";

/** Changes kept; a node-down of a large cluster may be more than this, then it is kept alone. */
const CHANGES_KEPT_MAX = 100_000;
const ENTRIES_KEPT_MAX = 4096;
/** Between the log's identity and the run's; in neither. */
const RUN_MARK = "/";

export class WatchHub {
  private readonly log: ReplicatedLog;
  private readonly kept: AppliedEntry[] = [];
  private keptChanges = 0;
  /** The entry before the oldest kept one. */
  private keptFrom: number;
  private wake: (() => void)[] = [];
  private watchers = 0;
  private readonly beganAt: number;
  /** The log's identity and this run's, as watchers are told it. */
  private readonly runId: string;

  /** `run` is unique to this start of the process. */
  constructor({ log }: { readonly log: ReplicatedLog }, { run }: { readonly run: string }) {
    this.log = log;
    this.runId = `${log.logId}${RUN_MARK}${run}`;
    this.beganAt = log.view.appliedIndex;
    this.keptFrom = this.beganAt;
    log.subscribe((applied) => this.keep(applied));
  }

  get count(): number {
    return this.watchers;
  }

  /** All that follows `from`, or first the whole catalog when that is not known any more. */
  async *watch(
    from: { readonly logId: string; readonly index: number },
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<WatchStep, void, undefined> {
    this.watchers += 1;
    try {
      let position = this.isOurs(from) ? from.index : -1;
      let told = false;
      for (;;) {
        signal.throwIfAborted();
        const { appliedIndex } = this.log.view;
        // The first step is told even when it is empty: it says that the watcher is up to date.
        if (position !== appliedIndex || !told) {
          const step = this.stepFrom(position);
          position = step.index;
          told = true;
          yield step;
        } else await this.change({ signal });
      }
    } finally {
      this.watchers -= 1;
    }
  }

  private isOurs({ logId, index }: { readonly logId: string; readonly index: number }): boolean {
    if (logId === this.runId) return true;
    return logId.startsWith(`${this.log.logId}${RUN_MARK}`) && index === this.beganAt;
  }

  private stepFrom(position: number): WatchStep {
    const { view } = this.log;
    const logId = this.runId;
    const index = view.appliedIndex;
    if (position < this.keptFrom || position > index) {
      return { logId, index, full: true, changes: [...view.list()] };
    }
    const changes: CatalogChange[] = [];
    for (const applied of this.kept) {
      if (applied.index <= position) continue;
      for (const change of applied.changes) changes.push(change);
    }
    return { logId, index, full: false, changes };
  }

  private keep(applied: AppliedEntry): void {
    this.kept.push(applied);
    this.keptChanges += applied.changes.length;
    while (
      this.kept.length > 1 &&
      (this.kept.length > ENTRIES_KEPT_MAX || this.keptChanges > CHANGES_KEPT_MAX)
    ) {
      const oldest = this.kept.shift();
      this.keptChanges -= oldest?.changes.length ?? 0;
      this.keptFrom = oldest?.index ?? this.keptFrom;
    }
    const wake = this.wake;
    this.wake = [];
    for (const call of wake) call();
  }

  private change({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    return new Promise((resolve) => {
      const call = (): void => {
        signal.removeEventListener("abort", call);
        this.wake = this.wake.filter((other) => other !== call);
        resolve();
      };
      signal.addEventListener("abort", call, { once: true });
      this.wake.push(call);
    });
  }
}
