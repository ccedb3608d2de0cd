// Identities of a gateway's operations: seq rises by one for each, over all its volumes. Which mutations
// of a chunk are still unresolved is told to its primary with every operation: lower ones can be
// forgotten there, and are refused if they turn up late (P10). It is told by chunk, since what a chunk
// must remember grows until then: one operation that waits for long must not fill all others' windows.
import type { ChunkId } from "@ashlar/core";
import type { Operation, OpId } from "@ashlar/replica";

export class OperationIds {
  private readonly incarnation: () => number;
  private nextSeq = 1;
  /** Rising; of the chunks that have any. */
  private readonly unresolved = new Map<ChunkId, number[]>();

  /** @param incarnation this gateway's, as last given by the catalog. */
  constructor(incarnation: () => number) {
    this.incarnation = incarnation;
  }

  of({ kind, chunk }: { readonly kind: Operation["kind"]; readonly chunk: ChunkId }): OpId {
    return kind === "read" ? this.next() : this.nextMutation(chunk);
  }

  /** Of a read, which no window remembers. */
  next(): OpId {
    return { incarnation: this.incarnation(), seq: this.nextSeq++ };
  }

  /** Of a mutation, unresolved until `resolve`. */
  nextMutation(chunk: ChunkId): OpId {
    const opId = this.next();
    const unresolved = this.unresolved.get(chunk);
    if (unresolved) unresolved.push(opId.seq);
    else this.unresolved.set(chunk, [opId.seq]);
    return opId;
  }

  /** Lowest unresolved seq of the chunk's mutations, that of the operation itself at most. */
  lowestUnresolvedSeq(chunk: ChunkId, { seq }: OpId): number {
    const lowest = this.unresolved.get(chunk)?.[0];
    return lowest === undefined ? seq : Math.min(lowest, seq);
  }

  /** The mutation will not be sent again, whatever became of it; of a read it means nothing. */
  resolve(chunk: ChunkId, { seq }: OpId): void {
    const unresolved = this.unresolved.get(chunk);
    const at = unresolved?.indexOf(seq) ?? -1;
    if (!unresolved || at < 0) return;
    if (unresolved.length === 1) this.unresolved.delete(chunk);
    else if (at === 0) unresolved.shift();
    else unresolved.splice(at, 1);
  }
}
