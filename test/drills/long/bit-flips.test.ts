// Bits flip in the disk file of a storage node that is at work: in content, which is repaired from the other copy,
// and in metadata and journal, which ends the store. A host at work meanwhile reads what it wrote, and no error.
import { type FileHandle, open, rm } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ashlarOutcome, TestLab } from "../../support/test-lab.ts";
import { run, until } from "../../support/tools.ts";
import { underLoad } from "../../support/verified-load.ts";

const NODE = "storage-2";
const UNIT = 4096;
const MIB = 1024 * 1024;
const SUPERBLOCK_JOURNAL_BYTES = 280;
const JOURNAL_START = 64 * 1024;
const MAGICS = { page: 0x4750_4c41, directory: 0x4944_4c41 };
const ROUNDS = 20;
const FLIPS = 50;
const TIMEOUT_MS = 300_000;

let lab: TestLab;
beforeAll(async () => {
  lab = await TestLab.make();
});
afterAll(() => lab?.remove());

type Area = "content" | "metadata" | "journal";

/** Positions of the blocks of each kind that hold something. */
async function blocksOf(file: FileHandle): Promise<Record<Area, number[]>> {
  const block = Buffer.alloc(UNIT);
  await file.read(block, 0, UNIT, 0);
  const dataStart = JOURNAL_START + Number(block.readBigUInt64LE(SUPERBLOCK_JOURNAL_BYTES));
  const found: Record<Area, number[]> = { content: [], metadata: [], journal: [] };
  const empty = Buffer.alloc(UNIT);
  const piece = Buffer.alloc(MIB);
  for (let from = 0; ; from += MIB) {
    const { bytesRead } = await file.read(piece, 0, MIB, from);
    if (bytesRead === 0) return found;
    for (let within = 0; within < bytesRead; within += UNIT) {
      const at = from + within;
      const bytes = piece.subarray(within, within + UNIT);
      if (at < JOURNAL_START || bytes.equals(empty)) continue;
      const magic = bytes.readUInt32LE(0);
      const isMetadata = magic === MAGICS.page || magic === MAGICS.directory;
      if (at < dataStart) found.journal.push(at);
      else (isMetadata ? found.metadata : found.content).push(at);
    }
  }
}

/** Flips a bit in some of the blocks, or in all of them; how many. */
async function flip(area: Area, count = Number.POSITIVE_INFINITY): Promise<number> {
  const file = await open(await lab.diskPath(NODE), "r+");
  const blocks = (await blocksOf(file))[area];
  const chosen = blocks.toSorted(() => Math.random() - 0.5).slice(0, count);
  const byte = Buffer.alloc(1);
  for (const block of chosen) {
    const at = block + Math.floor(Math.random() * UNIT);
    await file.read(byte, 0, 1, at);
    byte.writeUInt8(byte.readUInt8(0) ^ (1 << Math.floor(Math.random() * 8)));
    await file.write(byte, 0, 1, at);
  }
  await file.sync();
  await file.close();
  return chosen.length;
}

interface DisksDocument {
  readonly disks: readonly { node: string; id: string; state: string; storeUuid: string }[];
}

async function disk() {
  const { disks } = await lab.command<DisksDocument>("disk", "list");
  return disks.find(({ node, id }) => node === NODE && id === "disk-1");
}

test(
  "content that rots under a node at work is repaired, and never read",
  async () => {
    let flips = 0;
    // What nobody writes any more, beside what is written all the time.
    const still = await lab.createVolume("still", "64MiB");
    const io = (command: string, gateway: number): Promise<string> =>
      run("qemu-io", "-f", "raw", "-c", command, lab.url(still, gateway));
    await io("write -P 0x77 0 8M", 1);
    await io("write -P 0x33 4k 4k", 1);
    const report = await underLoad(lab, "content", async ({ volume }) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        await setTimeout(500);
        flips += await flip("content", FLIPS);
      }
      for (const gateway of [1, 2]) await io("read -P 0x77 8k 8184k", gateway);
      await io("read -P 0x33 4k 4k", 2);
      const { exit, stdout } = await ashlarOutcome(
        "disk",
        "scrub",
        `${NODE}/disk-1`,
        "--dir",
        lab.dir,
      );
      expect(exit, stdout).toBe(0);
      const check = await ashlarOutcome("volume", "check", volume.name, "--dir", lab.dir);
      expect(check.exit, check.stdout).toBe(0);
    });
    const repaired = await lab.metric(NODE, "ashlar_store_repaired_units_total");
    console.log(`${flips} flips in content, ${repaired} units repaired; ${report.text}`);
    expect(report).toMatchObject({ errors: 0, clean: true });
    expect(repaired).toBeGreaterThan(FLIPS);
  },
  TIMEOUT_MS,
);

test.each(["metadata", "journal"] as const)(
  "%s that rots under a node at work ends its store at the next start, and another takes its place",
  async (area) => {
    let flips = 0;
    const report = await underLoad(lab, area, async ({ volume }) => {
      await setTimeout(2_000);
      const before = await disk();
      flips = await flip(area);
      expect(flips).toBeGreaterThan(0);
      process.kill((await lab.pidOf(NODE)) ?? Number.NaN, "SIGKILL");
      await until("the store is left alone", 30_000, disk, (now) => now?.state === "missing");
      await lab.command("disk", "retire", `${NODE}/disk-1`);
      await lab.command("lab", "stop", NODE);
      await rm(await lab.diskPath(NODE));
      await lab.command("lab", "start", NODE);
      await until("a new store", 30_000, disk, (now) => now?.state === "up");
      expect((await disk())?.storeUuid).not.toBe(before?.storeUuid);
      const whole = () => lab.volume(volume.name);
      await until("all copies", 60_000, whole, ({ degradedChunks }) => degradedChunks === 0);
    });
    console.log(`${flips} flips in the ${area}; ${report.text}`);
    expect(report).toMatchObject({ errors: 0, clean: true });
  },
  TIMEOUT_MS,
);
