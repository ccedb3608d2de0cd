// Bits flip on the disks of a whole cluster, in units of which one good copy is left (P14): everything is
// read as it was written, and after a check every copy is good again, counted by those who repaired it.
import { createHash } from "node:crypto";
import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ashlarOutcome, type CheckDocument, TestLab } from "../../support/test-lab.ts";
import { outcomeOf, run, scratchFolder } from "../../support/tools.ts";

const MIB = 1024 * 1024;
const UNIT = 4096;
const IMAGE_BYTES = 8 * MIB;
const UNITS = IMAGE_BYTES / UNIT;
const STAMP_BYTES = 32;
const NODES = ["storage-1", "storage-2", "storage-3"] as const;

let lab: TestLab;
let folder: Awaited<ReturnType<typeof scratchFolder>>;
beforeAll(async () => {
  folder = await scratchFolder();
  lab = await TestLab.make();
});
afterAll(async () => {
  await lab?.remove();
  await folder.remove();
});

/** A unit's bytes: no two are alike. */
function unitBytes(unit: number): Buffer {
  const stamp = createHash("sha256").update(`unit ${unit}`).digest();
  return Buffer.concat(Array.from({ length: UNIT / STAMP_BYTES }, () => stamp));
}

const image = Buffer.concat(Array.from({ length: UNITS }, (_, unit) => unitBytes(unit)));

/** Where each unit of the image lies in a node's disk file, by the unit. */
async function placesOf(path: string): Promise<ReadonlyMap<number, number>> {
  const stamps = new Map(
    Array.from({ length: UNITS }, (_, unit) => [
      unitBytes(unit).subarray(0, STAMP_BYTES).toString("hex"),
      unit,
    ]),
  );
  const places = new Map<number, number>();
  const file = await open(path, "r");
  const block = Buffer.alloc(MIB);
  for (let at = 0; places.size < UNITS; at += MIB) {
    const { bytesRead } = await file.read(block, 0, MIB, at);
    if (bytesRead === 0) break;
    for (let within = 0; within < bytesRead; within += UNIT) {
      const stamp = block.subarray(within, within + STAMP_BYTES).toString("hex");
      const unit = stamps.get(stamp);
      if (unit !== undefined) places.set(unit, at + within);
    }
  }
  await file.close();
  return places;
}

/** Flips a bit in each of the units; the number of flips. */
async function flip(node: string, units: readonly number[]): Promise<number> {
  const path = await lab.diskPath(node);
  const places = await placesOf(path);
  expect(places.size, `units found in ${path}`).toBe(UNITS);
  const file = await open(path, "r+");
  for (const unit of units) {
    const bytes = unitBytes(unit);
    const at = unit % UNIT;
    const changed = Buffer.from([(bytes[at] ?? 0) ^ (1 << (unit % 8))]);
    await file.write(changed, 0, 1, (places.get(unit) ?? 0) + at);
  }
  await file.sync();
  await file.close();
  return units.length;
}

async function check(): Promise<{ exit: number; told: CheckDocument }> {
  const at = ["--dir", lab.dir, "--json"];
  const { exit, stdout } = await ashlarOutcome("volume", "check", "rot", ...at);
  return { exit, told: JSON.parse(stdout) as CheckDocument };
}

async function repaired(): Promise<number> {
  const counts = NODES.map((node) => lab.metric(node, "ashlar_store_repaired_units_total"));
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

test("units with one good copy left are read right and repaired, and the repairs are counted", async () => {
  const volume = await lab.createVolume("rot", "64MiB", "--replicas", "3");
  const source = join(folder.path, "source.raw");
  await writeFile(source, image);
  const put = (): Promise<string> =>
    run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", source, lab.url(volume, 1));
  await put();
  await lab.down();
  // Each unit whose number is a multiple of 7 is damaged on two of its three copies, in turn.
  const damaged = Array.from({ length: UNITS }, (_, unit) => unit).filter((unit) => unit % 7 === 0);
  let flips = 0;
  for (const [at, node] of NODES.entries()) {
    flips += await flip(
      node,
      damaged.filter((unit) => unit % NODES.length !== at),
    );
  }
  expect(flips).toBe(2 * damaged.length);
  await lab.up();

  const back = join(folder.path, "back.raw");
  await run("qemu-img", "convert", "-f", "raw", "-O", "raw", lab.url(volume, 2), back);
  expect((await readFile(back)).subarray(0, IMAGE_BYTES).equals(image)).toBe(true);
  expect(await repaired(), "repaired by being read").toBeGreaterThan(0);

  // It fails for what it found, and finds nothing the next time.
  const found = await check();
  expect(found).toMatchObject({ exit: 1, told: { chunks: 1, replicas: 3, different: 0 } });
  expect(found.told.damaged).toBeGreaterThan(0);
  const clean = { chunks: 1, replicas: 3, different: 0, damaged: 0 };
  expect(await check()).toEqual({ exit: 0, told: clean });
  expect(await repaired()).toBe(flips);
});

interface ScrubDocument {
  readonly chunksDone: number;
  readonly damaged: number;
  readonly repaired: number;
  readonly different: number;
}

async function scrub(disk: string): Promise<{ exit: number; told: ScrubDocument }> {
  const { exit, stdout } = await ashlarOutcome("disk", "scrub", disk, "--dir", lab.dir, "--json");
  return { exit, told: JSON.parse(stdout) as ScrubDocument };
}

test("a scrub finds what nobody reads, on each disk, and has it repaired", async () => {
  await lab.down();
  const damaged = Array.from({ length: UNITS }, (_, unit) => unit).filter((unit) => unit % 5 === 0);
  const flips: number[] = [];
  for (const [at, node] of NODES.entries()) {
    flips.push(
      await flip(
        node,
        damaged.filter((unit) => unit % NODES.length === at),
      ),
    );
  }
  await lab.up();
  for (const [at, node] of NODES.entries()) {
    const { exit, told } = await scrub(`${node}/disk-1`);
    const all = { damaged: flips[at], repaired: flips[at], different: 0 };
    // A deep check of the first one's chunk has repaired the others already.
    const expected = at === 0 ? all : { damaged: 0, repaired: 0, different: 0 };
    expect({ exit, told }, node).toMatchObject({ exit: 0, told: expected });
  }
  const { disks } = await lab.command<{ disks: { id: string; scrub: ScrubDocument }[] }>(
    "disk",
    "list",
  );
  expect(disks).toHaveLength(NODES.length);
  for (const { scrub: pass } of disks)
    expect(pass).toMatchObject({ finishedAt: expect.stringMatching(/Z$/) });
});

test("where no other copy is left an error is told, by a scrub and to the host, and never wrong data", async () => {
  const volume = await lab.createVolume("alone", "64MiB", "--replicas", "1");
  const source = join(folder.path, "alone.raw");
  await writeFile(source, image);
  await run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", source, lab.url(volume, 1));
  await lab.command("volume", "delete", "rot");
  const nodes = await lab.command<{ nodes: { id: string; chunks: number }[] }>("node", "list");
  const holder = nodes.nodes.find(({ chunks }) => chunks > 0)?.id ?? "";
  await lab.down();
  await flip(holder, [9]);
  await lab.up();
  const { exit, told } = await scrub(`${holder}/disk-1`);
  expect({ exit, told }).toMatchObject({ exit: 1, told: { damaged: 1, repaired: 0 } });
  const at = 9 * UNIT;
  const read = (offset: number) =>
    outcomeOf("qemu-io", ["-f", "raw", "-c", `read -v ${offset} ${UNIT}`, lab.url(volume, 2)]);
  const bad = await read(at);
  expect(`${bad.stdout}${bad.stderr}`).toMatch(/read failed/);
  const good = await read(at + UNIT);
  expect(good.stdout).not.toMatch(/failed/);
});
