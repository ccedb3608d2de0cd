// Everything that went less than well and that an initiator can see, whether or not a retry made it
// good: receipts of drills quote this list.

export const INCIDENT_KINDS = [
  "path-lost",
  "path-restored",
  "path-moved",
  "login-failed",
  "command-retried",
  "command-timeout",
  "check-condition",
  "unit-attention",
  "busy",
  "reservation-conflict",
] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

export interface Incident {
  readonly kind: IncidentKind;
  /** Portal of the path, or the device where no single path is meant. */
  readonly path: string;
  readonly detail: string;
  /** Monotonic milliseconds of the clock in use. */
  readonly atMs: number;
}

/** Incidents kept in full; counts are complete. */
const LISTED_MAX = 1000;

export class IncidentLog {
  readonly counts: Record<IncidentKind, number>;
  private readonly entries: Incident[] = [];
  private readonly nowMs: () => number;

  constructor(clock: { nowMs(): number }) {
    this.nowMs = () => clock.nowMs();
    this.counts = Object.fromEntries(INCIDENT_KINDS.map((kind) => [kind, 0])) as Record<
      IncidentKind,
      number
    >;
  }

  record(kind: IncidentKind, path: string, detail: string): void {
    this.counts[kind]++;
    if (this.entries.length < LISTED_MAX) {
      this.entries.push({ kind, path, detail, atMs: this.nowMs() });
    }
  }

  list(): readonly Incident[] {
    return this.entries;
  }
}
