// The power of one node's disk fails, again and again, under a host at work: the process is killed and what
// its file system had not synced is gone. Nothing that was acknowledged is missing, on that node either.
import { afterAll, beforeAll, test } from "vitest";
import { Drills } from "../../support/drills.ts";
import { OwnFileSystem } from "../../support/own-file-system.ts";
import { isRunning, until } from "../../support/tools.ts";

const NODE = "storage-2";
const DISK_BYTES = 512 * 1024 * 1024;
const CUTS = 20;
const DEADLINE_MS = 30_000;

let drills: Drills;
let disk: OwnFileSystem | undefined;
beforeAll(async () => {
  drills = await Drills.make("--disk-size", "512MiB");
  await drills.lab.command("lab", "stop", NODE);
  disk = await OwnFileSystem.under(drills.lab, {
    node: NODE,
    disk: "disk-1",
    sizeBytes: DISK_BYTES,
  });
  await drills.lab.command("lab", "start", NODE);
});
afterAll(async () => {
  await disk?.remove();
  await drills?.end();
});

async function cutPower(): Promise<void> {
  const { lab } = drills;
  const pid = (await lab.pidOf(NODE)) ?? 0;
  const stopped = lab.command("lab", "stop", NODE, "--kill");
  // At once, before the kernel writes back what nobody has synced.
  const alive = async (): Promise<boolean> => isRunning(pid);
  await until("it is dead", DEADLINE_MS, alive, (isAlive) => !isAlive);
  await disk?.cutPower();
  await stopped;
  await lab.command("lab", "start", NODE);
}

test(`power cut under the disk of a node, ${CUTS} times`, () =>
  drills.run({
    name: "power cut under the disk of a node",
    rounds: CUTS,
    goalMs: 1_500,
    fault: async () => cutPower(),
  }));
