export { checkLinearizable, type Limits, type Verdict } from "./linearizability/checker.ts";
export { explainVerdict } from "./linearizability/explanation.ts";
export type { History, Model, Operation, StepResult } from "./linearizability/model.ts";
export {
  VOLUME_NAMES,
  type VolumeNameInput,
  type VolumeNameOutput,
  type VolumeNameState,
} from "./linearizability/volume-names.ts";
export { REGRESSION_SEEDS, type RegressionSeed } from "./regression-seeds.ts";
export { type ShortRun, shorten } from "./shortening.ts";
export {
  COURSE_NAMES,
  type Figures,
  Simulation,
  type SimulationOptions,
  type SimulationResult,
  WORKLOAD_NAMES,
  type WorkloadName,
  zeroFigures,
} from "./simulation.ts";
