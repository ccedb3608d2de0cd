// Time as a port: the simulator owns it in tests. Monotonic milliseconds decide; wall-clock time is
// only for people.

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds, with fractions. */
  nowMs(): number;
  /** Wall clock, milliseconds since 1970, for log lines and records. */
  wallMs(): number;
  /** Calls once after `ms`; does not keep the process alive. */
  after(ms: number, call: () => void): Timer;
  /** Calls every `ms`, never twice for one wake-up; does not keep the process alive. */
  every(ms: number, call: () => void): Timer;
}

/** Resolves after `ms`, rejects with the signal's reason when it aborts first. */
export function sleep(
  clock: Clock,
  ms: number,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal.reason);
    };
    const timer = clock.after(ms, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
