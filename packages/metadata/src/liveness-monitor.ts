// Who has fallen silent. Pure: time is an argument. A process is judged by its pings alone, and the
// judge discounts its own lateness: when this process was stopped or busy, pings lie unread in its
// sockets, and the time it did not listen counts against nobody.
import type { NodeId } from "@ashlar/core";

export interface LivenessOptions {
  /** Silence of this long is the end of an incarnation. */
  readonly silenceMaxMs: number;
  /** Time a process has that the log says is up when this process starts. */
  readonly graceMs: number;
  /** How often {@link LivenessMonitor.check} is called. */
  readonly checkIntervalMs: number;
}

export interface Silent {
  readonly process: NodeId;
  readonly incarnation: number;
}

interface Watched {
  readonly incarnation: number;
  deadlineMs: number;
  /** Of its last sign of life; when the judge began, if there was none yet. */
  heardMs: number;
}

export class LivenessMonitor {
  private readonly options: LivenessOptions;
  private readonly watched = new Map<NodeId, Watched>();
  private checkedMs: number | undefined;

  constructor(options: LivenessOptions) {
    this.options = options;
  }

  /**
   * A process that was up before this one started: it may have to find us first. That is no sign of life: after a loss
   * of power those who died with it are told of one after the other.
   */
  grace(process: NodeId, incarnation: number, nowMs: number): void {
    // From now on it listens, and is late itself if the first check is.
    this.checkedMs ??= nowMs;
    this.watched.set(process, {
      incarnation,
      deadlineMs: nowMs + this.options.graceMs,
      heardMs: Number.NEGATIVE_INFINITY,
    });
  }

  /** A sign of life: a registration or a ping. */
  heard(process: NodeId, incarnation: number, nowMs: number): void {
    const deadlineMs = nowMs + this.options.silenceMaxMs;
    const known = this.watched.get(process);
    if (known?.incarnation === incarnation) {
      known.deadlineMs = Math.max(known.deadlineMs, deadlineMs);
      known.heardMs = nowMs;
    } else this.watched.set(process, { incarnation, deadlineMs, heardMs: nowMs });
  }

  /** What was told of a silence could not be acted on: it is told again after half as long. */
  again(process: NodeId, incarnation: number, nowMs: number): void {
    if (this.watched.has(process)) return;
    const deadlineMs = nowMs + this.options.silenceMaxMs / 2;
    this.watched.set(process, { incarnation, deadlineMs, heardMs: Number.NEGATIVE_INFINITY });
  }

  /**
   * Whether a process counts as alive when others fall: more than half of its time is left, and it gave a sign
   * after `sinceMs`. One that does not may have been lost together with them.
   */
  isHeard(process: NodeId, nowMs: number, sinceMs: number): boolean {
    const known = this.watched.get(process);
    if (!known || known.heardMs <= sinceMs) return false;
    return known.deadlineMs - nowMs > this.options.silenceMaxMs / 2;
  }

  forget(process: NodeId): void {
    this.watched.delete(process);
  }

  /** Those whose silence is too long now; each is told once. */
  check(nowMs: number): readonly Silent[] {
    const sinceMs = nowMs - (this.checkedMs ?? nowMs);
    const { checkIntervalMs } = this.options;
    // A timer's usual jitter is no stall: counting it would stretch every silence on a busy machine.
    const lateMs = sinceMs >= 2 * checkIntervalMs ? sinceMs - checkIntervalMs : 0;
    this.checkedMs = nowMs;
    const silent: Silent[] = [];
    for (const [process, watched] of this.watched) {
      watched.deadlineMs += lateMs;
      if (watched.deadlineMs > nowMs) continue;
      silent.push({ process, incarnation: watched.incarnation });
      this.watched.delete(process);
    }
    return silent;
  }
}
