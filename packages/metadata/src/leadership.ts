// How a part of this process hears of what is applied, and of whether this member leads.
import type { AppliedEntry, ReplicatedLog } from "./replicated-log.ts";

export interface LeaderPart {
  readonly onApplied: (applied: AppliedEntry) => void;
  /** This member leads from now on, or does so already. */
  readonly begin: () => void;
  readonly end: () => void;
}

/** Returns how to hear no more of it. */
export function followLeadership(
  log: Pick<ReplicatedLog, "subscribe" | "onLead" | "leads">,
  { onApplied, begin, end }: LeaderPart,
): () => void {
  const unsubscribe = log.subscribe(onApplied);
  const unlead = log.onLead((leads) => (leads ? begin() : end()));
  if (log.leads) begin();
  return () => {
    unsubscribe();
    unlead();
  };
}
