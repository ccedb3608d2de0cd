// What a test changes in the configuration of a lab's storage nodes, which read it when they start.
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestLab } from "./test-lab.ts";

interface StorageConfig {
  readonly zone: string;
  readonly disks: readonly {
    readonly diskId: string;
    readonly path: string;
    readonly sizeBytes: number;
  }[];
}

/** Changes the configuration of a node that does not run, or is restarted afterwards. */
export async function editStorageConfig(
  { dir }: Pick<TestLab, "dir">,
  id: string,
  edit: (config: StorageConfig) => StorageConfig,
): Promise<void> {
  const path = join(dir, "config", `${id}.json`);
  const config = JSON.parse(await readFile(path, "utf8")) as StorageConfig;
  await writeFile(path, JSON.stringify(edit(config)));
}

/** Puts a disk file of one node that does not run into the folder of another, as a disk with a name of its own. */
export async function moveDisk(
  lab: Pick<TestLab, "dir">,
  disk: string,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  let place = "";
  await editStorageConfig(lab, to, (config) => {
    const [first] = config.disks;
    if (!first) throw new Error(`${to} has no disk`);
    const diskId = `disk-${config.disks.length + 1}`;
    place = join(lab.dir, to, diskId);
    return { ...config, disks: [...config.disks, { ...first, diskId, path: place }] };
  });
  await rename(join(lab.dir, from, disk), place);
}
