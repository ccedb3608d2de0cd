// What an initiator's acknowledgements prove of its path (P9). A PDU that arrives proves nothing about
// when it was sent. But one that acknowledges something we sent was made after we had sent that: the
// initiator held the path then. ExpStatSN acknowledges by number, tags of pings and of solicited data
// by name.
//
// Some initiators take a StatSN for acknowledged that an R2T or a ping only showed, so a number proves
// no more than that the first PDU that showed it had been sent.
import { serialAdd, serialDistance } from "./serial.ts";

/** StatSNs whose time is kept: more than a session may have tasks. A power of two. */
const REMEMBERED_MAX = 512;

export class PathTimes {
  private readonly nowMs: () => number;
  private readonly shownAtMs = new Float64Array(REMEMBERED_MAX);
  /** The newest StatSN that was shown, and how many were before it, up to what is kept. */
  private newest = 0;
  private count = 0;
  private latestMs = Number.NEGATIVE_INFINITY;

  /** @param nowMs monotonic; asked before what it is noted for can reach the socket. */
  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  /** The initiator held the path then, or later. */
  get provenAtMs(): number {
    return this.latestMs;
  }

  now(): number {
    return this.nowMs();
  }

  /** A PDU with this StatSN is about to be sent: the last one shown, or the next. */
  shown(statSn: number): void {
    if (this.count > 0 && statSn === this.newest) return;
    this.newest = statSn;
    if (this.count < REMEMBERED_MAX) this.count += 1;
    this.shownAtMs[statSn % REMEMBERED_MAX] = this.nowMs();
  }

  /** What was sent at `sentMs` has been answered by name. */
  answered(sentMs: number): void {
    if (sentMs > this.latestMs) this.latestMs = sentMs;
  }

  /** An initiator's PDU says which StatSN it expects next. */
  acknowledged(expStatSn: number): void {
    const statSn = serialAdd(expStatSn, -1);
    const behind = serialDistance(statSn, this.newest);
    // Never shown, or so long ago that its place was taken.
    if (behind < 0 || behind >= this.count) return;
    this.answered(this.shownAtMs[statSn % REMEMBERED_MAX] ?? Number.NEGATIVE_INFINITY);
  }
}
