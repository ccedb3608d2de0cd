// Identities of a gateway's operations: seq rises by one for each, over all its volumes. Which of
// them are still unresolved is told to primaries with every operation: lower ones can be forgotten
// there, and are refused if they turn up late (P10).
import type { OpId } from "@ashlar/replica";

/** Seqs at first between the lowest unresolved one and the next; doubles when they do not fit. */
const WINDOW_LENGTH_MIN = 1024;

export class OperationIds {
  private readonly incarnation: () => number;
  private nextSeq = 1;
  private lowest = 1;
  /** 1 for each resolved seq of [lowest, nextSeq), at seq modulo the length. */
  private resolved = new Uint8Array(WINDOW_LENGTH_MIN);

  /** @param incarnation this gateway's, as last given by the catalog. */
  constructor(incarnation: () => number) {
    this.incarnation = incarnation;
  }

  /** Lowest seq that is not resolved; the next one to be given when all are. */
  get lowestUnresolvedSeq(): number {
    return this.lowest;
  }

  next(): OpId {
    const seq = this.nextSeq++;
    if (this.nextSeq - this.lowest > this.resolved.length) this.grow();
    this.resolved[seq % this.resolved.length] = 0;
    return { incarnation: this.incarnation(), seq };
  }

  /** The operation will not be sent again, whatever became of it. */
  resolve({ seq }: OpId): void {
    const { length } = this.resolved;
    this.resolved[seq % length] = 1;
    while (this.lowest < this.nextSeq && this.resolved[this.lowest % length] === 1) {
      this.lowest += 1;
    }
  }

  private grow(): void {
    const [before, after] = [this.resolved, new Uint8Array(this.resolved.length * 2)];
    for (let seq = this.lowest; seq < this.nextSeq; seq++) {
      after[seq % after.length] = before[seq % before.length] ?? 0;
    }
    this.resolved = after;
  }
}
