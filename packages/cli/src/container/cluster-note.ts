// Which cluster the containers of a site are: a note in a volume that all of them see and only the
// founder writes. It lies apart from every member's own data, so that a member whose volume was lost,
// the founder's too, comes back as a blank one that joins, and never founds a second cluster.
import { readFile } from "node:fs/promises";
import { clusterId, SystemError } from "@ashlar/core";
import { FOLDERS } from "./documents.ts";

export const NOTE_PATH = `${FOLDERS.cluster}/cluster.json`;
const NOTE_VERSION = 1;

export interface ClusterNote {
  readonly version: typeof NOTE_VERSION;
  readonly clusterId: string;
  /** `chosen`: the founder's folder may be half made. Nobody starts before it is `founded`. */
  readonly stage: "chosen" | "founded";
}

export const clusterNote = (id: string, stage: ClusterNote["stage"]): ClusterNote => ({
  version: NOTE_VERSION,
  clusterId: id,
  stage,
});

/** @throws SystemError config/invalid for what is no note. */
export function parseNote(text: string, path: string): ClusterNote {
  const fault = (what: string, cause?: unknown): SystemError =>
    new SystemError("config/invalid", `${path}: ${what}`, {}, cause);
  let fields: Partial<Record<keyof ClusterNote, unknown>> | null;
  try {
    fields = JSON.parse(text) as typeof fields;
  } catch (thrown) {
    throw fault("is not JSON", thrown);
  }
  const { version, clusterId: id, stage } = fields ?? {};
  if (version !== NOTE_VERSION) throw fault(`version must be ${NOTE_VERSION}`);
  if (stage !== "chosen" && stage !== "founded") throw fault("stage is not known");
  return clusterNote(clusterId(String(id)), stage);
}

/** Undefined when there is none. @throws SystemError config/invalid */
export async function findNote(path: string): Promise<ClusterNote | undefined> {
  try {
    return parseNote(await readFile(path, "utf8"), path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}

/** The cluster's id. @throws SystemError cluster/unavailable before the cluster was founded. */
export async function requireFounded(path: string): Promise<string> {
  const note = await findNote(path);
  if (note?.stage === "founded") return note.clusterId;
  throw new SystemError(
    "cluster/unavailable",
    `no cluster is founded yet: ${path} does not name it`,
    {
      hint: "run `ashlar container found` once, with the volume of the first metadata member",
    },
  );
}
