// A node whose disk has a mirror, and of whose data there is no other copy: each of the two fails in turn under a host
// at work, and returns. The host gets no error, what it wrote is there, and a disk that misses something is not
// read, even when it is the only one left.
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OwnFileSystem } from "../../support/own-file-system.ts";
import { TestLab } from "../../support/test-lab.ts";
import { run, until } from "../../support/tools.ts";
import { underLoad, type VerifiedLoad } from "../../support/verified-load.ts";

const NODE = "storage-1";
const MIB = 1024 * 1024;
const DISK_MIB = 512;
const DEADLINE_MS = 120_000;

let lab: TestLab;
const disks: OwnFileSystem[] = [];
beforeAll(async () => {
  const shape = ["--nodes", "1", "--metadata", "1", "--mirror", "--disk-size", `${DISK_MIB}MiB`];
  lab = await TestLab.make(...shape);
  await lab.command("lab", "stop", NODE);
  for (const disk of ["disk-1", "disk-1-mirror"]) {
    const place = { node: NODE, disk, sizeBytes: DISK_MIB * MIB };
    disks.push(await OwnFileSystem.under(lab, place));
  }
  await lab.command("lab", "start", NODE);
});
afterAll(async () => {
  for (const disk of disks) await disk.remove();
  await lab?.remove();
});

interface DisksDocument {
  readonly disks: readonly {
    readonly state: string;
    readonly mirror: { readonly state: string } | null;
  }[];
}

const diskList = async (): Promise<DisksDocument["disks"]> =>
  (await lab.command<DisksDocument>("disk", "list")).disks;

async function untilMirror(state: string): Promise<void> {
  const told = async (): Promise<string | undefined> => (await diskList())[0]?.mirror?.state;
  await until(`the mirror is ${state}`, DEADLINE_MS, told, (now) => now === state);
}

async function untilBusy(load: VerifiedLoad): Promise<void> {
  const enough = load.operations + 200;
  while (load.operations < enough) await setTimeout(20);
}

/** The node stops, something is done to its disks, and it starts. */
async function restart(between: () => Promise<void>): Promise<void> {
  await lab.command("lab", "stop", NODE);
  await between();
  await lab.command("lab", "start", NODE);
}

const theDisk = (index: number): OwnFileSystem => {
  const disk = disks[index];
  if (!disk) throw new Error("a mirror has two disks");
  return disk;
};

test("each disk of a mirror fails under a host and returns: no error, nothing lost", async () => {
  await untilMirror("both");
  const pid = await lab.pidOf(NODE);
  const report = await underLoad(
    lab,
    "only",
    async (load) => {
      for (const [round, failing] of [1, 0].entries()) {
        await untilBusy(load);
        load.stalls.take();
        await theDisk(failing).cutOff();
        await untilMirror("alone");
        await untilBusy(load);
        console.log(`a disk failed: longest stall ${Math.round(load.stalls.take())} ms`);
        if (round === 0) expect(await lab.pidOf(NODE)).toBe(pid);
        // It returns as it was, and misses what was written meanwhile.
        await restart(() => theDisk(failing).cutPower());
        await untilMirror("both");
      }
      await untilBusy(load);
    },
    { volume: ["--replicas", "1"] },
  );
  console.log(report.text);
  expect(report).toMatchObject({ errors: 0, clean: true });
  await lab.command("volume", "delete", "only");
});

test("P19: one that misses something is not read when it is the only one left", async () => {
  const volume = await lab.createVolume("kept", "64MiB", "--replicas", "1");
  const url = lab.url(volume, 1);
  await run("qemu-io", "-f", "raw", "-c", "write -P 0x11 0 16M", url);
  await theDisk(1).cutOff();
  await run("qemu-io", "-f", "raw", "-c", "write -P 0x22 0 16M", lab.url(volume, 2));
  await untilMirror("alone");
  await restart(async () => {
    await theDisk(1).cutPower();
    await theDisk(0).cutOff();
  });
  // The store is not opened, so that nobody can be told what it holds.
  expect((await diskList())[0]?.state).not.toBe("up");
  const stale = run("timeout", "5", "qemu-io", "-f", "raw", "-c", "read -P 0x11 0 16M", url);
  expect(await stale.then(String, () => "not read")).toBe("not read");
  await restart(() => theDisk(0).cutPower());
  await untilMirror("both");
  const read = await run("qemu-io", "-f", "raw", "-c", "read -P 0x22 0 16M", url);
  expect(read).not.toMatch(/fail/);
});
