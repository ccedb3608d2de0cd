export {
  PROCESS_KINDS,
  type ProcessKind,
  type ProcessSpec,
  parseSupervisorConfig,
  readSupervisorConfig,
  SUPERVISOR_CONFIG_VERSION,
  type SupervisorConfig,
} from "./config.ts";
export { SupervisorClient } from "./control-client.ts";
export type { SupervisorStatus } from "./control-server.ts";
export { main } from "./main.ts";
export { isAlive, type ProcessStamp, stampOf } from "./process-stat.ts";
export { findSurvivors, isShutDown } from "./state-file.ts";
export type { ProcessStatus } from "./supervised-process.ts";
export type { ExitReporter } from "./supervisor.ts";
