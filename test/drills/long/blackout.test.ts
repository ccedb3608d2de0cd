// The power of the whole cluster fails, one disk does not survive it, and the nodes take so long to come back
// that the metadata leader declares them down one after the other. Everything acknowledged is on the others.
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LabWatch } from "../../support/lab-watch.ts";
import { type CheckDocument, type NodesDocument, TestLab } from "../../support/test-lab.ts";
import { run, until } from "../../support/tools.ts";

const DEADLINE_MS = 60_000;
const STORAGE = ["storage-1", "storage-2", "storage-3"];
let lab: TestLab;
let watch: LabWatch;
beforeAll(async () => {
  lab = await TestLab.make("--nodes", "3", "--gateways", "1");
  watch = await LabWatch.open(lab);
});
afterAll(async () => {
  await watch?.close();
  await lab?.remove();
});

const untilDown = (): Promise<NodesDocument> =>
  until(
    "all storage nodes declared down",
    DEADLINE_MS,
    () => lab.command<NodesDocument>("node", "list"),
    ({ nodes }) =>
      nodes.filter(({ id }) => STORAGE.includes(id)).every((one) => one.state === "down"),
  );

test.each(STORAGE)("a blackout in which %s loses its disk costs nothing", async (lost) => {
  const name = `kept-${lost}`;
  const volume = await lab.createVolume(name, "192MiB", "--replicas", "3");
  await run("qemu-io", "-f", "raw", "-c", "write -P 0x5a 0 192M", lab.url(volume, 1));
  const all = await watch.processes();
  const members = all.filter((id) => id.startsWith("metadata"));
  const others = all.filter((id) => !members.includes(id));
  // The supervisor would tell of each exit, which a power cut does not.
  for (const some of [members, others]) await Promise.all(some.map((id) => watch.stop(id)));
  await rename(join(lab.dir, lost), join(lab.dir, `${name}.gone`));

  for (const id of members) await watch.start(id);
  await untilDown();
  for (const id of others) await watch.start(id);

  await watch.untilWhole(name);
  await run("qemu-io", "-f", "raw", "-c", "read -P 0x5a 0 192M", lab.url(volume, 1));
  const check = await lab.command<CheckDocument>("volume", "check", name);
  expect(check).toMatchObject({ chunks: 3, replicas: 9, different: 0, damaged: 0 });
});
