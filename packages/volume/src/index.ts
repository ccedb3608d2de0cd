export { OperationRouter } from "./operation-router.ts";
export type {
  OperationRouterDependencies,
  OperationRouterOptions,
} from "./operation-router-ports.ts";
export { openVolume, ReplicatedVolume, type VolumeDependencies } from "./replicated-volume.ts";
export { RETRY_BUDGET_MS } from "./routed-operation.ts";
