// Identities of a gateway's operations: seq rises by one for each, over all its volumes. Which of
// them are still unresolved is told to primaries with every operation: lower ones can be forgotten
// there, and are refused if they turn up late (P10).
import type { OpId } from "@ashlar/replica";

export class OperationIds {
  private readonly incarnation: () => number;
  /** Iterates in order of insertion, that is of seq. */
  private readonly unresolved = new Set<number>();
  private nextSeq = 1;
  private lowest = 1;

  /** @param incarnation this gateway's, as last given by the catalog. */
  constructor(incarnation: () => number) {
    this.incarnation = incarnation;
  }

  /** Lowest seq that is not resolved; the next one to be given when all are. */
  get lowestUnresolvedSeq(): number {
    return this.lowest;
  }

  /** Operations that are not resolved. */
  get unresolvedCount(): number {
    return this.unresolved.size;
  }

  next(): OpId {
    const seq = this.nextSeq++;
    this.unresolved.add(seq);
    return { incarnation: this.incarnation(), seq };
  }

  /** The operation will not be sent again, whatever became of it. */
  resolve({ seq }: OpId): void {
    this.unresolved.delete(seq);
    if (seq !== this.lowest) return;
    const first = this.unresolved.values().next();
    this.lowest = first.done ? this.nextSeq : first.value;
  }
}
