export {
  OperationRouter,
  type OperationRouterDependencies,
  RETRY_BUDGET_MS,
} from "./operation-router.ts";
export { openVolume, ReplicatedVolume, type VolumeDependencies } from "./replicated-volume.ts";
