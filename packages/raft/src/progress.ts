// What a leader knows of one peer's log (Raft 5.3, matchIndex and nextIndex) and how it sends to it:
//
//   probe      does not know where the logs meet: one message, then wait for its answer
//   replicate  knows: a pipeline of messages within the in-flight window
//   snapshot   the peer needs entries that are compacted away: waits until a snapshot arrived
//
// Invariant: match < next, and in replicate all in-flight indexes lie in [match, next).
import { assert } from "@ashlar/core";
import { type InflightLimits, Inflights } from "./inflights.ts";
import type { Index } from "./types.ts";

export type ProgressState = "probe" | "replicate" | "snapshot";

export interface ProgressStart {
  readonly match: Index;
  readonly next: Index;
  readonly isLearner: boolean;
  readonly recentActive: boolean;
  readonly limits: InflightLimits;
}

export class Progress {
  match: Index;
  next: Index;
  state: ProgressState = "probe";
  isLearner: boolean;
  /** Heard of since the last quorum check (thesis 6.2). */
  recentActive: boolean;
  /** Index of the snapshot that the peer is waiting for, 0 if none. */
  pendingSnapshot: Index = 0;
  readonly inflights: Inflights;
  /** The highest commit index sent: a higher one is news to the peer. */
  private commitSent: Index = 0;
  /** No append until an answer or a heartbeat's answer arrives. */
  private flowPaused = false;

  constructor({ match, next, isLearner, recentActive, limits }: ProgressStart) {
    assert(match < next, "match is below next");
    this.match = match;
    this.next = next;
    this.isLearner = isLearner;
    this.recentActive = recentActive;
    this.inflights = new Inflights(limits);
  }

  /** The same knowledge for a changed membership; the original is left as it is. */
  copy(isLearner: boolean): Progress {
    const copy: Progress = Object.assign(Object.create(Progress.prototype), this);
    copy.isLearner = isLearner;
    return copy;
  }

  get isPaused(): boolean {
    return this.state === "snapshot" || this.flowPaused;
  }

  becomeProbe(): void {
    // After a snapshot the logs meet at it, whether or not the peer said so already.
    const pending = this.state === "snapshot" ? this.pendingSnapshot : 0;
    this.enter("probe");
    this.next = Math.max(this.match, pending) + 1;
    this.commitSent = Math.min(this.commitSent, this.next - 1);
  }

  becomeReplicate(): void {
    this.enter("replicate");
    this.next = this.match + 1;
  }

  becomeSnapshot(index: Index): void {
    this.enter("snapshot");
    this.pendingSnapshot = index;
    this.next = index + 1;
    this.commitSent = index;
  }

  /** A snapshot that could not be delivered says nothing about where the logs meet. */
  snapshotFailed(): void {
    this.pendingSnapshot = 0;
    this.becomeProbe();
  }

  /** Notes an append of `count` entries and `bytes` bytes of data from `next` on, perhaps empty. */
  sentEntries(count: number, bytes: number): void {
    if (this.state === "replicate") {
      if (count > 0) {
        this.next += count;
        this.inflights.add(this.next - 1, bytes);
      }
      // An append into a full window is a probe: one, until something is heard.
      this.flowPaused = this.inflights.full;
    } else {
      assert(this.state === "probe", "nothing is appended while a snapshot is on its way");
      if (count > 0) this.flowPaused = true;
    }
  }

  sentCommit(commit: Index): void {
    this.commitSent = commit;
  }

  /** Whether sending `commit` alone would move the peer's commit index. */
  commitIsNews(commit: Index): boolean {
    return commit > this.commitSent && this.commitSent < this.next - 1;
  }

  /** The peer holds all entries up to `index`; false if that was known. */
  maybeUpdate(index: Index): boolean {
    if (index <= this.match) return false;
    this.match = index;
    this.next = Math.max(this.next, index + 1);
    this.flowPaused = false;
    return true;
  }

  /**
   * The peer refused an append after `rejected`; `hint` is where its log may meet the leader's.
   * False for an answer to a message that is no longer of interest.
   */
  maybeDecrease(rejected: Index, hint: Index): boolean {
    if (this.state === "replicate") {
      if (rejected <= this.match) return false;
      this.next = this.match + 1;
    } else {
      if (this.next - 1 !== rejected) return false;
      this.next = Math.max(Math.min(rejected, hint + 1), this.match + 1);
      this.flowPaused = false;
    }
    this.commitSent = Math.min(this.commitSent, this.next - 1);
    return true;
  }

  pauseFlow(): void {
    this.flowPaused = true;
  }

  resumeFlow(): void {
    this.flowPaused = false;
  }

  private enter(state: ProgressState): void {
    this.state = state;
    this.pendingSnapshot = 0;
    this.flowPaused = false;
    this.inflights.reset();
  }
}
