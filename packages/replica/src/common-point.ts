// Where two logs part. Equal LSN means equal history up to there (P5), so the greatest LSN that both
// name is the common point.
import { type Lsn, sameLsn } from "@ashlar/core";

/** What a log can name: its commit LSN and every entry after it, in order. */
export interface LogOutline {
  readonly commit: Lsn;
  readonly uncommitted: readonly Lsn[];
}

/**
 * The greatest LSN in both outlines, or undefined when they name none in common: one of them lies
 * further back than the other can name, and only copying extents brings it up.
 */
export function commonPoint(a: LogOutline, b: LogOutline): Lsn | undefined {
  const named = new Map<number, Lsn>([[b.commit.seq, b.commit]]);
  for (const lsn of b.uncommitted) named.set(lsn.seq, lsn);
  for (let at = a.uncommitted.length - 1; at >= -1; at--) {
    const lsn = at < 0 ? a.commit : a.uncommitted[at];
    const other = lsn && named.get(lsn.seq);
    if (lsn && other && sameLsn(lsn, other)) return lsn;
  }
  return undefined;
}
