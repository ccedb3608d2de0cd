// Time in a simulation: a queue of what happens when. It jumps from one event to the next, so a minute
// costs as long as its events take; events of the same millisecond happen in the order they were asked for.

interface Event {
  readonly at: number;
  readonly order: number;
  readonly happen: () => void;
}

const isBefore = (a: Event, b: Event): boolean =>
  a.at < b.at || (a.at === b.at && a.order < b.order);

export class VirtualClock {
  /** Milliseconds since the start. */
  nowMs = 0;
  private order = 0;
  /** A binary heap: no event comes before its parent. */
  private readonly events: Event[] = [];

  after(delayMs: number, happen: () => void): void {
    this.order += 1;
    const event = { at: this.nowMs + delayMs, order: this.order, happen };
    let at = this.events.length;
    this.events.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, this.events[parent]!)) break;
      this.events[at] = this.events[parent]!;
      at = parent;
    }
    this.events[at] = event;
  }

  /** Lets everything happen that is due until `untilMs`, and then it is that late. */
  runUntil(untilMs: number): void {
    for (let next = this.events[0]; next !== undefined && next.at <= untilMs; ) {
      this.removeFirst();
      this.nowMs = next.at;
      next.happen();
      next = this.events[0];
    }
    this.nowMs = untilMs;
  }

  private removeFirst(): void {
    const { events } = this;
    const last = events.pop()!;
    if (events.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= events.length) break;
      if (child + 1 < events.length && isBefore(events[child + 1]!, events[child]!)) child += 1;
      if (!isBefore(events[child]!, last)) break;
      events[at] = events[child]!;
      at = child;
    }
    events[at] = last;
  }
}
