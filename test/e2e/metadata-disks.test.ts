// What the disks of metadata members can do to a cluster: run full, or hold what belongs to another
// one. Both are told clearly, and neither costs what was acknowledged.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { cp, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MetadataGroup } from "./support/metadata-group.ts";
import { SmallDisk, upOnSmallDisks } from "./support/small-disks.ts";
import { ashlarOutcome, TestLab, type VolumeDocument } from "./support/test-lab.ts";
import { scratchFolder } from "./support/tools.ts";

const MEMBERS = ["metadata-1", "metadata-2", "metadata-3"];
const DISK_MIB = 32;
/** What is left of a full disk's last block takes a few changes more. */
const CREATIONS_MAX = 64;

let lab: TestLab;
let group: MetadataGroup;
let folder: Awaited<ReturnType<typeof scratchFolder>>;

beforeAll(async () => {
  folder = await scratchFolder();
  lab = await TestLab.make("--nodes", "1", "--gateways", "1");
  await lab.down();
  await upOnSmallDisks(lab, MEMBERS, DISK_MIB);
  group = await MetadataGroup.of(lab);
  await group.untilInStep(...MEMBERS);
});
afterAll(async () => {
  group?.close();
  await lab?.remove();
  await folder.remove();
});

const diskOf = async (id: string): Promise<SmallDisk> =>
  new SmallDisk(lab, id, await group.pidOf(id));

async function volumeNames(): Promise<string[]> {
  const { volumes } = await lab.command<{ volumes: VolumeDocument[] }>("volume", "list");
  return volumes.map(({ name }) => name);
}

const saidFull = (id: string): boolean =>
  readFileSync(join(lab.dir, "logs", `${id}.log`), "utf8").includes("metadata log: disk is full");

test("one member's disk runs full: the others carry on, and it comes back into step", async () => {
  const leader = await group.leader();
  const disk = await diskOf(leader);
  await disk.fill();
  const made: string[] = [];
  while (!saidFull(leader) && made.length < CREATIONS_MAX) {
    await group.createVolume(`filling-${made.length}`);
    made.push(`filling-${made.length}`);
  }
  expect(saidFull(leader)).toBe(true);
  await lab.createVolume("on-two", "1GiB");
  expect(await group.leader()).not.toBe(leader);
  await disk.free();
  await group.untilInStep(...MEMBERS);
  expect(await volumeNames()).toEqual(expect.arrayContaining([...made, "on-two"]));
});

/** What a creation was refused for, once no disk has room for it. */
async function firstRefusal(made: string[]): Promise<unknown> {
  for (let count = 0; count < CREATIONS_MAX; count += 1) {
    const name = `full-${count}`;
    try {
      await group.createVolume(name);
      made.push(name);
    } catch (thrown) {
      return thrown;
    }
  }
  return undefined;
}

test("all members' disks run full: a clear refusal, nothing lost, and on when there is room", async () => {
  const disks = await Promise.all(MEMBERS.map(diskOf));
  const made = await volumeNames();
  try {
    for (const disk of disks) await disk.fill();
    const refusal = await firstRefusal(made);
    expect(refusal).toMatchObject({ code: "disk/no-space", meta: { hint: expect.any(String) } });
    console.log(`all disks full: ${(refusal as Error).message}`);
  } finally {
    for (const disk of disks) await disk.free();
  }
  await group.untilInStep(...MEMBERS);
  await lab.createVolume("room-again", "1GiB");
  expect(await volumeNames()).toEqual(expect.arrayContaining([...made, "room-again"]));
});

/** Name and content of every file; what a process notes of itself while it holds a folder is none. */
async function contentsOf(path: string): Promise<string[]> {
  const names = await readdir(path, { recursive: true });
  const files: string[] = [];
  for (const name of names.sort()) {
    const file = join(path, name);
    if (!(await stat(file)).isFile() || /^lock/.test(name)) continue;
    files.push(
      `${name} ${createHash("sha256")
        .update(await readFile(file))
        .digest("hex")}`,
    );
  }
  return files;
}

/** Puts what `from` holds in the place of what `to` holds; the folder itself stays. */
async function replaceContents(to: string, from: string): Promise<void> {
  for (const name of await readdir(to)) await rm(join(to, name), { recursive: true });
  await cp(from, to, { recursive: true });
}

test("a member's folder of another cluster is refused by name and stays as it is", async () => {
  const other = await TestLab.make("--nodes", "1", "--gateways", "1", "--metadata", "1");
  try {
    await other.down();
    const foreign = join(other.dir, "metadata-1");
    const own = new SmallDisk(lab, "metadata-1", await group.pidOf("metadata-2")).folder;
    const kept = join(folder.path, "metadata-1");
    await lab.command("lab", "stop", "metadata-1");
    await cp(own, kept, { recursive: true });
    await replaceContents(own, foreign);

    const started = await ashlarOutcome("lab", "start", "metadata-1", "--dir", lab.dir, "--json");
    expect(started.exit).toBe(1);
    const { error } = JSON.parse(started.stdout) as { error: { code: string; message: string } };
    console.log(`foreign folder: ${error.message}`);
    expect(error.code).toBe("process/failed");
    expect(error.message).toMatch(/^metadata-1 does not start: .* belongs to cluster \S+, not to /);
    await lab.command("lab", "stop", "metadata-1");
    expect(await contentsOf(own)).toEqual(await contentsOf(foreign));

    await replaceContents(own, kept);
    await lab.command("lab", "start", "metadata-1");
    await group.untilInStep(...MEMBERS);
  } finally {
    await other.remove();
  }
});
