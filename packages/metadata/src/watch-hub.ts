// The newest changes, kept so that a watcher that broke off briefly need not read everything again.
// Watchers pull: each has only a position, so a slow one costs nothing but its own lag.
//
// A position is an index in the history that a leader began (ReplicatedLog.run). Histories are in the
// log, so all members agree, and a watcher goes on at another member where it was. A folder restored
// from an older copy grows again with other entries, but under other runs: what a watcher saw of the
// lost ones is taken up nowhere.
//
// A watch begins with a read of the group (R7): a leader that was replaced and does not know it yet tells
// nobody what was. So this member has all that the watcher can have seen of the history in force, a
// position that it has not is one of a history that was lost, and a mirror never goes back but for that.
import type { CatalogChange } from "@ashlar/catalog";
import type { WatchStep } from "@ashlar/rpc";
import type { AppliedEntry, ReplicatedLog } from "./replicated-log.ts";

/** Changes kept; a node-down of a large cluster may be more than this, then it is kept alone. */
const CHANGES_KEPT_MAX = 100_000;
const ENTRIES_KEPT_MAX = 4096;

/** A history and the entry it began with. */
interface RunBegin {
  readonly run: string;
  readonly index: number;
}

export class WatchHub {
  private readonly log: ReplicatedLog;
  private readonly kept: AppliedEntry[] = [];
  private keptChanges = 0;
  /** The entry before the oldest kept one. */
  private keptFrom: number;
  private wake: (() => void)[] = [];
  private watchers = 0;
  /** Runs in force since the oldest kept entry, the oldest first. */
  private runs: RunBegin[];

  constructor({ log }: { readonly log: ReplicatedLog }) {
    this.log = log;
    this.keptFrom = log.view.appliedIndex;
    this.runs = [{ run: log.run, index: this.keptFrom }];
    log.subscribe((applied) => this.keep(applied));
    // Watchers are served by the leader: those of a former one are to look for the next.
    log.onLead(() => this.wakeAll());
  }

  get count(): number {
    return this.watchers;
  }

  /**
   * All that follows `from`, or first the whole catalog when that is not known any more.
   * @throws SystemError raft/not-leader as soon as this member does not lead, cluster/unavailable when it
   *   cannot tell at the start.
   */
  async *watch(
    from: { readonly logId: string; readonly index: number },
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<WatchStep, void, undefined> {
    this.watchers += 1;
    try {
      await this.log.readIndex();
      let position = this.isOurs(from) ? from.index : -1;
      let told = false;
      for (;;) {
        signal.throwIfAborted();
        this.log.requireLead();
        const { appliedIndex, cluster } = this.log.view;
        // The first step is told even when it is empty: it says that the watcher is up to date. In the
        // first moments of a founder there is no cluster yet to be up to date with.
        if (cluster && (position !== appliedIndex || !told)) {
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
    const inForce = this.runs.findLast((begin) => begin.index <= index);
    return logId !== "" && inForce?.run === logId && index <= this.log.view.appliedIndex;
  }

  private stepFrom(position: number): WatchStep {
    const { view } = this.log;
    const logId = this.log.run;
    const index = view.appliedIndex;
    if (position < this.keptFrom || position > index) {
      return { logId, index, full: true, changes: view.list() };
    }
    const changes: CatalogChange[] = [];
    for (const applied of this.kept) {
      if (applied.index <= position) continue;
      for (const change of applied.changes) changes.push(change);
    }
    return { logId, index, full: false, changes };
  }

  private keep(applied: AppliedEntry): void {
    if (applied.restored) this.startAnew(applied);
    else this.keepEntry(applied);
    this.wakeAll();
  }

  private startAnew({ index, run }: AppliedEntry): void {
    this.kept.length = 0;
    this.keptChanges = 0;
    this.keptFrom = index;
    this.runs = [{ run, index }];
  }

  private keepEntry(applied: AppliedEntry): void {
    const { index, run } = applied;
    if (this.runs.at(-1)?.run !== run) this.runs.push({ run, index });
    this.kept.push(applied);
    this.keptChanges += applied.changes.length;
    while (
      this.kept.length > 1 &&
      (this.kept.length > ENTRIES_KEPT_MAX || this.keptChanges > CHANGES_KEPT_MAX)
    ) {
      const oldest = this.kept.shift();
      this.keptChanges -= oldest?.changes.length ?? 0;
      this.keptFrom = oldest?.index ?? this.keptFrom;
      const next = this.runs[1];
      if (next && next.index <= this.keptFrom) this.runs.shift();
    }
  }

  private wakeAll(): void {
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
