import { join } from "node:path";

/** gRPC and metrics stay on this machine; only portals listen where they are told. */
export const INTERNAL_HOST = "127.0.0.1";

/** Where the parts of a lab lie in its folder. */
export const labPaths = (dir: string) => ({
  configFolder: join(dir, "config"),
  logFolder: join(dir, "logs"),
  supervisorConfig: join(dir, "config", "supervisor.json"),
  supervisorLog: join(dir, "logs", "supervisor.log"),
  supervisorState: join(dir, "supervisor-state.json"),
  configOf: (id: string): string => join(dir, "config", `${id}.json`),
  logOf: (id: string): string => join(dir, "logs", `${id}.log`),
  /** The data of a process: `storage-1/disk-1`, a metadata member's log. */
  dataOf: (id: string): string => join(dir, id),
});
