export { LatencyHistogram, type LatencySummary } from "./latency.ts";
export {
  FAULT_KINDS,
  type Fault,
  type FaultKind,
  isClean,
  OPERATION_KINDS,
  type OperationError,
  type OperationKind,
  type OperationSummary,
  type VerifierReport,
} from "./verifier/report.ts";
export {
  formatFaults,
  type PathOptions,
  type RunOptions,
  Verifier,
  type VerifierOptions,
  type VerifierPath,
} from "./verifier/verifier.ts";
