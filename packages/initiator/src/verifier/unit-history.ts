// What may legally be read from one unit: a register checked for linearizability by zones
// (Gibbons and Korach 1997). Every write has a value of its own, so all operations of one value
// form a cluster with two numbers: `finish`, the earliest end of any of them, and `start`, the
// latest begin. A cluster whose finish lies before its start must hold the register from finish to
// start; two such zones may not overlap, and a write that lies inside one whole would have changed
// the value in between. A write of unknown fate (failed, still in flight) has no finish: it may
// take effect at any time, but once it was seen its effect is dated.
//
// Times are ticks of the verifier's event counter, no clock. Zeros are a value that many unmaps
// share: where several can explain a read, it is accepted and nothing is learned from it.

/** Sequence of the content that was there before the run. */
export const INITIAL_SEQUENCE = 0;

/** Forgotten values remembered per unit. */
const FORGOTTEN_MAX = 4;

interface Cluster {
  readonly sequence: number;
  readonly zero: boolean;
  /** Infinity while nothing proves that the value took effect. */
  finish: number;
  start: number;
}

export interface ReadInterval {
  readonly startTick: number;
  readonly endTick: number;
}

export class UnitHistory {
  private clusters: Cluster[];
  /** The youngest forgotten values: they explain torn units. */
  private forgotten: readonly number[] = [];

  constructor({ initialZero }: { readonly initialZero: boolean }) {
    this.clusters = [{ sequence: INITIAL_SEQUENCE, zero: initialZero, finish: 0, start: 0 }];
  }

  beginWrite(sequence: number, zero: boolean, startTick: number): void {
    this.clusters.push({ sequence, zero, finish: Number.POSITIVE_INFINITY, start: startTick });
  }

  /** The write was acknowledged. Not called for one that failed: its fate is unknown. */
  endWrite(sequence: number, endTick: number): void {
    const cluster = this.clusters.find((each) => each.sequence === sequence);
    if (cluster) cluster.finish = Math.min(cluster.finish, endTick);
  }

  /** Whether a read that returned the value of write `sequence` fits what was seen so far. */
  observeWrite(sequence: number, read: ReadInterval): boolean {
    const cluster = this.clusters.find((each) => each.sequence === sequence);
    return cluster !== undefined && this.observe([cluster], read);
  }

  /** Whether a read of zeros fits. */
  observeZero(read: ReadInterval): boolean {
    return this.observe(
      this.clusters.filter((each) => each.zero),
      read,
    );
  }

  /** Sequences of the values a read over this interval could return: for reports. */
  legal(read: ReadInterval): number[] {
    return this.clusters.filter((each) => this.fits(each, read)).map((each) => each.sequence);
  }

  /**
   * Forgets values that no read beginning after `oldestRead` (the begin of the oldest read still in
   * flight) can return: some later value is known to have replaced them.
   */
  prune(oldestRead: number): void {
    if (this.clusters.length === 1) return;
    const replacers = this.clusters.filter((each) => each.finish < oldestRead);
    const replaced = this.clusters.filter((each) =>
      replacers.some((later) => Math.max(each.finish, each.start) < later.start),
    );
    if (replaced.length === 0) return;
    this.clusters = this.clusters.filter((each) => !replaced.includes(each));
    const forgotten = [...this.forgotten, ...replaced.map((each) => each.sequence)];
    this.forgotten = forgotten.slice(-FORGOTTEN_MAX);
  }

  /** Every value still remembered, forgotten ones last. */
  known(): number[] {
    return [...this.clusters.map((each) => each.sequence), ...this.forgotten];
  }

  private observe(candidates: readonly Cluster[], read: ReadInterval): boolean {
    const fitting = candidates.filter((each) => this.fits(each, read));
    const [only] = fitting;
    if (only && fitting.length === 1) {
      only.finish = Math.min(only.finish, read.endTick);
      only.start = Math.max(only.start, read.startTick);
    }
    return only !== undefined;
  }

  private fits(cluster: Cluster, read: ReadInterval): boolean {
    const finish = Math.min(cluster.finish, read.endTick);
    const start = Math.max(cluster.start, read.startTick);
    return this.clusters.every((other) => other === cluster || !conflict(other, finish, start));
  }
}

/** Whether cluster `a` and one with this finish and start cannot be put in an order. */
function conflict(a: Cluster, finish: number, start: number): boolean {
  const oneHolds = a.finish < a.start || finish < start;
  return oneHolds && a.finish < start && finish < a.start;
}
