import { type Clock, nodeClock, type Timer } from "@ashlar/runtime";

/** Time passes as it does, and more when a test says so. */
export class SkewedClock implements Clock {
  private skewMs = 0;

  pass(ms: number): void {
    this.skewMs += ms;
  }

  nowMs(): number {
    return nodeClock.nowMs() + this.skewMs;
  }

  wallMs(): number {
    return nodeClock.wallMs() + this.skewMs;
  }

  after(ms: number, call: () => void): Timer {
    return nodeClock.after(ms, call);
  }

  every(ms: number, call: () => void): Timer {
    return nodeClock.every(ms, call);
  }
}
