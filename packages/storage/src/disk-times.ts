// How long a disk itself takes for what a store asks of it: the reads of its file, and the syncs that make writes durable
// (a write that is not synced waits in the memory of the machine). Over short slots, the last of which is told with
// pings. An operation that has not ended counts by its age: a disk that hangs would tell nothing otherwise. Pure: time
// is told.
import type { DiskTimes, OperationTimes } from "@ashlar/rpc";

/** Long enough for some operations, short enough that a few of them are soon over. */
export const DISK_SLOT_MS = 5_000;
/** Kept of one kind in a slot; more take the places of those before, which are like them. */
const SAMPLES_MAX = 1_024;
/** Three of four: the median would hide behind what the machine's memory answers. */
const QUANTILE = 0.75;

export const DISK_OPERATIONS = ["reads", "syncs"] as const;
export type DiskOperation = (typeof DISK_OPERATIONS)[number];

/** Ends an operation, at most once. */
export type OnEnded = (nowMs: number) => void;

export class DiskTimer {
  private readonly kinds: Readonly<Record<DiskOperation, Kind>>;
  private slot = 0;
  private slotEndMs: number;
  private told: DiskTimes | undefined;

  constructor(nowMs: number) {
    this.kinds = { reads: new Kind(nowMs), syncs: new Kind(nowMs) };
    this.slotEndMs = nowMs + DISK_SLOT_MS;
  }

  begin(kind: DiskOperation, nowMs: number): OnEnded {
    this.turn(nowMs);
    const operation = { beganMs: nowMs };
    this.kinds[kind].begin(operation);
    return (endMs) => {
      this.turn(endMs);
      this.kinds[kind].end(operation, endMs);
    };
  }

  /** Undefined before the first slot is over. */
  times(nowMs: number): DiskTimes | undefined {
    this.turn(nowMs);
    return this.told;
  }

  private turn(nowMs: number): void {
    if (nowMs < this.slotEndMs) return;
    const over = 1 + Math.floor((nowMs - this.slotEndMs) / DISK_SLOT_MS);
    const endMs = this.slotEndMs + (over - 1) * DISK_SLOT_MS;
    // Of several that are over nobody asked about, all but the last go: what hung in them still hangs.
    if (over > 1) for (const kind of DISK_OPERATIONS) this.kinds[kind].close(endMs - DISK_SLOT_MS);
    const [reads, syncs] = [this.kinds.reads.close(endMs), this.kinds.syncs.close(endMs)];
    this.slot += over;
    this.slotEndMs = endMs + DISK_SLOT_MS;
    this.told = { slot: this.slot, slotMs: DISK_SLOT_MS, reads, syncs };
  }
}

interface Pending {
  readonly beganMs: number;
}

class Kind {
  private samples: number[] = [];
  private count = 0;
  private busyMs = 0;
  /** Since when there is something, as far as that is not counted yet. */
  private busySinceMs: number;
  /** In order of their beginning. */
  private readonly pending = new Set<Pending>();

  constructor(nowMs: number) {
    this.busySinceMs = nowMs;
  }

  begin(operation: Pending): void {
    if (this.pending.size === 0) this.busySinceMs = operation.beganMs;
    this.pending.add(operation);
  }

  end(operation: Pending, nowMs: number): void {
    if (!this.pending.delete(operation)) return;
    this.add(nowMs - operation.beganMs);
    if (this.pending.size === 0) this.busyMs += nowMs - this.busySinceMs;
  }

  /** Ends the slot. */
  close(endMs: number): OperationTimes {
    for (const { beganMs } of this.pending) this.add(endMs - beganMs);
    if (this.pending.size > 0) {
      this.busyMs += endMs - this.busySinceMs;
      this.busySinceMs = endMs;
    }
    const { count, samples } = this;
    const busyMs = Math.min(this.busyMs, DISK_SLOT_MS);
    samples.sort((a, b) => a - b);
    const quartileMs = samples[Math.ceil(samples.length * QUANTILE) - 1] ?? 0;
    this.samples = [];
    this.count = 0;
    this.busyMs = 0;
    return { count, quartileMs, busyMs };
  }

  private add(tookMs: number): void {
    this.samples[this.count % SAMPLES_MAX] = tookMs;
    this.count += 1;
  }
}
