// A disk fails under a node that has another: the node keeps serving, hosts notice nothing, and the copies
// that were on the disk are made again where there is room.
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OwnFileSystem } from "../../support/own-file-system.ts";
import { type CheckDocument, TestLab, type VolumeDocument } from "../../support/test-lab.ts";
import { run, until } from "../../support/tools.ts";

const MIB = 1024 * 1024;
const DISK_MIB = 512;
const DEADLINE_MS = 120_000;

let lab: TestLab;
let disk: OwnFileSystem | undefined;
beforeAll(async () => {
  lab = await TestLab.make("--metadata", "1", "--disks", "2", "--disk-size", `${DISK_MIB}MiB`);
});
afterAll(async () => {
  await disk?.remove();
  await lab?.remove();
});

const untilInSync = (name: string): Promise<VolumeDocument> =>
  until(
    "all copies in sync",
    DEADLINE_MS,
    () => lab.volume(name),
    ({ degradedChunks }) => degradedChunks === 0,
  );
const copiesBegun = (): Promise<number> =>
  lab.metric("metadata-1", "ashlar_metadata_copies_begun_total");

test("the copies of a disk that fails are made elsewhere, and its node serves on", async () => {
  const volume = await lab.createVolume("kept", "512MiB", "--replicas", "2");
  await run("qemu-io", "-f", "raw", "-c", "write -P 0x11 0 256M", lab.url(volume, 1));
  await lab.command("lab", "stop", "storage-2");
  const place = { node: "storage-2", disk: "disk-2", sizeBytes: DISK_MIB * MIB };
  disk = await OwnFileSystem.under(lab, place);
  await lab.command("lab", "start", "storage-2");
  await untilInSync("kept");
  expect(await copiesBegun()).toBe(0);
  const pid = await lab.pidOf("storage-2");

  await disk.cutOff();
  await run("qemu-io", "-f", "raw", "-c", "write -P 0x22 128M 256M", lab.url(volume, 2));
  await until("copies begun", DEADLINE_MS, copiesBegun, (count) => count > 0);
  await untilInSync("kept");
  expect(await lab.pidOf("storage-2")).toBe(pid);
  const reads = ["-c", "read -P 0x11 0 128M", "-c", "read -P 0x22 128M 256M"];
  for (const gateway of [1, 2]) {
    expect(await run("qemu-io", "-f", "raw", ...reads, lab.url(volume, gateway))).not.toMatch(
      /fail/,
    );
  }
  const check = await lab.command<CheckDocument>("volume", "check", "kept");
  expect(check).toMatchObject({ chunks: 8, replicas: 16, different: 0, damaged: 0 });
  expect(await lab.metric("storage-2", "ashlar_storage_disks_failed")).toBe(1);
});

interface DisksDocument {
  readonly disks: readonly {
    readonly node: string;
    readonly id: string;
    readonly state: string;
    readonly storeUuid: string;
    readonly chunks: number;
  }[];
}

async function diskOf(node: string, id: string) {
  const { disks } = await lab.command<DisksDocument>("disk", "list");
  return disks.find((one) => one.node === node && one.id === id);
}

test("a disk that is retired is emptied while hosts go on, and another takes its place", async () => {
  const place = "storage-1/disk-1";
  const before = await diskOf("storage-1", "disk-1");
  expect(before?.state).toBe("up");
  const retired = await lab.command("disk", "retire", place);
  expect(retired).toMatchObject({ state: "retired", chunks: 0, storeUuid: before?.storeUuid });
  await untilInSync("kept");
  expect(await diskOf("storage-1", "disk-1")).toMatchObject({ state: "retired", chunks: 0 });
  const volume = await lab.volume("kept");
  const reads = ["-c", "read -P 0x11 0 128M", "-c", "read -P 0x22 128M 256M"];
  expect(await run("qemu-io", "-f", "raw", ...reads, lab.url(volume, 1))).not.toMatch(/fail/);

  await lab.command("lab", "stop", "storage-1");
  const [file] = (await readdir(join(lab.dir, "storage-1"))).filter((name) =>
    name.startsWith("disk-1"),
  );
  await rm(join(lab.dir, "storage-1", file ?? ""));
  await lab.command("lab", "start", "storage-1");
  const after = await until(
    "the new disk in use",
    DEADLINE_MS,
    () => diskOf("storage-1", "disk-1"),
    (found) => found?.state === "up",
  );
  expect(after?.storeUuid).not.toBe(before?.storeUuid);
});
