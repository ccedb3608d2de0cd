export {
  type HarnessOptions,
  NEXUS_A,
  NEXUS_B,
  type Outcome,
  openTarget,
  type RunOptions,
  type TargetHarness,
} from "./harness.ts";
