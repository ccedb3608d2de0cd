// A node is gone for good and its disk is not: put into another node, it serves there what it holds.
import { afterAll, beforeAll, expect, test } from "vitest";
import { moveDisk } from "../../support/storage-config.ts";
import { type NodesDocument, TestLab } from "../../support/test-lab.ts";
import { run, until } from "../../support/tools.ts";

const DEADLINE_MS = 60_000;

let lab: TestLab;
beforeAll(async () => {
  lab = await TestLab.make("--metadata", "1");
});
afterAll(() => lab?.remove());

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
  await moveDisk(lab, "disk-1", { from: "storage-2", to: "storage-1" });
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
