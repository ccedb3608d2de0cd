// When what is recommended may also be done by itself: one thing at a time, after it has been recommended for a while,
// and never the same volume again soon. Pure: time is told.
import type { AdviceMode } from "@ashlar/catalog";
import type { FamilyId } from "@ashlar/core";

/** As long as the window of the figures: by then nothing in them is from before it became hot. */
export const AUTO_AFTER_MS = 30_000;
/** Load that comes and goes within this takes no chunks along: hosts wait a moment whenever one changes hands. */
export const AUTO_AGAIN_MS = 10 * 60_000;

/** What would be done. */
export interface Candidate {
  readonly id: string;
  /** All whose chunks would change hands. */
  readonly families: readonly FamilyId[];
}

export class AdvicePace {
  private readonly sinceMs = new Map<string, number>();
  private readonly movedMs = new Map<FamilyId, number>();
  private blindUntilMs = 0;

  /** This member leads from now on: where it finds the mode on it does not know what the leader before it did. */
  begin(nowMs: number, mode: AdviceMode): void {
    this.sinceMs.clear();
    this.movedMs.clear();
    this.blindUntilMs = mode === "auto" ? nowMs + AUTO_AGAIN_MS : nowMs;
  }

  /** What is recommended now, and can be applied. */
  stands(candidates: readonly Candidate[], nowMs: number): void {
    const ids = new Set(candidates.map(({ id }) => id));
    for (const id of this.sinceMs.keys()) if (!ids.has(id)) this.sinceMs.delete(id);
    for (const id of ids) if (!this.sinceMs.has(id)) this.sinceMs.set(id, nowMs);
  }

  /** Chunks of the volumes changed hands, whoever wanted it. */
  moved(families: readonly FamilyId[], nowMs: number): void {
    for (const family of families) this.movedMs.set(family, nowMs);
  }

  /** Milliseconds from now until it may be done by itself, 0 for now. */
  waitMs({ id, families }: Candidate, nowMs: number): number {
    const againMs = families.map((family) => {
      const movedMs = this.movedMs.get(family);
      return movedMs === undefined ? nowMs : movedMs + AUTO_AGAIN_MS;
    });
    const standsMs = (this.sinceMs.get(id) ?? nowMs) + AUTO_AFTER_MS;
    const dueMs = Math.max(this.blindUntilMs, standsMs, ...againMs);
    return Math.max(0, dueMs - nowMs);
  }
}
