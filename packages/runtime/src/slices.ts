// Long work in slices: between them whatever else waits has its turn.
import type { Clock } from "./clock.ts";

/** Everybody else waits for as long as a slice takes. */
const SLICE_BUDGET_MS = 8;

/**
 * Does work that pauses often, for some milliseconds of each turn; the first slice at once. What the work
 * reads may change between slices. Ends without a result when the signal aborts, with its reason.
 */
export async function inSlices<T>(
  clock: Clock,
  work: Iterator<unknown, T>,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<T> {
  for (;;) {
    signal?.throwIfAborted();
    const beganMs = clock.nowMs();
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (clock.nowMs() - beganMs < SLICE_BUDGET_MS);
    await nextTurn(clock);
  }
}

/** Resolves when what waits in this turn has been served. */
export const nextTurn = (clock: Clock): Promise<void> =>
  new Promise((resolve) => clock.after(0, resolve));
