// A chunk's log as its replica holds it in memory: everything after the commit LSN. Entries enter at
// the tail when they are given to the journal, become durable in order, and leave when committed or
// truncated. commit <= durable <= tail, and seq has no holes.
import { assert, type Lsn, rangesOverlap, sameLsn } from "@ashlar/core";
import type { ChunkStatus } from "./chunk-store.ts";
import type { ReplyTo } from "./events.ts";
import type { LogEntry } from "./log-entry.ts";
import { LoggedOperations } from "./logged-operations.ts";
import type { OperationWindow } from "./operation-windows.ts";

/** Who waits for an entry's commit. */
export type Waiter =
  | { readonly kind: "reply"; readonly replyTo: ReplyTo }
  | { readonly kind: "read"; readonly replyTo: ReplyTo; readonly readNow: () => void };

/** As a store holds it; see ReplicaOptions. */
export interface HeldLog {
  readonly status: ChunkStatus;
  readonly uncommitted: readonly LogEntry[];
  readonly windows: readonly OperationWindow[];
}

export interface LoggedEntry {
  readonly entry: LogEntry;
  readonly waiters: Waiter[];
}

export class ChunkLog {
  tail: Lsn;
  /** Journaled durably up to here. */
  durable: Lsn;
  commit: Lsn;
  uncommitted: LoggedEntry[];
  uncommittedBytes = 0;
  readonly operations: LoggedOperations;

  /** @param isDead whether the catalog declared a gateway incarnation dead. */
  constructor({ status, uncommitted, windows }: HeldLog, isDead: (incarnation: number) => boolean) {
    this.operations = new LoggedOperations(windows, isDead);
    this.tail = status.tail;
    this.durable = status.tail;
    this.commit = status.commit;
    this.uncommitted = uncommitted.map((entry) => ({ entry, waiters: [] }));
    for (const entry of uncommitted) this.count(entry);
    assert(
      status.tail.seq - status.commit.seq === uncommitted.length,
      "the store names every entry between commit and tail",
    );
  }

  get uncommittedLsns(): Lsn[] {
    return this.uncommitted.map(({ entry }) => entry.lsn);
  }

  push(logged: LoggedEntry): void {
    const { entry } = logged;
    assert(entry.lsn.seq === this.tail.seq + 1, "the log has no holes");
    this.uncommitted.push(logged);
    this.tail = entry.lsn;
    this.count(entry);
  }

  /** The LSN of an entry that is still uncommitted. */
  lsnAt(seq: number): Lsn | undefined {
    return this.uncommitted[seq - this.commit.seq - 1]?.entry.lsn;
  }

  /** Whether `lsn` is the commit LSN or one of the entries after it. */
  names(lsn: Lsn): boolean {
    const own = lsn.seq === this.commit.seq ? this.commit : this.lsnAt(lsn.seq);
    return own !== undefined && sameLsn(own, lsn);
  }

  at(seq: number): LoggedEntry | undefined {
    return this.uncommitted[seq - this.commit.seq - 1];
  }

  /** Takes the entries up to `seq` out of the uncommitted ones. */
  commitTo(seq: number): LoggedEntry[] {
    assert(seq <= this.durable.seq, "only durable entries are committed");
    const count = seq - this.commit.seq;
    if (count <= 0) return [];
    const lsn = this.lsnAt(seq);
    assert(lsn !== undefined, "a commit LSN lies within the log");
    this.commit = lsn;
    const committed = this.uncommitted.splice(0, count);
    for (const { entry } of committed) {
      this.uncommittedBytes -= payloadOf(entry);
      this.operations.commit(entry, entry.lsn.seq);
    }
    return committed;
  }

  /** Drops what lies after `after`. */
  truncate(after: Lsn): void {
    assert(after.seq >= this.commit.seq, "what is committed is never truncated (P4)");
    const dropped = this.uncommitted.splice(after.seq - this.commit.seq);
    for (const { entry } of dropped) {
      this.uncommittedBytes -= payloadOf(entry);
      this.operations.drop(entry, entry.lsn.seq);
    }
    this.tail = after;
    if (this.durable.seq > after.seq) this.durable = after;
  }

  /** Drops the entries from `seq` on: they never were journaled. */
  dropFrom(seq: number): void {
    const before = seq - 1 === this.commit.seq ? this.commit : this.lsnAt(seq - 1);
    assert(before !== undefined, "only entries of the log are dropped");
    this.truncate(before);
  }

  /** A learner's start: the log continues from `base`, and so do the windows as of there. */
  rebase(base: Lsn, windows: readonly OperationWindow[]): void {
    this.truncate(this.commit);
    assert(base.seq >= this.commit.seq, "a base lies at or after what is committed");
    this.commit = base;
    this.tail = base;
    this.durable = base;
    this.operations.replace(windows);
  }

  /** The last uncommitted entry that overlaps, if any. */
  lastOverlap(offset: number, length: number): LoggedEntry | undefined {
    for (let at = this.uncommitted.length - 1; at >= 0; at--) {
      const logged = this.uncommitted[at];
      if (!logged) continue;
      const { entry } = logged;
      if (rangesOverlap(offset, length, entry.offset, entry.length)) return logged;
    }
    return undefined;
  }

  private count(entry: LogEntry): void {
    this.uncommittedBytes += payloadOf(entry);
    this.operations.add(entry, entry.lsn.seq);
  }
}

const payloadOf = (entry: LogEntry): number => (entry.kind === "write" ? entry.length : 0);
