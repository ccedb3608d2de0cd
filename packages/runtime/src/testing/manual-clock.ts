import type { Clock } from "../clock.ts";

/** A clock that stands still until a test moves it; timers fire in order of their time. */
export class ManualClock implements Clock {
  private now = 0;
  private timers: {
    at: number;
    readonly call: () => void;
    readonly everyMs: number | undefined;
  }[] = [];

  nowMs(): number {
    return this.now;
  }

  wallMs(): number {
    return this.now;
  }

  after(ms: number, call: () => void): { cancel: () => void } {
    return this.add(ms, call, undefined);
  }

  every(ms: number, call: () => void): { cancel: () => void } {
    return this.add(ms, call, ms);
  }

  /** Moves time on by `ms`, firing what is due on the way. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const due = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.now = due.at;
      if (due.everyMs === undefined) this.timers = this.timers.filter((timer) => timer !== due);
      else due.at += due.everyMs;
      due.call();
    }
    this.now = end;
  }

  private add(ms: number, call: () => void, everyMs: number | undefined): { cancel: () => void } {
    const timer = { at: this.now + ms, call, everyMs };
    this.timers.push(timer);
    return {
      cancel: () => {
        this.timers = this.timers.filter((other) => other !== timer);
      },
    };
  }
}
