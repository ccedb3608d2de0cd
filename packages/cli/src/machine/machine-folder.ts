// The folder of a machine: made once, by a founding or by joining, and run from then on. The same command given again
// finds what it made, so an attempt that was cut short is repeated; another one is refused.
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { hasCode, SystemError } from "@ashlar/core";
import { nodeDisk, nodeRandom, parseConfig, writeWholeFile } from "@ashlar/runtime";
import {
  type Machine,
  machinePaths,
  processId,
  roleDocument,
  rolesOf,
  supervisorDocument,
} from "./machine.ts";

/** Of a path of a Unix socket, by the kernel: 107 bytes and an end. */
const SOCKET_PATH_MAX = 107;

/** `planned`: its cluster is not founded yet, by this very machine. */
export type Stage = "planned" | "ready";

interface MachineNote {
  readonly stage: Stage;
  readonly machine: Machine;
}

/** The machine of a folder; undefined when there is none. */
export async function findMachine(dir: string): Promise<MachineNote | undefined> {
  const { note } = machinePaths(dir);
  try {
    return JSON.parse(await readFile(note, "utf8")) as MachineNote;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new SystemError("config/invalid", `cannot read ${note}: ${String(thrown)}`, {}, thrown);
  }
}

/** @throws SystemError config/invalid when there is none that can be run. */
export async function requireMachine(dir: string): Promise<Machine> {
  const note = await findMachine(dir);
  if (note?.stage === "ready") return note.machine;
  throw new SystemError("config/invalid", `there is no machine of a cluster in ${dir}`, {
    hint: "`ashlar cluster init` makes the first one, `ashlar node join TOKEN` each further one",
  });
}

/**
 * Writes all files of the machine.
 * @throws SystemError cluster/exists when the folder is another one's.
 */
export async function writeMachine(machine: Machine, stage: Stage): Promise<void> {
  const paths = machinePaths(machine.dir);
  if (Buffer.byteLength(paths.socket) > SOCKET_PATH_MAX) {
    throw new SystemError(
      "argument/invalid",
      `${machine.dir} is too long for the path of a socket`,
      { hint: "give a folder with a shorter path" },
    );
  }
  await requireFree(machine);
  const write = (path: string, document: object): Promise<void> =>
    writeWholeFile(nodeDisk, path, [Buffer.from(`${JSON.stringify(document, null, 2)}\n`)]);
  await mkdir(machine.dir, { recursive: true });
  for (const role of rolesOf(machine)) {
    const id = processId(role, machine.name);
    if (role !== "gateway") await mkdir(paths.dataOf(id), { recursive: true });
    await write(paths.configOf(id), roleDocument(machine, role));
  }
  for (const { path } of machine.disks) await mkdir(dirname(path), { recursive: true });
  await write(paths.supervisorConfig, supervisorDocument(machine));
  await write(paths.note, { stage, machine } satisfies MachineNote);
}

/**
 * Makes the first machine and founds its cluster, once: a founder whose data were lost comes back blank, and does not
 * found a second one. @returns the machine, as it was made before where it was.
 */
export async function foundMachine(machine: Machine): Promise<Machine> {
  const known = await findMachine(machine.dir);
  if (known?.stage === "ready") {
    await requireFree({ ...machine, clusterId: known.machine.clusterId });
    return known.machine;
  }
  // Cut short before: it goes on under the id that was chosen, in case the folder is founded already.
  const clusterId = known?.machine.clusterId ?? machine.clusterId;
  const founder = { ...machine, clusterId };
  await writeMachine(founder, "planned");
  await foundIn(founder);
  await writeMachine(founder, "ready");
  return founder;
}

async function foundIn(machine: Machine): Promise<void> {
  const { foundCluster, METADATA_CONFIG } = await import("@ashlar/metadata");
  const id = processId("metadata", machine.name);
  const config = parseConfig(roleDocument(machine, "metadata"), METADATA_CONFIG, id);
  try {
    await foundCluster({ disk: nodeDisk, random: nodeRandom }, config);
  } catch (thrown) {
    if (!hasCode(thrown, "cluster/exists")) throw thrown;
  }
}

async function requireFree({ dir, clusterId, name }: Machine): Promise<void> {
  const there = (await findMachine(dir))?.machine;
  if (!there || (there.clusterId === clusterId && there.name === name)) return;
  throw new SystemError(
    "cluster/exists",
    `${dir} is the machine ${there.name} of cluster ${there.clusterId}`,
    { hint: "give another folder, or run that machine with `ashlar node run`" },
  );
}
