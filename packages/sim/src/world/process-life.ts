// One life of a simulated process, from its start to its crash. All that ever happens to it (timers,
// bytes, disk completions) comes through here: a dead one gets nothing, a stopped one gets it when it goes
// on, a slow one late.

export class ProcessLife {
  readonly name: string;
  /** Which start of the process this is, from 1. */
  readonly number: number;
  private readonly endListeners = new Set<() => void>();
  private gathered: (() => void)[] = [];
  private alive = true;
  private stopped = false;
  /** Milliseconds that each event keeps it busy; 0 for one that is not slow. */
  turnMs = 0;
  /** Until when a slow one is busy. */
  busyUntilMs = 0;

  constructor(name: string, number: number) {
    this.name = name;
    this.number = number;
  }

  get isAlive(): boolean {
    return this.alive;
  }

  get isStopped(): boolean {
    return this.stopped;
  }

  /** Called when it ends; returns how to call that off. */
  onEnd(listener: () => void): () => void {
    this.endListeners.add(listener);
    return () => this.endListeners.delete(listener);
  }

  /** Keeps an event until the process goes on. */
  gather(call: () => void): void {
    this.gathered.push(call);
  }

  /** SIGSTOP. */
  stop(): void {
    this.stopped = true;
  }

  /** SIGCONT; what came meanwhile, in order. */
  resume(): readonly (() => void)[] {
    this.stopped = false;
    const { gathered } = this;
    this.gathered = [];
    return gathered;
  }

  /** It is gone, with all its memory. */
  end(): void {
    if (!this.alive) return;
    this.alive = false;
    this.gathered = [];
    for (const listener of [...this.endListeners]) listener();
  }
}
