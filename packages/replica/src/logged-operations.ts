// The operations in a chunk's log, so that one that is sent again is answered by its entry's commit and
// never logged twice (P10): those of uncommitted entries here, which a truncation takes out again, and
// the windows of committed ones. What goes beyond a limit is refused before it is logged: nothing is
// forgotten but what its gateway has resolved, or whose gateway is dead.
import { OPERATION_SPAN_MAX, OPERATION_WINDOWS_MAX, WINDOW_OPERATIONS_MAX } from "./limits.ts";
import type { OpId } from "./log-entry.ts";
import { type EntryOrigin, type OperationWindow, OperationWindows } from "./operation-windows.ts";

interface Stream {
  /** seq of the operation -> seq of the log entry. */
  readonly uncommitted: Map<number, number>;
  /** As the gateway said with any operation, logged or not. */
  lowestUnresolved: number;
}

export class LoggedOperations {
  private readonly isDead: (incarnation: number) => boolean;
  private readonly streams = new Map<number, Stream>();
  private committed: OperationWindows;

  /** @param isDead whether the catalog declared a gateway incarnation dead: its window goes. */
  constructor(windows: readonly OperationWindow[], isDead: (incarnation: number) => boolean) {
    this.committed = new OperationWindows(windows);
    this.isDead = isDead;
  }

  /** The windows as of the commit LSN, without those of the dead. */
  get windows(): readonly OperationWindow[] {
    return this.committed.list().filter(({ incarnation }) => !this.isDead(incarnation));
  }

  /** The uncommitted entry of an operation, or that it is committed. */
  find(opId: OpId): number | "committed" | undefined {
    const logged = this.streams.get(opId.incarnation)?.uncommitted.get(opId.seq);
    if (logged !== undefined) return logged;
    return this.committed.has(opId) ? "committed" : undefined;
  }

  /** An entry is at the tail. */
  add({ opId: { incarnation, seq }, lowestUnresolvedSeq }: EntryOrigin, logSeq: number): void {
    if (incarnation === 0) return;
    const stream = this.stream(incarnation);
    stream.uncommitted.set(seq, logSeq);
    stream.lowestUnresolved = Math.max(stream.lowestUnresolved, lowestUnresolvedSeq);
  }

  /** Entries that were truncated never happened. */
  drop({ opId: { incarnation, seq } }: EntryOrigin, logSeq: number): void {
    const uncommitted = this.streams.get(incarnation)?.uncommitted;
    if (uncommitted?.get(seq) === logSeq) uncommitted.delete(seq);
  }

  commit(entry: EntryOrigin, logSeq: number): void {
    this.drop(entry, logSeq);
    this.committed.commit(entry);
  }

  /** A learner's start: what the primary has committed. */
  replace(windows: readonly OperationWindow[]): void {
    this.streams.clear();
    this.committed = new OperationWindows(windows);
  }

  /** Notes how far the gateway has got; true if the operation itself is long resolved. */
  isResolved({ incarnation, seq }: OpId, lowestUnresolvedSeq: number): boolean {
    const stream = this.streams.get(incarnation);
    const known = Math.max(
      this.committed.lowestUnresolved(incarnation),
      stream?.lowestUnresolved ?? 0,
      lowestUnresolvedSeq,
    );
    if (stream) stream.lowestUnresolved = known;
    return seq < known;
  }

  /**
   * Whether the operation must wait until others of its gateway are resolved. The lowest unresolved
   * one never does: it is what the others wait for.
   */
  isFull({ incarnation, seq }: OpId, lowestUnresolvedSeq: number): boolean {
    const stream = this.streams.get(incarnation);
    if (!stream && !this.committed.knows(incarnation)) {
      this.forgetDead();
      if (this.incarnations >= OPERATION_WINDOWS_MAX) return true;
    }
    if (seq - lowestUnresolvedSeq > OPERATION_SPAN_MAX) return true;
    const count = this.committed.count(incarnation) + (stream?.uncommitted.size ?? 0);
    return count >= WINDOW_OPERATIONS_MAX && seq !== lowestUnresolvedSeq;
  }

  private get incarnations(): number {
    let count = this.committed.size;
    for (const incarnation of this.streams.keys()) {
      if (!this.committed.knows(incarnation)) count += 1;
    }
    return count;
  }

  private stream(incarnation: number): Stream {
    const known = this.streams.get(incarnation);
    if (known) return known;
    // A gateway that is new here is when older ones may have gone: what is kept stays bounded.
    this.forgetDead();
    const made: Stream = { uncommitted: new Map(), lowestUnresolved: 0 };
    this.streams.set(incarnation, made);
    return made;
  }

  private forgetDead(): void {
    this.committed.forget(this.isDead);
    for (const [incarnation, { uncommitted }] of this.streams) {
      if (uncommitted.size === 0 && this.isDead(incarnation)) this.streams.delete(incarnation);
    }
  }
}
