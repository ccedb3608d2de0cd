// A container of one role: its files are written, then this process becomes the supervisor.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { NOTE_PATH, requireFounded } from "./cluster-note.ts";
import { CONFIG_PATHS, roleDocument, supervisorDocument } from "./documents.ts";
import { type Environment, type Role, readSettings } from "./settings.ts";

/**
 * Runs until it is told to stop; `script` is what roles are started with.
 * @throws SystemError config/invalid, or cluster/unavailable before the cluster was founded: the
 * container ends, and whoever restarts it tries again.
 */
export async function runContainer(
  role: Role,
  environment: Environment,
  script: string,
): Promise<void> {
  const settings = readSettings(role, environment);
  const clusterId = await requireFounded(NOTE_PATH);
  const write = async (path: string, document: object): Promise<void> => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${JSON.stringify(document, null, 2)}\n`);
  };
  await write(CONFIG_PATHS.role, roleDocument(settings, clusterId));
  await write(CONFIG_PATHS.supervisor, supervisorDocument(settings, clusterId));
  const { main } = await import("@ashlar/supervisor");
  await main({ configPath: CONFIG_PATHS.supervisor, script });
}
