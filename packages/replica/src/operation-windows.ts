// Which operations of each gateway incarnation a chunk has committed and may still be asked for again:
// state of the chunk like its content, kept by every member from the entries it commits, by its store
// across crashes, and given to a learner with the base of its log. So whoever leads next answers a
// re-sent operation by what became of it and never does it twice (P10).
//
// An entry carries the lowest seq that its gateway had not resolved in this chunk; what is lower is
// forgotten, and refused if it turns up late. Equal commit LSN therefore means equal windows, but for
// incarnations that one node knows to be dead and another does not yet.
import type { LogEntry, OpId } from "./log-entry.ts";

/** One gateway incarnation's operations. */
export interface OperationWindow {
  /** Above 0, below 2^48. */
  readonly incarnation: number;
  /** Lower ones are resolved at the gateway: not remembered here, and refused. */
  readonly lowestUnresolvedSeq: number;
  /** Committed ones from there on, rising. */
  readonly seqs: readonly number[];
}

interface Held {
  lowest: number;
  /** Rising: operations come nearly in order, so that the place of a new one is near the end. */
  readonly seqs: number[];
}

/** What an entry says of the operation that made it. */
export type EntryOrigin = Pick<LogEntry, "opId" | "lowestUnresolvedSeq">;

export class OperationWindows {
  private readonly held = new Map<number, Held>();
  private operationCount = 0;

  constructor(windows: readonly OperationWindow[] = []) {
    for (const { incarnation, lowestUnresolvedSeq: lowest, seqs } of windows) {
      this.held.set(incarnation, { lowest, seqs: [...seqs] });
      this.operationCount += seqs.length;
    }
  }

  /** Gateway incarnations with a window. */
  get size(): number {
    return this.held.size;
  }

  /** Operations in all windows. */
  get operations(): number {
    return this.operationCount;
  }

  has({ incarnation, seq }: OpId): boolean {
    const seqs = this.held.get(incarnation)?.seqs;
    return seqs !== undefined && seqs.length > 0 && seqs[placeOf(seqs, seq) - 1] === seq;
  }

  knows(incarnation: number): boolean {
    return this.held.has(incarnation);
  }

  count(incarnation: number): number {
    return this.held.get(incarnation)?.seqs.length ?? 0;
  }

  /** 0 when nothing is known of that incarnation. */
  lowestUnresolved(incarnation: number): number {
    return this.held.get(incarnation)?.lowest ?? 0;
  }

  /** An entry is committed; to tell it again changes nothing. */
  commit({ opId, lowestUnresolvedSeq }: EntryOrigin): void {
    const { incarnation, seq } = opId;
    if (incarnation === 0) return;
    const window = this.window(incarnation);
    const { seqs } = window;
    if (lowestUnresolvedSeq > window.lowest) {
      window.lowest = lowestUnresolvedSeq;
      const resolved = placeOf(seqs, lowestUnresolvedSeq - 1);
      if (resolved > 0) seqs.splice(0, resolved);
      this.operationCount -= resolved;
    }
    if (seq < window.lowest) return;
    const place = placeOf(seqs, seq);
    if (seqs[place - 1] === seq) return;
    if (place === seqs.length) seqs.push(seq);
    else seqs.splice(place, 0, seq);
    this.operationCount += 1;
  }

  /** Drops the windows of dead incarnations. */
  forget(isDead: (incarnation: number) => boolean): void {
    for (const [incarnation, { seqs }] of this.held) {
      if (!isDead(incarnation)) continue;
      this.operationCount -= seqs.length;
      this.held.delete(incarnation);
    }
  }

  /** By incarnation; a copy. */
  list(): OperationWindow[] {
    return [...this.held]
      .map(([incarnation, { lowest, seqs }]) => ({
        incarnation,
        lowestUnresolvedSeq: lowest,
        seqs: [...seqs],
      }))
      .sort((a, b) => a.incarnation - b.incarnation);
  }

  private window(incarnation: number): Held {
    const known = this.held.get(incarnation);
    if (known) return known;
    const made: Held = { lowest: 0, seqs: [] };
    this.held.set(incarnation, made);
    return made;
  }
}

/** How many of the rising numbers are not above `seq`. */
function placeOf(seqs: readonly number[], seq: number): number {
  const last = seqs[seqs.length - 1];
  if (last === undefined || last <= seq) return seqs.length;
  let low = 0;
  let high = seqs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((seqs[middle] ?? 0) <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
