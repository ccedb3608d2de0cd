// Storage nodes come and go under a host at work: 3, 4, 6 and 3 again, with volumes of two and of three copies. The
// copies spread by themselves, by no more than 1.1 times what has to move, a second plan moves nothing, and what is
// drained is empty.
import { afterAll, beforeAll, expect, test } from "vitest";
import { LabWatch } from "../../support/lab-watch.ts";
import { TestLab } from "../../support/test-lab.ts";
import { run } from "../../support/tools.ts";
import { underLoad } from "../../support/verified-load.ts";

const MIB = 2 ** 20;
const CHUNK_MIB = 64;
/** Chunks of each volume; each holds so much. */
const CHUNKS = 24;
const WRITTEN_MIB = 8;
const STALL_MAX_MS = 3_000;
/** How much more may move than has to. */
const COPIED_MAX = 1.1;
/** The host's own volume has a few chunks, which hold more than the others. */
const SLACK_MIB = 16;

interface Preview {
  readonly moves: number;
  readonly nodes: readonly { readonly id: string; readonly copies: number }[];
}

let lab: TestLab;
let watch: LabWatch;
beforeAll(async () => {
  lab = await TestLab.make("--nodes", "3", "--disk-size", "2GiB");
  watch = await LabWatch.open(lab);
});
afterAll(async () => {
  await watch?.close();
  await lab?.remove();
});

/** What learners were sent so far, by all nodes that run. */
async function copiedBytes(): Promise<number> {
  const { processes } = await lab.status();
  const running = processes.filter(({ kind, pid }) => kind === "storage" && pid !== null);
  const told = await Promise.all(
    running.map(({ id }) => lab.metric(id, "ashlar_storage_resync_bytes")),
  );
  // Each is sent and received.
  return told.reduce((sum, bytes) => sum + bytes, 0) / 2;
}

async function shares(): Promise<readonly number[]> {
  const { moves, nodes } = await lab.command<Preview>("rebalance", "preview");
  expect(moves, "a second plan moves nothing").toBe(0);
  return nodes.map(({ copies }) => copies);
}

test("3, 4, 6 and 3 nodes: what moves is what has to, and the host does not notice", async () => {
  await lab.command("volume", "delete", "demo");
  for (const [name, replicas] of [
    ["two", 2],
    ["three", 3],
  ] as const) {
    const size = `${CHUNKS * CHUNK_MIB}MiB`;
    const volume = await lab.createVolume(name, size, "--replicas", `${replicas}`);
    const writes = Array.from({ length: CHUNKS }, (_, at) => [
      "-c",
      `write -P ${replicas} ${at * CHUNK_MIB}M ${WRITTEN_MIB}M`,
    ]).flat();
    await run("qemu-io", "-f", "raw", ...writes, lab.url(volume, 1));
  }
  const figures: string[] = [];
  const report = await underLoad(lab, "hot", async (load) => {
    const copies = 5 * CHUNKS + 2 * load.volume.chunks;
    const step = async (what: string, moves: number, work: () => Promise<unknown>) => {
      const before = await copiedBytes();
      load.stalls.take();
      await work();
      for (const name of ["two", "three", "hot"]) await watch.untilWhole(name);
      const leastMib = moves * WRITTEN_MIB;
      const mib = ((await copiedBytes()) - before) / MIB;
      const stallMs = Math.round(load.stalls.take());
      const spread = await shares();
      const figure =
        `${what}: ${mib.toFixed(1)} MiB copied, ${leastMib.toFixed(1)} MiB at least; ` +
        `copies ${spread.join(" ")}; stall ${stallMs} ms`;
      figures.push(figure);
      expect(mib, figure).toBeLessThanOrEqual(COPIED_MAX * leastMib + SLACK_MIB);
      expect(Math.max(...spread) - Math.min(...spread), figure).toBeLessThanOrEqual(2);
      expect(stallMs, figure).toBeLessThan(STALL_MAX_MS);
    };
    const grow = async (count: number) => {
      for (let nodes = 0; nodes < count; nodes += 1) await lab.command("lab", "add", "node");
      await lab.command("rebalance", "start");
    };
    await step("3 to 4 nodes", copies / 4, () => grow(1));
    await step("4 to 6 nodes", copies / 3, () => grow(2));
    await step("6 to 3 nodes", copies / 2, async () => {
      // All at once: what leaves one of them shall not go to another.
      const leaving = ["storage-4", "storage-5", "storage-6"];
      const empty = await Promise.all(leaving.map((id) => lab.command("node", "drain", id)));
      for (const drained of empty) expect(drained).toMatchObject({ chunks: 0 });
      await lab.command("rebalance", "start");
    });
  });
  console.log([...figures, report.text].join("\n"));
  expect(report, report.text).toMatchObject({ errors: 0, clean: true });
  for (const name of ["two", "three", "hot"]) {
    expect(await lab.command("volume", "check", name)).toMatchObject({ different: 0, damaged: 0 });
  }
});
