export {
  type HarnessOptions,
  NEXUS_A,
  NEXUS_B,
  type Outcome,
  openTarget,
  type RunOptions,
  type TargetHarness,
  testNexus,
} from "./harness.ts";
export { LocalReservations } from "./local-reservations.ts";
