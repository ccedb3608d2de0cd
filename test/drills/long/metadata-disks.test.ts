// What the disks of metadata members can do to a cluster: run full, or hold what belongs to another
// one. Both are told clearly, and neither costs what was acknowledged.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { cp, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { toSystemError } from "@ashlar/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MetadataGroup } from "../../support/metadata-group.ts";
import { SmallDisk, upOnSmallDisks } from "../../support/small-disks.ts";
import { ashlarOutcome, TestLab, type VolumeDocument } from "../../support/test-lab.ts";
import { scratchFolder, until } from "../../support/tools.ts";

const MEMBERS = ["metadata-1", "metadata-2", "metadata-3"];
const DISK_MIB = 32;
/** What is left of a full disk's last block takes a few changes more. */
const CREATIONS_MAX = 64;
const FULL_DEADLINE_MS = 30_000;

let lab: TestLab;
/** One with a single metadata member. */
let only: TestLab;
let group: MetadataGroup;
let folder: Awaited<ReturnType<typeof scratchFolder>>;

beforeAll(async () => {
  folder = await scratchFolder();
  lab = await TestLab.make("--nodes", "1", "--gateways", "1");
  only = await TestLab.make("--nodes", "1", "--gateways", "1", "--metadata", "1");
  await Promise.all([lab.down(), only.down()]);
  await cp(join(only.dir, "metadata-1"), join(folder.path, "foreign"), { recursive: true });
  await upOnSmallDisks(lab, MEMBERS, DISK_MIB);
  await upOnSmallDisks(only, ["metadata-1"], DISK_MIB);
  group = await MetadataGroup.of(lab);
  await group.untilInStep(...MEMBERS);
});
afterAll(async () => {
  group?.close();
  await Promise.all([lab?.remove(), only?.remove()]);
  await folder.remove();
});

const diskOf = async (id: string): Promise<SmallDisk> =>
  new SmallDisk(lab, id, await group.pidOf(id));

async function volumeNames(): Promise<string[]> {
  const { volumes } = await lab.command<{ volumes: VolumeDocument[] }>("volume", "list");
  return volumes.map(({ name }) => name);
}

/** How often a member has told that its disk is full. */
const timesFull = (id: string): number =>
  readFileSync(join(lab.dir, "logs", `${id}.log`), "utf8").split("disk is full").length - 1;

test("one member's disk runs full: the others carry on, and it comes back into step", async () => {
  const leader = await group.leader();
  const disk = await diskOf(leader);
  await disk.fill();
  const made: string[] = [];
  while (timesFull(leader) === 0 && made.length < CREATIONS_MAX) {
    await group.createVolume(`filling-${made.length}`);
    made.push(`filling-${made.length}`);
  }
  expect(timesFull(leader)).toBeGreaterThan(0);
  await lab.createVolume("on-two", "1GiB");
  expect(await group.leader()).not.toBe(leader);
  await disk.free();
  await group.untilInStep(...MEMBERS);
  expect(await volumeNames()).toEqual(expect.arrayContaining([...made, "on-two"]));
});

test("most members' disks run full: changes wait or are refused, nothing is lost, and on with room", async () => {
  const disks = await Promise.all(MEMBERS.map(diskOf));
  const before = MEMBERS.map(timesFull);
  const made = await volumeNames();
  const refusals: unknown[] = [];
  let full = true;
  for (const disk of disks) await disk.fill();
  const creating = (async () => {
    for (let count = 0; full && refusals.length === 0; count += 1) {
      try {
        await group.createVolume(`full-${count}`);
        made.push(`full-${count}`);
      } catch (thrown) {
        refusals.push(toSystemError(thrown).code);
      }
    }
  })();
  try {
    const ask = async (): Promise<number> =>
      MEMBERS.filter((id, place) => timesFull(id) > (before[place] ?? 0)).length;
    await until("two full disks", FULL_DEADLINE_MS, ask, (count) => count >= 2);
  } finally {
    full = false;
    for (const disk of disks) await disk.free();
  }
  await creating;
  console.log(`most disks full: ${refusals.join() || "a change waited"}`);
  for (const code of refusals) expect(["disk/no-space", "cluster/unavailable"]).toContain(code);
  await group.untilInStep(...MEMBERS);
  await lab.createVolume("room-again", "1GiB");
  expect(await volumeNames()).toEqual(expect.arrayContaining([...made, "room-again"]));
});

test("the only member's disk runs full: a clear refusal, nothing is lost, and on with room", async () => {
  const alone = await MetadataGroup.of(only);
  const disk = new SmallDisk(only, "metadata-1", await alone.pidOf("metadata-1"));
  await disk.fill();
  const made: string[] = [];
  let refusal: unknown;
  while (!refusal && made.length < CREATIONS_MAX) {
    const name = `alone-${made.length}`;
    await alone.createVolume(name).then(
      () => made.push(name),
      (thrown) => {
        refusal = thrown;
      },
    );
  }
  expect(refusal).toMatchObject({ code: "disk/no-space", meta: { hint: expect.any(String) } });
  console.log(`only disk full: ${toSystemError(refusal).message}`);
  await disk.free();
  await alone.untilInStep("metadata-1");
  await only.createVolume("room-again", "1GiB");
  const { volumes } = await only.command<{ volumes: VolumeDocument[] }>("volume", "list");
  const names = volumes.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([...made, "room-again"]));
  alone.close();
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
  const foreign = join(folder.path, "foreign");
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
});
