// Takes the data of a process away, so that it comes back empty and gets what it held from the others.
// That is only right as long as the others have it.
import { rm } from "node:fs/promises";
import { SystemError, toSystemError } from "@ashlar/core";
import { isMetadata, type LabDocument, type LabProcess, type MetadataProcess } from "./lab-file.ts";
import { labPaths } from "./lab-paths.ts";
import { writeConfigs } from "./process-configs.ts";
import { ASKING_PATIENCE_MS, labAdmin } from "./readiness.ts";
import { findSupervisor } from "./supervisor-start.ts";

const needed = (id: string, why: string, hint: string): SystemError =>
  new SystemError("member/needed", `what ${id} holds may be needed: ${why}`, { hint });

/**
 * Refuses unless the group does without the member, which is down. Its leader is the one to ask: it
 * answers only while a majority follows it.
 * @throws SystemError member/needed
 */
export async function requireDispensable(
  lab: LabDocument,
  { id }: MetadataProcess,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  if (lab.processes.filter(isMetadata).length === 1) {
    throw needed(id, "no other member knows the cluster", "add one: `ashlar lab add metadata`");
  }
  if (!(await findSupervisor(lab))) {
    throw needed(id, "the lab does not run", "start it, and stop this member alone");
  }
  const admin = labAdmin(lab, { patienceMs: ASKING_PATIENCE_MS });
  try {
    await admin.clusterStatus({ signal });
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const { message } = toSystemError(thrown);
    throw needed(id, `the others are no majority (${message})`, "start more of them first");
  } finally {
    admin.close();
  }
}

/** The folder stays, empty. */
export async function wipeData(dir: string, lab: LabDocument, { id }: LabProcess): Promise<void> {
  await rm(labPaths(dir).dataOf(id), { recursive: true, force: true });
  await writeConfigs(dir, lab);
}
