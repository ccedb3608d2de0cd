// The plan of new copies as a whole, for tests.
import { type CopyPlan, type CopyPolicy, planCopiesInParts } from "../copy-plan.ts";
import type { TestCatalog } from "./cluster.ts";

export function planCopies({ state }: TestCatalog, policy: CopyPolicy): CopyPlan {
  const work = planCopiesInParts(state.view, policy);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
