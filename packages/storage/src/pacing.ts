// Work in the background at a given speed: whoever does it says what it has read, and waits until as much
// time has passed as that may take. Time in which nothing was done is not saved up, apart from what timers and
// a busy process are late.
import type { Pace } from "@ashlar/replica";
import { type Clock, sleep } from "@ashlar/runtime";

const MS_PER_S = 1_000;
const LATE_MAX_MS = 100;

export function paced(
  clock: Clock,
  bytesPerSecond: number,
  { signal }: { readonly signal: AbortSignal },
): Pace {
  let dueMs = clock.nowMs();
  return async (bytes) => {
    const now = clock.nowMs();
    dueMs = Math.max(dueMs, now - LATE_MAX_MS) + (bytes / bytesPerSecond) * MS_PER_S;
    // Timers are coarse: what is less than one of them is waited for together with what follows.
    if (dueMs - now >= 1) await sleep(clock, dueMs - now, { signal });
    else signal.throwIfAborted();
  };
}
