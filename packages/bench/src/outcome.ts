// What one workload gave.
import type { LatencySummary } from "@ashlar/runtime";

export interface Outcome {
  readonly operations: number;
  readonly seconds: number;
  /** Null where the tool does not measure it. */
  readonly latency: LatencySummary | null;
  readonly errors: number;
}
