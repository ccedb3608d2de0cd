// P3: in one epoch of a chunk at most one replica is ACTIVE, and (K1) no epoch is of two incarnations.
import { assert } from "@ashlar/core";

export class SingleActive {
  /** Chunks that became active again, in a later epoch. */
  failovers = 0;
  private readonly activeIn = new Map<string, string>();
  private readonly latest = new Map<string, number>();

  /** @param incarnation names the process and its start. */
  onActive(chunk: string, epoch: number, incarnation: string): void {
    const key = `${chunk}@${epoch}`;
    const other = this.activeIn.get(key) ?? incarnation;
    assert(other === incarnation, `P3: chunk ${chunk} epoch ${epoch}: ${other} and ${incarnation}`);
    this.activeIn.set(key, incarnation);
    const latest = this.latest.get(chunk);
    if (latest !== undefined && epoch > latest) this.failovers += 1;
    this.latest.set(chunk, Math.max(latest ?? 0, epoch));
  }
}
