// All nodes together are one device: a volume holds more than any node's disk, thin space is taken
// as data arrive, and comes back when the volume is deleted.
import { createCipheriv } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type NodesDocument, TestLab } from "../../support/test-lab.ts";
import { run, scratchFolder, until } from "../../support/tools.ts";

const MIB = 1024 * 1024;
const DISK_MIB = 512;
const VOLUME_MIB = 540;
const REPLICAS = 2;
const FREED_DEADLINE_MS = 60_000;
/** Free space is told with pings, some of it in steps: compare to within this much per node. */
const SLACK_BYTES = 32 * MIB;

let lab: TestLab;
let folder: Awaited<ReturnType<typeof scratchFolder>>;

beforeAll(async () => {
  folder = await scratchFolder();
  lab = await TestLab.make("--disk-size", `${DISK_MIB}MiB`, "--metadata", "1");
});
afterAll(async () => {
  await lab?.remove();
  await folder.remove();
});

/** A file of a key stream: the same in each run, and nothing can compress it. */
async function makeIncompressible(path: string): Promise<void> {
  const stream = createCipheriv("aes-256-ctr", Buffer.alloc(32, 7), Buffer.alloc(16));
  const zeros = Buffer.alloc(MIB);
  const file = await open(path, "w");
  for (let at = 0; at < VOLUME_MIB; at += 1) await file.write(stream.update(zeros));
  await file.close();
}

async function freeBytes(): Promise<number> {
  const { nodes } = await lab.command<NodesDocument>("node", "list");
  return nodes.reduce((sum, node) => sum + node.freeBytes, 0);
}

test("a volume larger than a disk is filled, read back right, and gives its space back", async () => {
  const source = join(folder.path, "source");
  await makeIncompressible(source);
  const { nodes } = await lab.command<NodesDocument>("node", "list");
  for (const node of nodes) expect(node.sizeBytes).toBeLessThan(VOLUME_MIB * MIB);
  const before = await freeBytes();

  const volume = await lab.createVolume("large", `${VOLUME_MIB}MiB`);
  const target = lab.url(volume, 1);
  await run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", source, target);
  const compared = await run("qemu-img", "compare", "-f", "raw", source, lab.url(volume, 2));
  expect(compared).toContain("Images are identical");

  const slack = nodes.length * SLACK_BYTES;
  const taken = REPLICAS * VOLUME_MIB * MIB;
  await until(
    "space taken",
    FREED_DEADLINE_MS,
    freeBytes,
    (free) => Math.abs(before - free - taken) <= slack,
  );
  await lab.command("volume", "delete", "large");
  await until("space given back", FREED_DEADLINE_MS, freeBytes, (free) => before - free <= slack);
});
