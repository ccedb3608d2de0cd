export { checkLinearizable, type Limits, type Verdict } from "./linearizability/checker.ts";
export { explainVerdict } from "./linearizability/explanation.ts";
export type { History, Model, Operation, StepResult } from "./linearizability/model.ts";
export {
  VOLUME_NAMES,
  type VolumeNameInput,
  type VolumeNameOutput,
  type VolumeNameState,
} from "./linearizability/volume-names.ts";
export {
  type Figures,
  Simulation,
  type SimulationOptions,
  type SimulationResult,
} from "./simulation.ts";
