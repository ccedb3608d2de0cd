// Starts the supervisor of a lab as a process of its own that outlives whoever started it.
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { hasCode, SystemError } from "@ashlar/core";
import { type Clock, sleep } from "@ashlar/runtime";
import { SupervisorClient, type SupervisorStatus } from "@ashlar/supervisor";
import type { LabDocument } from "./lab-file.ts";
import { ensureSocketFolder } from "./lab-folder.ts";
import { labPaths } from "./lab-paths.ts";

/** A supervisor that does not answer by then does not run; starting node takes a tenth of it. */
const ANSWER_TIMEOUT_MS = 10_000;
const POLL_MS = 25;

export interface StartDependencies {
  readonly clock: Clock;
  /** The command: `node SCRIPT supervise --config FILE`, and `node SCRIPT KIND …` for roles. */
  readonly script: string;
}

export const supervisorClient = (lab: LabDocument): SupervisorClient =>
  new SupervisorClient({ socketPath: lab.socketPath });

/** What the lab's supervisor says, undefined when none answers. */
export async function findSupervisor(lab: LabDocument): Promise<SupervisorStatus | undefined> {
  try {
    return await supervisorClient(lab).status();
  } catch (thrown) {
    if (hasCode(thrown, "lab/not-running")) return undefined;
    throw thrown;
  }
}

function lastLineOf(path: string): string {
  try {
    return readFileSync(path, "utf8").trimEnd().split("\n").at(-1) ?? "";
  } catch {
    return "";
  }
}

/**
 * Starts the supervisor; resolves when it answers.
 * @throws SystemError process/failed with the last line of its log.
 */
export async function startSupervisor(
  { clock, script }: StartDependencies,
  dir: string,
  lab: LabDocument,
  { signal }: { readonly signal: AbortSignal },
): Promise<SupervisorStatus> {
  const paths = labPaths(dir);
  await ensureSocketFolder(lab.socketPath);
  const log = openSync(paths.supervisorLog, "a");
  const command = [script, "supervise", "--config", paths.supervisorConfig];
  const child = spawn(process.execPath, command, { detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  let gone = false;
  child.once("exit", () => {
    gone = true;
  });
  child.once("error", () => {
    gone = true;
  });
  child.unref();
  const deadlineMs = clock.nowMs() + ANSWER_TIMEOUT_MS;
  while (!gone && clock.nowMs() < deadlineMs) {
    const status = await findSupervisor(lab);
    if (status) return status;
    await sleep(clock, POLL_MS, { signal });
  }
  child.kill();
  const { supervisorLog } = paths;
  throw new SystemError(
    "process/failed",
    `the supervisor does not run: ${lastLineOf(supervisorLog)}`,
    { hint: `see ${supervisorLog}` },
  );
}
