// Position in a chunk's log. The epoch names the incarnation of the primary that wrote the entry;
// seq counts entries without holes across epochs, so (epoch, seq) names one entry for ever:
// equal LSN means byte-identical (P5).

export interface Lsn {
  /** Epoch of the primary that wrote the entry, below 2^32. */
  readonly epoch: number;
  /** 1 for the first entry of a chunk, + 1 for each; below 2^48. */
  readonly seq: number;
}

/** Before the first entry. */
export const LSN_ZERO: Lsn = Object.freeze({ epoch: 0, seq: 0 });

/** Negative, zero or positive as `a` lies before, at or after `b`. */
export const compareLsn = (a: Lsn, b: Lsn): number => a.epoch - b.epoch || a.seq - b.seq;
export const sameLsn = (a: Lsn, b: Lsn): boolean => a.epoch === b.epoch && a.seq === b.seq;
export const maxLsn = (a: Lsn, b: Lsn): Lsn => (compareLsn(a, b) >= 0 ? a : b);
export const formatLsn = (lsn: Lsn): string => `${lsn.epoch}.${lsn.seq}`;
