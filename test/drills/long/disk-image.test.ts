// The main job on real input: a real disk image is written through one gateway while a storage
// process dies and stays dead, and comes back byte for byte through the other gateway.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeImage } from "../../support/ext4-image.ts";
import { type CheckDocument, type NodesDocument, TestLab } from "../../support/test-lab.ts";
import { run, scratchFolder, sha256, until } from "../../support/tools.ts";

const IMAGE_MIB = 384;
const FILES_MIN = 3_000;
/** Bytes per second: slows the write so that "halfway" is long enough to kill a process in it. */
const WRITE_RATE = "64M";
const WRITE_DEADLINE_MS = 60_000;
const RESYNC_DEADLINE_MS = 120_000;
const VICTIM = "storage-2";

let folder: Awaited<ReturnType<typeof scratchFolder>>;
let image: string;
let imageSum: string;

beforeAll(async () => {
  folder = await scratchFolder();
  image = join(folder.path, "image");
  expect(await makeImage(folder.path, image, IMAGE_MIB)).toBeGreaterThan(FILES_MIN);
  imageSum = await sha256(image);
});

afterAll(() => folder.remove());

const writtenBytes = (lab: TestLab): Promise<number> =>
  lab.metric("gateway-1", "ashlar_gateway_transferred_bytes", 'direction="write"');

/**
 * Writes the image and kills the victim once half of the data has passed the gateway. Returns how
 * much had passed when it was dead, and in all.
 */
async function writeWhileKilling(
  lab: TestLab,
  url: string,
): Promise<{ deadAt: number; total: number }> {
  const args = ["-n", "-r", WRITE_RATE, "-f", "raw", "-O", "raw", image, url];
  let writing = true;
  const write = run("qemu-img", "convert", ...args).finally(() => {
    writing = false;
  });
  const half = (await allocatedBytes(image)) / 2;
  await until(
    "half written",
    WRITE_DEADLINE_MS,
    () => writtenBytes(lab),
    (now) => now >= half,
  );
  await lab.command("lab", "stop", VICTIM, "--kill");
  const deadAt = await writtenBytes(lab);
  expect(writing).toBe(true);
  await write;
  return { deadAt, total: await writtenBytes(lab) };
}

/** Bytes of a file that are not holes: what convert writes as data. */
async function allocatedBytes(path: string): Promise<number> {
  return (await stat(path)).blocks * 512;
}

async function readBack(url: string): Promise<string> {
  const back = join(folder.path, "back");
  await run("qemu-img", "convert", "-f", "raw", "-O", "raw", url, back);
  return back;
}

async function stateOf(lab: TestLab, id: string): Promise<string | undefined> {
  const { nodes } = await lab.command<NodesDocument>("node", "list");
  return nodes.find((node) => node.id === id)?.state;
}

let lab: TestLab;

beforeAll(async () => {
  lab = await TestLab.make();
});
afterAll(() => lab?.remove());

test("a disk image survives the death of a storage node halfway through the write", async () => {
  const volume = await lab.createVolume("image", `${IMAGE_MIB}MiB`);

  const { deadAt, total } = await writeWhileKilling(lab, lab.url(volume, 1));
  expect(deadAt).toBeLessThan(total);
  expect(await stateOf(lab, VICTIM)).toBe("down");
  expect(await lab.pidOf(VICTIM)).toBeNull();
  expect((await lab.volume("image")).degradedChunks).toBeGreaterThan(0);

  await lab.command("lab", "start", VICTIM);
  const back = await readBack(lab.url(volume, 2));
  expect(await sha256(back)).toBe(imageSum);
  await run("e2fsck", "-fn", back);
});

test("it is still the same after lab down and lab up", async () => {
  await lab.down();
  await lab.up();
  const volume = await lab.volume("image");
  expect(await sha256(await readBack(lab.url(volume, 1)))).toBe(imageSum);
});

test("all copies are equal once the returned node has caught up", async () => {
  await until(
    "resync",
    RESYNC_DEADLINE_MS,
    () => lab.volume("image"),
    ({ degradedChunks }) => degradedChunks === 0,
  );
  const check = await lab.command<CheckDocument>("volume", "check", "image");
  const { chunks } = await lab.volume("image");
  expect(check).toMatchObject({ chunks, replicas: 2 * chunks, different: 0 });
});
