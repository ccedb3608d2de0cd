// When a process that ended is started again. Pure: time comes in as a number.
//
// The first restart is all but immediate, since most crashes do not repeat and each second down is a second
// with one copy less. A process that keeps dying is retried more and more slowly, so that a broken
// configuration cannot burn a machine's processors; a life of STABLE_MS clears its record.

/** A process that lived this long is taken to work; its earlier deaths no longer count. */
export const STABLE_MS = 10_000;
/**
 * Wait before the first restart: starting a process holds the supervisor up for tens of
 * milliseconds, and the report of the exit, for which failover waits, must be out before that.
 */
export const FIRST_DELAY_MS = 20;
/** Wait before the second restart in a row; it doubles with each further one. */
export const BACK_OFF_FIRST_MS = 500;
/** Longest wait: a process whose trouble has passed comes back within this. */
export const BACK_OFF_MAX_MS = 5_000;

/** What the policy remembers of one process. */
export interface RestartRecord {
  /** Restarts since the last stable life. */
  readonly restarts: number;
}

export const NO_RESTARTS: RestartRecord = Object.freeze({ restarts: 0 });

/** How long to wait before starting again a process that lived `livedMs`. */
export function restartAfter(
  record: RestartRecord,
  livedMs: number,
): { readonly delayMs: number; readonly record: RestartRecord } {
  const restarts = livedMs >= STABLE_MS ? 0 : record.restarts;
  const delayMs =
    restarts === 0
      ? FIRST_DELAY_MS
      : Math.min(BACK_OFF_MAX_MS, BACK_OFF_FIRST_MS * 2 ** (restarts - 1));
  return { delayMs, record: { restarts: restarts + 1 } };
}
