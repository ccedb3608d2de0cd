// A node is gone for good and its disk is not: put into another node, it serves there what it holds.
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type NodesDocument, TestLab } from "../../support/test-lab.ts";
import { run, until } from "../../support/tools.ts";

const DEADLINE_MS = 60_000;

let lab: TestLab;
beforeAll(async () => {
  lab = await TestLab.make("--metadata", "1");
});
afterAll(() => lab?.remove());

interface StorageConfig {
  readonly disks: readonly { diskId: string; path: string; sizeBytes: number }[];
}

/** A disk file of one node in the folder of another, in a place of its own. */
async function moveDisk(from: string, to: string): Promise<void> {
  const path = join(lab.dir, "config", `${to}.json`);
  const config = JSON.parse(await readFile(path, "utf8")) as StorageConfig;
  const [disk] = config.disks;
  const place = { diskId: "disk-2", path: join(lab.dir, to, "disk-2") };
  await rename(join(lab.dir, from, "disk-1"), place.path);
  const disks = [...config.disks, { ...disk, ...place }];
  await writeFile(path, JSON.stringify({ ...config, disks }));
}

test("a disk of a node that is gone serves what it holds in another one", async () => {
  // One copy of each chunk: a third of them is on the node that is lost.
  const volume = await lab.createVolume("alone", "384MiB", "--replicas", "1");
  await run("qemu-io", "-f", "raw", "-c", "write -P 0x3c 0 384M", lab.url(volume, 1));
  await lab.command("lab", "stop", "storage-2", "--kill");
  await until(
    "a chunk is unavailable",
    DEADLINE_MS,
    () => lab.volume("alone"),
    ({ unavailableChunks }) => unavailableChunks > 0,
  );
  await lab.command("lab", "stop", "storage-1");
  await moveDisk("storage-2", "storage-1");
  await lab.command("lab", "start", "storage-1");
  await until(
    "all chunks are served",
    DEADLINE_MS,
    () => lab.volume("alone"),
    ({ unavailableChunks }) => unavailableChunks === 0,
  );
  const read = await run("qemu-io", "-f", "raw", "-c", "read -P 0x3c 0 384M", lab.url(volume, 2));
  expect(read).not.toMatch(/fail/);

  // Its former node comes back without it, and as it is.
  await lab.command("lab", "start", "storage-2");
  const { nodes } = await until(
    "the node is back",
    DEADLINE_MS,
    () => lab.command<NodesDocument>("node", "list"),
    ({ nodes: all }) => all.every(({ state }) => state === "up"),
  );
  expect(nodes).toHaveLength(3);
  expect(await lab.volume("alone")).toMatchObject({ unavailableChunks: 0 });
});
