// What was done of what was recommended, and what came of it: the newest few, in memory. Pure: time and figures are told.
import type { AppliedAdvice, AskedPair } from "@ashlar/rpc";

/** A list that is read by people. */
export const HISTORY_MAX = 8;

/** What is known when it is done. */
export interface Done extends Omit<AppliedAdvice, "agoMs" | "after"> {
  readonly atMs: number;
  /** From then on figures are of the time since. */
  readonly judgedMs: number;
}

interface Entry extends Done {
  after: AskedPair | null;
}

export class AdviceHistory {
  private readonly entries: Entry[] = [];

  add(done: Done): void {
    this.entries.unshift({ ...done, after: null });
    this.entries.splice(HISTORY_MAX);
  }

  clear(): void {
    this.entries.length = 0;
  }

  /** Newest first. */
  list(nowMs: number): readonly AppliedAdvice[] {
    return this.entries.map((entry) => told(entry, nowMs));
  }

  /** @returns those that can be judged now and could not before. */
  judge(nowMs: number, askedOf: (node: string) => number | undefined): readonly AppliedAdvice[] {
    const judged: AppliedAdvice[] = [];
    for (const entry of this.entries) {
      const [from, to] = [askedOf(entry.from), askedOf(entry.to)];
      if (entry.after || nowMs < entry.judgedMs || from === undefined || to === undefined) continue;
      entry.after = { from, to };
      judged.push(told(entry, nowMs));
    }
    return judged;
  }
}

const told = ({ atMs, judgedMs: _, ...entry }: Entry, nowMs: number): AppliedAdvice => ({
  ...entry,
  agoMs: nowMs - atMs,
});
