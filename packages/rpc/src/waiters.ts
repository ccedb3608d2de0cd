// Those who wait until something holds that one place brings about: it looks after each change.

interface Waiter {
  readonly reached: () => boolean;
  readonly resolve: () => void;
}

export class Waiters {
  private waiting: Waiter[] = [];

  /** Resolves once `reached` holds, at once or at a later {@link look}; rejects with the signal's reason. */
  until(reached: () => boolean, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      else if (reached()) resolve();
      else {
        const onAbort = (): void => {
          this.waiting = this.waiting.filter((other) => other !== waiter);
          reject(signal.reason);
        };
        const waiter: Waiter = {
          reached,
          resolve: () => {
            signal.removeEventListener("abort", onAbort);
            resolve();
          },
        };
        signal.addEventListener("abort", onAbort, { once: true });
        this.waiting.push(waiter);
      }
    });
  }

  /** Something changed: lets go of those for whom it holds now. */
  look(): void {
    const reached = this.waiting.filter((waiter) => waiter.reached());
    this.waiting = this.waiting.filter((waiter) => !reached.includes(waiter));
    for (const { resolve } of reached) resolve();
  }
}
