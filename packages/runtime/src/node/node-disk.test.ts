import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { diskContract } from "../testing/disk-contract.ts";
import { nodeDisk } from "./node-disk.ts";

const temporary = (): Promise<string> => mkdtemp(join(tmpdir(), "ashlar-node-disk-"));

diskContract("nodeDisk", async () => {
  const folder = await temporary();
  return { disk: nodeDisk, folder, dispose: () => rm(folder, { recursive: true }) };
});

let folder: string;
beforeEach(async () => {
  folder = await temporary();
});
afterEach(() => rm(folder, { recursive: true }));

test("the lock of a process that is gone is taken over", async () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  await writeFile(join(folder, "a.lock"), `${pid} 1`);
  const file = await nodeDisk.open(join(folder, "a"), { mode: "create", lock: true });
  expect(await readFile(join(folder, "a.lock"), "utf8")).toMatch(new RegExp(`^${process.pid} `));
  await file.close();
});

test("a lock file that names this pid at another start time is stale", async () => {
  await writeFile(join(folder, "a.lock"), `${process.ppid} 1`);
  const file = await nodeDisk.open(join(folder, "a"), { mode: "create", lock: true });
  expect(await readFile(join(folder, "a.lock"), "utf8")).toMatch(new RegExp(`^${process.pid} `));
  await file.close();
});

test("very many writes that do not fit are refused as one that does not, and the file goes on", async () => {
  const pieces = Array.from({ length: 400 }, (_, piece) => ({
    position: piece * 4096,
    data: [Buffer.alloc(4096)],
  }));
  const full = await nodeDisk.open("/dev/full", { mode: "open" });
  const noSpace = { code: "disk/no-space", meta: { errno: "ENOSPC", path: "/dev/full" } };
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await expect(full.writeMany(pieces)).rejects.toMatchObject(noSpace);
  }
  const ended = expect(full.writeMany(pieces)).rejects.toMatchObject({
    code: expect.stringMatching(/^disk\//),
  });
  await full.close();
  await ended;
  await expect(full.writeMany(pieces)).rejects.toMatchObject({ code: "disk/failed" });
});
