// What a supervisor is told: which role processes this machine runs and where their files are. The
// lab (or an installer) writes the file; `reload` reads it again after a process was added.
//
// Checked by hand and not with zod: all processes of a machine wait for this file to be read, and
// loading a schema library would double the time.
import { readFile } from "node:fs/promises";
import { SystemError } from "@ashlar/core";

/** Roles in the order in which an orderly shutdown stops them, see supervisor.ts. */
export const PROCESS_KINDS = ["gateway", "metadata", "storage"] as const;
export type ProcessKind = (typeof PROCESS_KINDS)[number];

export interface ProcessSpec {
  /** The node id of the process: `storage-1`. */
  readonly id: string;
  readonly kind: ProcessKind;
  /** Handed to the role as `--config`. */
  readonly configPath: string;
  /** Its stdout and stderr are appended here; absent: they go where those of the supervisor go. */
  readonly logPath?: string;
  /** Network namespace that it runs in, as `ip netns` knows it; absent: that of the supervisor. */
  readonly namespace?: string;
}

export const SUPERVISOR_CONFIG_VERSION = 1;

export interface SupervisorConfig {
  readonly version: typeof SUPERVISOR_CONFIG_VERSION;
  readonly clusterId: string;
  /** host:port of the metadata members, for exit reports. */
  readonly metadata: readonly string[];
  /** Unix socket of the control server. */
  readonly socketPath: string;
  /** Which processes run and which are kept down; survives the supervisor. */
  readonly statePath: string;
  readonly processes: readonly ProcessSpec[];
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isKind = (value: unknown): value is ProcessKind =>
  PROCESS_KINDS.some((kind) => kind === value);

function isSpec(value: unknown): value is ProcessSpec {
  if (!isFields(value)) return false;
  const { id, kind, configPath, logPath, namespace, ...unknown } = value;
  return (
    isText(id) &&
    isKind(kind) &&
    isText(configPath) &&
    (logPath === undefined || isText(logPath)) &&
    (namespace === undefined || isText(namespace)) &&
    Object.keys(unknown).length === 0
  );
}

function hasUniqueIds(processes: readonly ProcessSpec[]): boolean {
  return new Set(processes.map(({ id }) => id)).size === processes.length;
}

/**
 * Checks a parsed document; `source` is named in the error.
 * @throws SystemError config/invalid naming the first field that is wrong.
 */
export function parseSupervisorConfig(document: unknown, source: string): SupervisorConfig {
  const fault = (what: string): SystemError =>
    new SystemError("config/invalid", `${source}: ${what}`);
  if (!isFields(document)) throw fault("is not a JSON object");
  const { version, clusterId, metadata, socketPath, statePath, processes, ...unknown } = document;
  const [stranger] = Object.keys(unknown);
  if (stranger !== undefined) throw fault(`unknown field "${stranger}"`);
  if (version !== SUPERVISOR_CONFIG_VERSION) throw fault(`version must be 1`);
  if (!isText(clusterId)) throw fault("clusterId must be a UUID");
  if (!Array.isArray(metadata) || !metadata.every(isText)) throw fault("metadata must be a list");
  if (!isText(socketPath)) throw fault("socketPath must be a path");
  if (!isText(statePath)) throw fault("statePath must be a path");
  if (!Array.isArray(processes) || !processes.every(isSpec)) {
    throw fault("processes must be a list of {id, kind, configPath, logPath?, namespace?}");
  }
  if (!hasUniqueIds(processes)) throw fault("processes must have different ids");
  return { version, clusterId, metadata, socketPath, statePath, processes };
}

/** @throws SystemError config/invalid naming the file and what is wrong with it. */
export async function readSupervisorConfig(path: string): Promise<SupervisorConfig> {
  let document: unknown;
  try {
    document = JSON.parse(await readFile(path, "utf8"));
  } catch (thrown) {
    throw new SystemError("config/invalid", `cannot read ${path}: ${String(thrown)}`, {}, thrown);
  }
  return parseSupervisorConfig(document, path);
}
