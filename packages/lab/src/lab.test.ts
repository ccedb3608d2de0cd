// What a lab does when it cannot be made or started: it says why and leaves nothing behind. Labs
// that do start are the end-to-end tests' part.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeRandom } from "@ashlar/runtime";
import { afterEach, beforeEach, expect, test } from "vitest";
import { foundOnce } from "./founding.ts";
import { Lab } from "./lab.ts";
import { createLab, findLab, readLab, writeLab } from "./lab-file.ts";
import { makeLabFolder } from "./lab-folder.ts";
import { planLab } from "./lab-plan.ts";
import { labShape, type UpOptions } from "./lab-shape.ts";
import { writeConfigs } from "./process-configs.ts";

const script = fileURLToPath(new URL("./testing/stand-in-ashlar.js", import.meta.url));
const call = { signal: new AbortController().signal };

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "ashlar-lab-"));
});
afterEach(() => rmSync(top, { recursive: true }));

async function makeLab(dir: string, options: UpOptions = {}): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const folder = { socketPath: join(dir, "s.sock") };
  const planned = await planLab({ random: nodeRandom }, labShape(options), folder);
  await writeLab(dir, { ...planned, stage: "ready" });
}

test("when a process keeps dying, up says so with its log and takes everything away", async () => {
  const lab = new Lab({ dir: join(top, "deep", "lab"), script });
  await expect(lab.up({}, call)).rejects.toMatchObject({
    code: "process/failed",
    message: "metadata-1 does not start: the disk said no",
  });
  expect(readdirSync(top)).toEqual([]);
});

test("an empty folder that was there before stays, empty", async () => {
  const dir = join(top, "lab");
  mkdirSync(dir);
  await expect(new Lab({ dir, script }).up({}, call)).rejects.toMatchObject({});
  expect(readdirSync(dir)).toEqual([]);
});

test("a lab that does not start at a later up keeps its files", async () => {
  const dir = join(top, "lab");
  await makeLab(dir);
  const before = await findLab(dir);
  await expect(new Lab({ dir, script }).up({}, call)).rejects.toMatchObject({
    code: "process/failed",
  });
  expect(await findLab(dir)).toEqual(before);
});

test("a folder with other files is left alone", async () => {
  writeFileSync(join(top, "letter.txt"), "dear");
  await expect(new Lab({ dir: top, script }).up({}, call)).rejects.toMatchObject({
    code: "lab/exists",
  });
  expect(readdirSync(top)).toEqual(["letter.txt"]);
});

test("of two ups in one folder one makes the lab, the other says so and harms nothing", async () => {
  const dir = join(top, "lab");
  const ups = [1, 2].map(() => new Lab({ dir, script }).up({}, call));
  const outcomes = await Promise.allSettled(ups);
  const codes = outcomes.map((one) => one.status === "rejected" && one.reason.code);
  expect(codes.sort()).toEqual(["lab/exists", "process/failed"]);
  // The folder's maker may be the one that was too late for the lab: then it stays, empty.
  expect(readdirSync(top, { recursive: true }).filter((name) => name !== "lab")).toEqual([]);
});

test("a lab that was there first is not taken away with a failed one", async () => {
  await makeLab(top);
  const first = await findLab(top);
  const lab = await planLab({ random: nodeRandom }, labShape({}), { socketPath: "s" });
  await expect(createLab(top, lab)).rejects.toMatchObject({ code: "lab/exists" });
  expect(await findLab(top)).toEqual(first);
  expect(readdirSync(top)).toEqual(["lab.json"]);
});

test("what a killed first up left of its document is no stranger", async () => {
  writeFileSync(join(top, "lab.json.new"), '{"vers');
  const { remove } = await makeLabFolder(top, labShape({}));
  await remove();
  expect(readdirSync(top)).toEqual([]);
});

test("bad options are refused before anything is made", async () => {
  const dir = join(top, "lab");
  await expect(new Lab({ dir, script }).up({ diskSize: "1" }, call)).rejects.toMatchObject({
    code: "argument/invalid",
  });
  expect(existsSync(dir)).toBe(false);
});

test("where networks cannot be made, an isolated lab is refused and leaves nothing", async () => {
  const environment = process.env;
  process.env = { ...environment, PATH: top };
  try {
    const up = new Lab({ dir: join(top, "lab"), script }).up({ isolate: true }, call);
    await expect(up).rejects.toMatchObject({
      code: "config/no-network",
      meta: { hint: expect.stringContaining("run as root, with iproute2 installed") },
    });
  } finally {
    process.env = environment;
  }
  expect(readdirSync(top)).toEqual([]);
});

test("a lab does not become an isolated one later", async () => {
  const dir = join(top, "lab");
  await makeLab(dir);
  await expect(new Lab({ dir, script }).up({ isolate: true }, call)).rejects.toMatchObject({
    code: "lab/exists",
    message: "this lab was made without --isolate, which cannot change at up",
  });
});

test("an existing lab keeps its shape", async () => {
  const dir = join(top, "lab");
  await makeLab(dir);
  await expect(new Lab({ dir, script }).up({ nodes: "5" }, call)).rejects.toMatchObject({
    code: "lab/exists",
    message: "this lab was made with --nodes 3, which cannot change at up",
  });
});

test("so it does in the number of its metadata members", async () => {
  const dir = join(top, "lab");
  await makeLab(dir);
  await expect(new Lab({ dir, script }).up({ metadata: "5" }, call)).rejects.toMatchObject({
    code: "lab/exists",
    message: "this lab was made with --metadata 3, which cannot change at up",
  });
});

test("commands about no lab, or one that does not run, say so", async () => {
  const lab = new Lab({ dir: join(top, "lab"), script });
  await expect(lab.status(call)).rejects.toMatchObject({ code: "lab/not-found" });
  await makeLab(lab.dir);
  await expect(lab.status(call)).rejects.toMatchObject({
    code: "lab/not-running",
    meta: { hint: `start it with \`ashlar lab up --dir ${lab.dir}\`` },
  });
  await expect(lab.down(call)).rejects.toMatchObject({ code: "lab/not-running" });
  await expect(lab.logs("storage-9", 1)).rejects.toMatchObject({ code: "process/not-found" });
});

test("a first up that was killed after the founding does not found again", async () => {
  const dir = join(top, "lab");
  await makeLab(dir);
  const planned = { ...(await readLab(dir)), stage: "planned" } as const;
  await writeConfigs(dir, planned);
  await foundOnce({ random: nodeRandom }, dir, planned);
  const files = readdirSync(join(dir, "metadata-1"), { recursive: true });
  expect(files).not.toEqual([]);
  for (const id of ["metadata-2", "metadata-3"]) expect(readdirSync(join(dir, id))).toEqual([]);

  // The note of it was lost with the process that would have written it.
  expect(await foundOnce({ random: nodeRandom }, dir, planned)).toMatchObject({ stage: "founded" });
  expect(await readLab(dir)).toMatchObject({ stage: "founded" });
  expect(readdirSync(join(dir, "metadata-1"), { recursive: true })).toEqual(files);
});

test("a wiped founder is not founded anew", async () => {
  const dir = join(top, "lab");
  await makeLab(dir);
  const lab = await readLab(dir);
  await writeConfigs(dir, lab);
  expect(await foundOnce({ random: nodeRandom }, dir, lab)).toEqual(lab);
  expect(readdirSync(join(dir, "metadata-1"))).toEqual([]);
});

test("a metadata member that the others may need is not wiped", async () => {
  const lab = new Lab({ dir: join(top, "lab"), script });
  await makeLab(lab.dir);
  await expect(lab.wipe("metadata-2", call)).rejects.toMatchObject({
    code: "member/needed",
    message: "what metadata-2 holds may be needed: the lab does not run",
  });
  const single = join(top, "single");
  await makeLab(single, { metadata: "1" });
  await expect(new Lab({ dir: single, script }).wipe("metadata-1", call)).rejects.toMatchObject({
    code: "member/needed",
    message: "what metadata-1 holds may be needed: no other member knows the cluster",
  });
});

test("wipe removes the data of a storage node that is down, and nothing else", async () => {
  const lab = new Lab({ dir: join(top, "lab"), script });
  await makeLab(lab.dir);
  for (const id of ["storage-1", "storage-2"]) {
    mkdirSync(join(lab.dir, id));
    writeFileSync(join(lab.dir, id, "disk-1"), "blocks");
  }
  await lab.wipe("storage-1", call);
  expect(readdirSync(join(lab.dir, "storage-1"))).toEqual([]);
  expect(readdirSync(join(lab.dir, "storage-2"))).toEqual(["disk-1"]);
  await expect(lab.wipe("gateway-1", call)).rejects.toMatchObject({ code: "argument/invalid" });
  await expect(lab.wipe("storage-7", call)).rejects.toMatchObject({ code: "process/not-found" });
});

test("a folder too deep for a unix socket gets one in a temporary folder, removed with it", async () => {
  const dir = join(top, "x".repeat(100), "lab");
  const made = await makeLabFolder(dir, labShape({}));
  expect(Buffer.byteLength(made.socketPath)).toBeLessThanOrEqual(107);
  expect(made.socketPath.startsWith(dir)).toBe(false);
  await made.remove();
  expect(readdirSync(top)).toEqual([]);
});
