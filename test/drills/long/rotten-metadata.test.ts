// Bits flip in the metadata of a store whose node is stopped: the disk is left alone and shown, hosts notice
// nothing, and another disk takes its place when it is given up.
import { open, rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestLab } from "../../support/test-lab.ts";
import { run, until } from "../../support/tools.ts";

const UNIT = 4096;
/** The first word of a page of a store's metadata. */
const PAGE_MAGIC = 0x4750_4c41;

let lab: TestLab;
beforeAll(async () => {
  lab = await TestLab.make();
});
afterAll(() => lab?.remove());

/** Flips a bit in every page of metadata of a node's store. */
async function flipMetadata(node: string): Promise<number> {
  const file = await open(await lab.diskPath(node), "r+");
  const block = Buffer.alloc(UNIT);
  let flips = 0;
  for (let at = 0; (await file.read(block, 0, UNIT, at)).bytesRead === UNIT; at += UNIT) {
    if (block.readUInt32LE(0) !== PAGE_MAGIC) continue;
    await file.write(Buffer.from([(block[100] ?? 0) ^ 1]), 0, 1, at + 100);
    flips += 1;
  }
  await file.sync();
  await file.close();
  return flips;
}

interface DisksDocument {
  readonly disks: readonly { node: string; id: string; state: string; storeUuid: string }[];
}

async function diskOf(node: string) {
  const { disks } = await lab.command<DisksDocument>("disk", "list");
  return disks.find((one) => one.node === node && one.id === "disk-1");
}

test("a store whose metadata has rotted is left alone, and a new disk takes its place", async () => {
  const volume = await lab.createVolume("shared", "64MiB", "--replicas", "3");
  await run("qemu-io", "-f", "raw", "-c", "write -P 0x77 0 8M", lab.url(volume, 1));
  await lab.down();
  expect(await flipMetadata("storage-2")).toBeGreaterThan(0);
  await lab.up();
  const rotten = await diskOf("storage-2");
  expect(rotten?.state).toBe("missing");
  const read = await run("qemu-io", "-f", "raw", "-c", "read -P 0x77 0 8M", lab.url(volume, 2));
  expect(read).not.toMatch(/fail/);

  // There is no fourth node for the third copy.
  await lab.command("disk", "retire", "storage-2/disk-1", "--force");
  await lab.command("lab", "stop", "storage-2");
  await rm(await lab.diskPath("storage-2"));
  await lab.command("lab", "start", "storage-2");
  await until(
    "three copies in sync",
    60_000,
    () => lab.volume("shared"),
    ({ degradedChunks }) => degradedChunks === 0,
  );
  const fresh = await diskOf("storage-2");
  expect(fresh?.state).toBe("up");
  expect(fresh?.storeUuid).not.toBe(rotten?.storeUuid);
});
