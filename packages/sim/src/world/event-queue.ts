// Events of the simulated world in the order of their times; those of one time in the order in which
// they were scheduled. A binary heap: a run has a million of them.

export interface ScheduledEvent {
  readonly at: number;
  readonly order: number;
  /** Undefined once it was cancelled. */
  call: (() => void) | undefined;
}

const isBefore = (a: ScheduledEvent, b: ScheduledEvent): boolean =>
  a.at < b.at || (a.at === b.at && a.order < b.order);

export class EventQueue {
  private readonly heap: ScheduledEvent[] = [];
  private order = 0;

  push(at: number, call: () => void): ScheduledEvent {
    this.order += 1;
    const event: ScheduledEvent = { at, order: this.order, call };
    this.heap.push(event);
    this.rise(this.heap.length - 1);
    return event;
  }

  /** The next event that was not cancelled. */
  pop(): ScheduledEvent | undefined {
    for (;;) {
      const first = this.heap[0];
      const last = this.heap.pop();
      if (!first || !last) return undefined;
      if (first !== last) {
        this.heap[0] = last;
        this.sink();
      }
      if (first.call) return first;
    }
  }

  private rise(from: number): void {
    const { heap } = this;
    const event = heap[from] as ScheduledEvent;
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as ScheduledEvent;
      if (!isBefore(event, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = event;
  }

  private sink(): void {
    const { heap } = this;
    const event = heap[0] as ScheduledEvent;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      const right = heap[below + 1];
      if (right && isBefore(right, heap[below] as ScheduledEvent)) below += 1;
      const child = heap[below] as ScheduledEvent;
      if (!isBefore(child, event)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = event;
  }
}
