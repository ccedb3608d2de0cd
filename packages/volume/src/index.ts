export { OperationRouter, type OperationRouterDependencies } from "./operation-router.ts";
export { openVolume, ReplicatedVolume, type VolumeDependencies } from "./replicated-volume.ts";
export { RETRY_BUDGET_MS } from "./routed-operation.ts";
