// What /proc tells about processes. A boot id in the environment names one start of one process for
// ever, so a survivor of an earlier supervisor is found by it and a pid used again is never taken
// for one. The pid with its start time then stands for the process.
import { readdirSync, readFileSync } from "node:fs";

/** Environment variable with the id of one start of a role process. */
export const BOOT_ID_VARIABLE = "ASHLAR_BOOT_ID";

export interface ProcessStamp {
  readonly pid: number;
  /** Clock ticks after the machine's boot, as text: only compared. */
  readonly startTime: string;
}

/** Field 22 of /proc/PID/stat counted after the command name, which may hold blanks. */
const START_TIME_FIELD = 19;

/** Start time of a process that runs; undefined when it is gone or only waits to be reaped. */
function startTimeOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[START_TIME_FIELD];
  } catch {
    return undefined;
  }
}

/** The stamp of a running process, undefined when there is none of this pid. */
export function stampOf(pid: number): ProcessStamp | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

export const isAlive = ({ pid, startTime }: ProcessStamp): boolean =>
  startTimeOf(pid) === startTime;

function bootIdOf(pid: number): string | undefined {
  try {
    const prefix = `${BOOT_ID_VARIABLE}=`;
    const entries = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
    return entries.find((entry) => entry.startsWith(prefix))?.slice(prefix.length);
  } catch {
    // Gone in the meantime, or another user's: in neither case ours.
    return undefined;
  }
}

/** The running processes with one of these boot ids. */
export function findByBootId(bootIds: ReadonlySet<string>): ReadonlyMap<string, ProcessStamp> {
  const found = new Map<string, ProcessStamp>();
  if (bootIds.size === 0) return found;
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const bootId = bootIdOf(pid);
    if (bootId === undefined || !bootIds.has(bootId)) continue;
    const stamp = stampOf(pid);
    if (stamp) found.set(bootId, stamp);
  }
  return found;
}
