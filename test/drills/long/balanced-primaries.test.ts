// Leading returns to nodes that were away, while a host is at work on chunks that change hands: it is
// kept waiting for a moment, which is printed, and reads what it wrote.
import { afterAll, beforeAll, expect, test } from "vitest";
import { LabWatch } from "../../support/lab-watch.ts";
import { TestLab } from "../../support/test-lab.ts";
import { run, until } from "../../support/tools.ts";
import { underLoad } from "../../support/verified-load.ts";

const CHUNKS = 255;
const CHUNK_MIB = 64;
const DEADLINE_MS = 60_000;
/** The patience of hosts; what is wanted is far less. */
const STALL_MAX_MS = 15_000;
const STALL_GOAL_MS = 100;

let lab: TestLab;
let watch: LabWatch;
beforeAll(async () => {
  lab = await TestLab.make();
  watch = await LabWatch.open(lab);
});
afterAll(async () => {
  await watch?.close();
  await lab?.remove();
});

const NODES = ["storage-1", "storage-2", "storage-3"] as const;

/** How many chunks each node leads. */
async function led(): Promise<readonly number[]> {
  const chunks = [...(await watch.chunks("many")), ...(await watch.chunks("hot"))];
  return NODES.map((id) => chunks.filter(({ primary }) => primary.node === id).length);
}

test("chunks in use go back to nodes that returned, and the host hardly notices", async () => {
  await lab.command("volume", "delete", "demo");
  const size = `${CHUNKS * CHUNK_MIB}MiB`;
  const many = await lab.createVolume("many", size, "--replicas", "3");
  const writes = Array.from({ length: CHUNKS }, (_, at) => [
    "-c",
    `write -P 0x5a ${at * CHUNK_MIB}M 4k`,
  ]).flat();
  await run("qemu-io", "-f", "raw", ...writes, lab.url(many, 1));
  let quietMs = 0;
  let stallMs = Number.POSITIVE_INFINITY;
  const report = await underLoad(
    lab,
    "hot",
    async (load) => {
      const all = CHUNKS + load.volume.chunks;
      // Whoever is left leads everything, the two chunks of the host among it.
      for (const id of ["storage-1", "storage-2"]) await watch.stop(id);
      await until("one leads all", DEADLINE_MS, led, ([, , third]) => third === all);
      for (const id of ["storage-1", "storage-2"]) await watch.start(id);
      for (const name of ["many", "hot"]) await watch.untilWhole(name);
      load.stalls.take();
      await until("leading begins to return", DEADLINE_MS, led, ([, , third]) => third !== all);
      quietMs = Math.round(load.stalls.take());
      const isEven = (counts: readonly number[]): boolean =>
        Math.max(...counts) - Math.min(...counts) <= 1;
      await until("leading is even", DEADLINE_MS, led, isEven);
      const hot = await watch.chunks("hot");
      expect(new Set(hot.map(({ primary }) => primary.node)).size).toBe(hot.length);
      stallMs = Math.round(load.stalls.take());
    },
    { initiator: "qemu", volume: ["--replicas", "3"] },
  );
  const figures = `stall ${stallMs} ms, goal ${STALL_GOAL_MS} ms, without it ${quietMs} ms`;
  console.log(`leading returns: ${figures}; ${report.text}`);
  expect(report).toMatchObject({ errors: 0, clean: true });
  expect(stallMs).toBeLessThan(STALL_MAX_MS);
  const check = await lab.command<{ different: number }>("volume", "check", "many");
  expect(check.different).toBe(0);
});
