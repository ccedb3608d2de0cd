// Who may log what within a chunk. Whole-unit writes need no lock among themselves: their LSNs order
// them. What reads before it writes (parts of units, compare-and-write) and what copies (resync, the
// comparison of replicas) waits until no uncommitted entry overlaps, then keeps writers of its range
// out. Requests are granted in order of arrival among those that overlap, so nobody starves.
import { rangesOverlap } from "@ashlar/core";

interface Range {
  readonly offset: number;
  readonly length: number;
}

export interface RangeRequest extends Range {
  /** An exclusive one holds its range until released; others only pass. */
  readonly exclusive: boolean;
  /** Called when granted, at once or later. */
  readonly run: () => void;
  /** Called instead when the replica no longer leads. */
  readonly drop: () => void;
}

const overlaps = (a: Range, b: Range): boolean =>
  rangesOverlap(a.offset, a.length, b.offset, b.length);

export class RangeLocks {
  private readonly hasUncommitted: (offset: number, length: number) => boolean;
  private readonly held: RangeRequest[] = [];
  private waiting: RangeRequest[] = [];
  private granting = false;
  private again = false;

  /** @param hasUncommitted whether an uncommitted entry overlaps a range. */
  constructor(hasUncommitted: (offset: number, length: number) => boolean) {
    this.hasUncommitted = hasUncommitted;
  }

  get waitingCount(): number {
    return this.waiting.length;
  }

  /** Whether a whole-unit write may be logged now. */
  isFree(offset: number, length: number): boolean {
    if (this.held.length === 0 && this.waiting.length === 0) return true;
    const range = { offset, length };
    return ![...this.held, ...this.waiting].some((other) => overlaps(range, other));
  }

  request(request: RangeRequest): void {
    this.waiting.push(request);
    this.grant();
  }

  /** Gives a held range back, or withdraws a request that still waits. */
  release(request: RangeRequest): void {
    const at = this.held.indexOf(request);
    if (at >= 0) this.held.splice(at, 1);
    else this.waiting = this.waiting.filter((other) => other !== request);
    this.grant();
  }

  /** Looks again who may go: after commits and releases. */
  grant(): void {
    this.again = true;
    if (this.granting) return;
    this.granting = true;
    while (this.again) {
      this.again = false;
      this.pass();
    }
    this.granting = false;
  }

  /** Forgets everything; waiting and holding requests are told. */
  dropAll(): void {
    const all = [...this.held.splice(0), ...this.waiting.splice(0)];
    for (const request of all) request.drop();
  }

  /** Grants the first that may go; what it did may have changed everything, so begin anew then. */
  private pass(): void {
    for (const [at, request] of this.waiting.entries()) {
      if (this.held.some((other) => overlaps(request, other))) continue;
      if (this.waiting.slice(0, at).some((ahead) => overlaps(request, ahead))) continue;
      if (request.exclusive && this.hasUncommitted(request.offset, request.length)) continue;
      if (request.exclusive) this.held.push(request);
      this.waiting.splice(at, 1);
      request.run();
      this.again = true;
      return;
    }
  }
}
