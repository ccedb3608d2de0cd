// Copies move under a host at work: a volume gets a third copy and gives it back, a disk is emptied and taken out, a
// node is drained, stopped and removed.
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  ashlarOutcome,
  type CheckDocument,
  type NodesDocument,
  TestLab,
} from "../support/test-lab.ts";
import { underLoad } from "../support/verified-load.ts";

interface RebalanceStatus {
  readonly copySpeed: { readonly latencyTargetMs: number; readonly floorBytesPerSecond: number };
  readonly nodes: readonly { readonly id: string; readonly state: string }[];
}

interface Recommendations {
  readonly recommendations: readonly { readonly id: string }[];
  readonly waiting: readonly string[];
}

interface Placed {
  readonly nodes: readonly (NodesDocument["nodes"][number] & {
    readonly service: string;
    readonly chunks: number;
    readonly disks: readonly { readonly id: string; readonly chunks: number }[];
  })[];
}

let lab: TestLab;
beforeAll(async () => {
  lab = await TestLab.make("--nodes", "4", "--disks", "2");
});
afterAll(async () => {
  await lab?.remove();
});

const nodes = async (): Promise<Placed["nodes"]> =>
  (await lab.command<Placed>("node", "list")).nodes;
const chunksOn = async (id: string): Promise<number | undefined> =>
  (await nodes()).find((node) => node.id === id)?.chunks;
const copies = async (): Promise<number> =>
  (await nodes()).reduce((sum, { chunks }) => sum + chunks, 0);
const refused = async (...args: string[]): Promise<unknown> => {
  const { exit, stdout } = await ashlarOutcome(...args, "--dir", lab.dir, "--json");
  return { exit, ...(JSON.parse(stdout) as { error: { code: string } }).error };
};

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  await expect.poll(isTrue, { timeout: 120_000, interval: 500 }).toBe(true);
}

/** All copies are in sync and equal, and no chunk has more of them than it should. */
async function untilWhole(name: string, replicas: number): Promise<void> {
  await until(async () => (await lab.volume(name)).degradedChunks === 0);
  const checked = await lab.command<CheckDocument>("volume", "check", name);
  const { chunks, replicas: compared, different, damaged } = checked;
  expect({ compared, different, damaged }).toEqual({
    compared: replicas * chunks,
    different: 0,
    damaged: 0,
  });
}

test("every node tells what hosts ask of it, and of an idle cluster nothing is recommended", async () => {
  const list = () => lab.command<Recommendations>("recommend", "list");
  await expect.poll(async () => (await list()).waiting, { timeout: 20_000 }).toEqual([]);
  expect((await list()).recommendations).toEqual([]);
  expect(await lab.command("recommend", "apply", "all")).toEqual({ applied: [], chunks: 0 });
  expect(await refused("recommend", "apply", "lead/storage-1/none")).toMatchObject({
    exit: 1,
    code: "recommendation/not-found",
  });
});

test("under I/O: three copies and two again, a disk emptied, a node drained and removed; no error, nothing lost", async () => {
  const report = await underLoad(lab, "moved", async () => {
    const before = await copies();
    const { chunks } = await lab.volume("moved");
    await lab.command("volume", "set", "moved", "--replicas", "3");
    await until(async () => (await copies()) === before + chunks);
    await untilWhole("moved", 3);
    await lab.command("volume", "set", "moved", "--replicas", "2");
    await until(async () => (await copies()) === before);
    await untilWhole("moved", 2);

    expect(await lab.command("disk", "retire", "storage-1/disk-2")).toMatchObject({
      state: "retired",
      chunks: 0,
    });

    const had = await chunksOn("storage-4");
    expect(had).toBeGreaterThan(0);
    expect(await lab.command("node", "drain", "storage-4")).toMatchObject({ chunks: 0 });
    expect(await chunksOn("storage-4")).toBe(0);
    await until(async () => (await copies()) === before);
    await untilWhole("demo", 2);
    // It takes part again, and gets its share again; a second plan has nothing to do.
    await lab.command("node", "undrain", "storage-4");
    expect(await lab.command("rebalance", "start")).toMatchObject({ moves: 0 });
    expect(await chunksOn("storage-4")).toBeGreaterThan(had! / 2);
    expect(await lab.command("rebalance", "preview")).toMatchObject({ moves: 0, bytes: 0 });
    await lab.command("node", "drain", "storage-4");
    expect(await refused("node", "remove", "storage-4")).toMatchObject({
      exit: 3,
      code: "node/needed",
    });
    await lab.command("lab", "stop", "storage-4");
    await lab.command("node", "remove", "storage-4");
    expect((await nodes()).map(({ id }) => id)).toEqual(["storage-1", "storage-2", "storage-3"]);
    await untilWhole("moved", 2);
  });
  expect(report, report.text).toMatchObject({ errors: 0, clean: true });
  expect(report.gapMs, report.text).toBeLessThan(3_000);
});

test("what has no place elsewhere is not drained, and who is needed is not let go", async () => {
  await lab.createVolume("three", "64MiB", "--replicas", "3");
  expect(await refused("node", "drain", "storage-3")).toMatchObject({
    exit: 3,
    code: "node/needed",
  });
  expect(await refused("volume", "set", "three", "--replicas", "4")).toMatchObject({ exit: 2 });
  await lab.createVolume("one", "64MiB", "--replicas", "1");
  const answers = await Promise.all(
    ["storage-1", "storage-2", "storage-3"].map((id) =>
      ashlarOutcome("node", "maintenance", id, "on", "--dir", lab.dir, "--json"),
    ),
  );
  // One of them has the only copy of a chunk.
  expect(answers.filter(({ exit }) => exit === 3)).toHaveLength(1);
});

test("what copies heed is set while all run, each node says how it copies, and what is not possible is refused", async () => {
  const set = await lab.command("rebalance", "set", "--latency-target", "35ms");
  expect(set).toEqual({ latencyTargetMs: 35, floorBytesPerSecond: 8 * 2 ** 20 });
  await lab.command("rebalance", "set", "--floor", "16MiB/s");
  const status = () => lab.command<RebalanceStatus>("rebalance", "status");
  const { copySpeed, nodes: copying } = await status();
  expect(copySpeed).toEqual({ latencyTargetMs: 35, floorBytesPerSecond: 16 * 2 ** 20 });
  const up = (await nodes()).filter(({ state }) => state === "up");
  expect(copying.map(({ id }) => id).sort()).toEqual(up.map(({ id }) => id).sort());
  for (const { state } of copying) expect(["unlimited", "limited", "floor"]).toContain(state);
  const target = () => lab.metric("storage-1", "ashlar_storage_copy_latency_target_seconds");
  await expect.poll(target, { timeout: 10_000 }).toBe(0.035);
  for (const wrong of [
    ["--floor", "1KiB/s"],
    ["--latency-target", "90s"],
    ["--floor", "soon"],
    [],
  ]) {
    expect(await refused("rebalance", "set", ...wrong)).toMatchObject({
      exit: 2,
      code: "argument/invalid",
    });
  }
  expect((await status()).copySpeed).toEqual(copySpeed);
});
