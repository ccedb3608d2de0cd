// Copies move under a host at work: a volume gets a third copy and gives it back, a node is drained, stopped and
// removed. `npm run drills` does more of it (drills/long/upkeep.test.ts).
import { afterAll, beforeAll, expect, test } from "vitest";
import { PlacedCopies, refusal } from "../support/placed-copies.ts";
import { ashlarOutcome, TestLab } from "../support/test-lab.ts";
import { underLoad } from "../support/verified-load.ts";

interface RebalanceStatus {
  readonly copySpeed: { readonly latencyTargetMs: number; readonly floorBytesPerSecond: number };
  readonly nodes: readonly { readonly id: string; readonly state: string }[];
}

interface Recommendations {
  readonly recommendations: readonly { readonly id: string }[];
  readonly waiting: readonly string[];
}

let lab: TestLab;
let copies: PlacedCopies;
beforeAll(async () => {
  lab = await TestLab.make("--nodes", "4");
  copies = new PlacedCopies(lab);
});
afterAll(async () => {
  await lab?.remove();
});
const refused = (...args: string[]): Promise<unknown> => refusal(lab, ...args);

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

test("under I/O: three copies and two again, a node drained, stopped and removed; no error, nothing lost", async () => {
  const report = await underLoad(lab, "moved", async () => {
    const before = await copies.count();
    const { chunks } = await lab.volume("moved");
    await lab.command("volume", "set", "moved", "--replicas", "3");
    await copies.untilCount(before + chunks);
    await copies.untilWhole("moved", 3);
    await lab.command("volume", "set", "moved", "--replicas", "2");
    await copies.untilCount(before);

    expect(await copies.on("storage-4")).toBeGreaterThan(0);
    expect(await lab.command("node", "drain", "storage-4")).toMatchObject({ chunks: 0 });
    expect(await copies.on("storage-4")).toBe(0);
    expect(await refused("node", "remove", "storage-4")).toMatchObject({
      exit: 3,
      code: "node/needed",
    });
    await lab.command("lab", "stop", "storage-4");
    await lab.command("node", "remove", "storage-4");
    expect((await copies.nodes()).map(({ id }) => id)).toEqual([
      "storage-1",
      "storage-2",
      "storage-3",
    ]);
    await copies.untilWhole("moved", 2);
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
  const up = (await copies.nodes()).filter(({ state }) => state === "up");
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
