// The folder of a lab: made at the first up, and taken away again as far as that up made it when the
// lab cannot start. Files of others are never touched.
import { mkdir, mkdtemp, readdir, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { formatSize, MIB, SystemError } from "@ashlar/core";
import { UNFINISHED_LAB } from "./lab-file.ts";
import type { LabShape } from "./lab-shape.ts";

/** The kernel's limit of a unix socket's path, without the final zero. */
const SOCKET_PATH_MAX = 107;
/**
 * What a store writes when it is created: its journal, the first step of its data area and its
 * metadata. Disks grow from there as data arrives, so a lab may promise more than there is.
 */
const DISK_FIRST_BYTES = 512 * MIB;

export interface MadeFolder {
  readonly socketPath: string;
  /** Takes away what was made. */
  remove(): Promise<void>;
}

/** Folders made for a lab; `first` is the topmost that did not exist before. */
async function makeFolder(dir: string): Promise<string | undefined> {
  try {
    return await mkdir(dir, { recursive: true });
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    const full = code === "ENOSPC" || code === "EDQUOT";
    throw new SystemError(
      full ? "config/no-space" : "argument/invalid",
      `cannot make the folder ${dir}: ${message}`,
      { hint: "give --dir a folder that can be written" },
      thrown,
    );
  }
}

async function requireEmpty(dir: string): Promise<void> {
  // A first up that was killed may have left its unfinished document and nothing else.
  const [stranger] = (await readdir(dir)).filter((name) => !name.startsWith(UNFINISHED_LAB));
  if (stranger === undefined) return;
  throw new SystemError("lab/exists", `${dir} holds other files and no lab`, {
    hint: "give --dir an empty folder or one that does not exist",
  });
}

/** @throws SystemError config/no-space when the disks of the shape could not even be created. */
async function requireSpace(dir: string, { nodes, disksPerNode, diskSizeBytes, mirror }: LabShape) {
  const files = nodes * disksPerNode * (mirror ? 2 : 1);
  const needed = files * Math.min(diskSizeBytes, DISK_FIRST_BYTES);
  const { bavail, bsize } = await statfs(dir);
  if (bavail * bsize >= needed) return;
  throw new SystemError(
    "config/no-space",
    `${dir} has ${formatSize(bavail * bsize)} free, the lab needs ${formatSize(needed)} to start`,
    { hint: "free some space, give --dir elsewhere, or fewer --nodes and --disks" },
  );
}

async function pickSocketPath(dir: string): Promise<{ path: string; folder?: string }> {
  const path = join(dir, "supervisor.sock");
  if (Buffer.byteLength(path) <= SOCKET_PATH_MAX) return { path };
  const folder = await mkdtemp(join(tmpdir(), "ashlar-"));
  return { path: join(folder, "supervisor.sock"), folder };
}

/** Makes the folder of a new lab; nothing is left behind when this rejects. */
export async function makeLabFolder(dir: string, shape: LabShape): Promise<MadeFolder> {
  const first = await makeFolder(dir);
  const removeFolder = async (): Promise<void> => {
    if (first !== undefined) {
      await rm(first, { recursive: true, force: true });
      return;
    }
    for (const name of await readdir(dir)) {
      await rm(join(dir, name), { recursive: true, force: true });
    }
  };
  if (first === undefined) await requireEmpty(dir);
  try {
    await requireSpace(dir, shape);
    const { path, folder } = await pickSocketPath(dir);
    const remove = async (): Promise<void> => {
      await removeFolder();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    };
    return { socketPath: path, remove };
  } catch (thrown) {
    await removeFolder();
    throw thrown;
  }
}

/** The socket's folder may have been cleaned away, as temporary folders are. */
export async function ensureSocketFolder(socketPath: string): Promise<void> {
  await mkdir(dirname(socketPath), { recursive: true });
}
