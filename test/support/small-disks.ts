// File systems of a few MiB for single processes of a lab: mounted in a namespace in which the lab
// runs, so that they go away with it and need no root where users may make namespaces.
import { statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ASHLAR, type TestLab } from "./test-lab.ts";
import { run } from "./tools.ts";

/** Arguments: node, the command, the lab's folder, MiB of each file system, names of processes. */
const SCRIPT = `set -e
  node=$1 ashlar=$2 dir=$3 size=$4; shift 4
  for id; do
    mv "$dir/$id" "$dir/$id.kept"
    mkdir "$dir/$id"
    mount -t tmpfs -o size="$size"m none "$dir/$id"
    cp -a "$dir/$id.kept/." "$dir/$id"
  done
  exec "$node" "$ashlar" lab up --detach --json --dir "$dir"`;

/** Starts a lab that is down, the data of some processes on file systems of their own. */
export async function upOnSmallDisks(
  { dir }: TestLab,
  ids: readonly string[],
  sizeMiB: number,
): Promise<void> {
  const own = process.getuid?.() === 0 ? ["--mount"] : ["--map-root-user", "--mount"];
  const args = [process.execPath, ASHLAR, dir, String(sizeMiB), ...ids];
  await run("unshare", ...own, "sh", "-c", SCRIPT, "sh", ...args);
}

/** The disk of a process. */
export class SmallDisk {
  /** Seen from outside of the namespace, as long as the process `pid` runs. */
  readonly folder: string;

  /** @param pid any process of the lab */
  constructor({ dir }: TestLab, id: string, pid: number) {
    this.folder = join(`/proc/${pid}/root`, dir, id);
  }

  /** Takes all space that is left. */
  async fill(): Promise<void> {
    for (let count = 0; ; count += 1) {
      const { bavail, bsize } = await statfs(this.folder);
      if (bavail === 0) return;
      await writeFile(this.filler(count), Buffer.alloc(bavail * bsize)).catch(() => {});
    }
  }

  /** Gives it back. */
  async free(): Promise<void> {
    await run("sh", "-c", `rm -f "$1"/filler-*`, "sh", this.folder);
  }

  private filler(count: number): string {
    return join(this.folder, `filler-${count}`);
  }
}
