// What the leader recommends from what nodes tell, when, under which name, and what applying it does.

import type { CommandOf } from "@ashlar/catalog";
import {
  type FamilyId,
  MIB,
  type NodeId,
  nodeId,
  present,
  volumeId,
  volumeName,
} from "@ashlar/core";
import type { StorageReport } from "@ashlar/rpc";
import { openRegistry, silentLog } from "@ashlar/runtime";
import { afterEach, expect, test } from "vitest";
import { AUTO_AFTER_MS, AUTO_AGAIN_MS } from "./advice-pace.ts";
import { ADVICE_INTERVAL_MS, ADVICE_PAUSE_MS, Advisor } from "./advisor.ts";
import { HOT_AFTER_MS } from "./hot-spots.ts";
import { type AdviceMetrics, openAdviceMetrics, openBalanceMetrics } from "./metrics.ts";
import { BALANCE_QUIET_MS, PrimaryBalancer } from "./primary-balancer.ts";
import { reportOf, storeOf } from "./testing/metadata-fixture.ts";
import { PlacedGroup } from "./testing/placed-group.ts";

const NODES = 2;
const HOT_MS = HOT_AFTER_MS + 2 * ADVICE_INTERVAL_MS;
const metrics = openBalanceMetrics(openRegistry({ process: "test" }));
/** Nobody tells of it. */
const QUIET = { advice: "manual", hindrance: "", applied: [] } as const;

let placed: PlacedGroup;
let advisor: Advisor;
let balancer: PrimaryBalancer;
/** Operations per second on each chunk of a volume. */
let asked: Map<FamilyId, number>;
let busyShare = 0;
let silent: NodeId | undefined;
/** By the number of the node, where it is not all. */
let freeBytes: Map<number, number>;
let plannedMoves = 0;
let pathsAreWhole = true;
let adviceMetrics: AdviceMetrics;
afterEach(async () => {
  await advisor.stop();
  await balancer.stop();
  await placed.group.stop();
});

const chunksOf = (family: FamilyId) => [...placed.log.view.chunksOf(family)];

function report(node: NodeId): StorageReport | undefined {
  const number = Number(node.split("-")[1]);
  const rate = (operationsPerSecond: number) => ({ operationsPerSecond, bytesPerSecond: 0 });
  const volumes = [...asked].flatMap(([family, perChunk]) => {
    const led = chunksOf(family).filter(({ primary }) => primary.node === node).length;
    return led === 0 ? [] : [{ family, ...rate(led * perChunk) }];
  });
  const all = volumes.reduce((sum, { operationsPerSecond }) => sum + operationsPerSecond, 0);
  const stores = [{ storeUuid: storeOf(number), ...rate(all), busyShare, meanMs: 1 }];
  const load = { windowMs: 30_000, ...rate(all), stores, volumes };
  return {
    ...reportOf(number, freeBytes.get(number) ?? 1024 * MIB),
    load: node === silent ? undefined : load,
  };
}

async function volume(number: number, replicas: number): Promise<FamilyId> {
  const described = {
    volume: volumeId(`20000000-0000-4000-8000-00000000000${number}`),
    name: volumeName(`vm${number}`),
    sizeBytes: 16 * MIB,
    blockSize: 512,
    replicas,
    createdAt: "",
    access: "any" as const,
  };
  const { result } = await placed.apply({ kind: "beginVolume", ...described });
  const { family } = (result as { value: { family: CommandOf<"extendVolume">["family"] } }).value;
  await placed.apply({ kind: "extendVolume", family, chunks: 1 });
  await placed.apply({ kind: "finishVolume", family });
  return family;
}

/** Two nodes and four volumes of one chunk; those that storage-1 leads. */
async function cluster(replicas: number, nodes = NODES): Promise<readonly FamilyId[]> {
  asked = new Map();
  busyShare = 0;
  silent = undefined;
  freeBytes = new Map();
  plannedMoves = 0;
  pathsAreWhole = true;
  adviceMetrics = openAdviceMetrics(openRegistry({ process: "test" }));
  placed = await PlacedGroup.of(nodes, { chunks: 2 });
  const families: FamilyId[] = [];
  for (const number of [1, 2, 3, 4]) families.push(await volume(number, replicas));
  const ports = { replicatedLog: placed.log, clock: placed.group.clock, log: silentLog };
  advisor = new Advisor({
    ...ports,
    reportOf: report,
    plannedMoves: () => plannedMoves,
    pathsAreWhole: () => pathsAreWhole,
    gatewaySessions: () => [],
    metrics: adviceMetrics,
  });
  balancer = new PrimaryBalancer({ ...ports, metrics, pathsAreWhole: () => true });
  await advisor.start();
  await balancer.start();
  const first = nodeId("storage-1");
  return families.filter((family) => chunksOf(family)[0]?.primary.node === first);
}

const leaderOf = (family: FamilyId) => present(chunksOf(family)[0], "one chunk").primary.node;
const ids = () => advisor.list.recommendations.map(({ id }) => id);

test("B8: two hot volumes that share a node are separated for good when people say so", async () => {
  const shared = await cluster(2);
  expect(shared).toHaveLength(2);
  asked = new Map(shared.map((family) => [family, 500]));
  await placed.pass(HOT_AFTER_MS - ADVICE_INTERVAL_MS);
  expect(ids()).toEqual([]);
  await placed.pass(HOT_MS);
  const [recommendation] = advisor.list.recommendations;
  expect(recommendation).toMatchObject({ kind: "move-leading", applicable: true });
  expect(recommendation?.reason).toContain("storage-1 is asked 1000/s, nodes on average 500/s");
  const before = ids();
  // What is asked of the two changes places in order: it stays the one it was.
  for (const [at, family] of shared.entries()) {
    asked = new Map(shared.map((one) => [one, one === family ? 510 : 490]));
    await placed.pass(ADVICE_INTERVAL_MS * (at + 1));
    expect(ids()).toEqual(before);
  }
  asked = new Map(shared.map((family) => [family, 500]));
  const { applied, chunks } = await placed.group.answered(advisor.apply(before));
  expect({ applied, chunks }).toEqual({ applied: before, chunks: 2 });
  expect(new Set(shared.map(leaderOf)).size).toBe(2);
  expect(ids()).toEqual([]);
  await placed.pass(Math.max(ADVICE_PAUSE_MS + HOT_MS, 3 * BALANCE_QUIET_MS));
  expect(new Set(shared.map(leaderOf)).size, "nobody moves them back").toBe(2);
  expect(advisor.list).toMatchObject({ recommendations: [], hotSpots: [] });
});

test("an even cluster, an idle one, and one where somebody was not heard: nothing is recommended", async () => {
  const shared = await cluster(2);
  await placed.pass(HOT_MS);
  expect(advisor.list).toEqual({ hotSpots: [], recommendations: [], waiting: [], ...QUIET });
  asked = new Map([...placed.log.view.volumes.values()].map(({ family }) => [family, 500]));
  await placed.pass(HOT_MS);
  expect(ids()).toEqual([]);
  silent = nodeId("storage-2");
  asked = new Map(shared.map((family) => [family, 500]));
  await placed.pass(HOT_MS);
  const none = { hotSpots: [], recommendations: [], ...QUIET };
  expect(advisor.list).toEqual({ ...none, waiting: [silent] });
  expect(await placed.group.answered(advisor.apply([]))).toEqual({ applied: [], chunks: 0 });
});

test("while a node is down nothing is moved, and afterwards it is judged anew", async () => {
  const shared = await cluster(2);
  asked = new Map(shared.map((family) => [family, 500]));
  await placed.pass(HOT_MS);
  const [id] = ids();
  await placed.down(2);
  await placed.pass(2 * ADVICE_INTERVAL_MS);
  expect(ids()).toEqual([]);
  await expect(advisor.apply([present(id, "there was one")])).rejects.toMatchObject({
    code: "recommendation/not-found",
  });
});

test("a volume with one copy is led from nowhere else: advice that cannot be applied says what to do", async () => {
  const shared = await cluster(1);
  asked = new Map([[present(shared[0], "one of four"), 1_000]]);
  await placed.pass(HOT_MS);
  const [advice] = advisor.list.recommendations;
  expect(advice).toMatchObject({ kind: "add-copy", applicable: false });
  const error = await advisor.apply([present(advice, "it is there").id]).catch((one) => one);
  expect(error).toMatchObject({ code: "argument/invalid", meta: { hint: advice?.action } });
  expect(await advisor.apply([])).toEqual({ applied: [], chunks: 0 });
});

test("when all disks are busy, more of them are recommended", async () => {
  await cluster(2);
  busyShare = 0.9;
  await placed.pass(HOT_MS);
  expect(ids()).toEqual(["disks"]);
  busyShare = 0.3;
  await placed.pass(2 * ADVICE_INTERVAL_MS);
  expect(ids()).toEqual([]);
});

const auto = () => placed.apply({ kind: "setAdvice", advice: "auto" });
const versions = () => placed.chunks().map(({ version }) => version);

test("B8: when people want it, two hot volumes that share a node are separated by themselves, once", async () => {
  const shared = await cluster(2);
  await auto();
  asked = new Map(shared.map((family) => [family, 500]));
  await placed.pass(HOT_AFTER_MS + AUTO_AFTER_MS - ADVICE_INTERVAL_MS);
  expect(new Set(shared.map(leaderOf)).size, "it has to stand for a while").toBe(1);
  await placed.pass(4 * ADVICE_INTERVAL_MS);
  expect(new Set(shared.map(leaderOf)).size).toBe(2);
  const done = { byItself: true, from: "storage-1", to: "storage-2", chunks: 2 };
  expect(advisor.list.applied).toMatchObject([
    { ...done, before: { from: 1000, to: 0 }, after: null },
  ]);
  const before = versions();
  await placed.pass(ADVICE_PAUSE_MS + AUTO_AGAIN_MS + HOT_MS);
  expect(advisor.list.applied).toMatchObject([
    { ...done, before: { from: 1000, to: 0 }, after: { from: 500, to: 500 } },
  ]);
  expect(versions(), "and nothing moves after that").toEqual(before);
  const counted = await adviceMetrics.applied.get();
  expect(counted.values).toMatchObject([{ labels: { by: "itself" }, value: 1 }]);
});

test("B8: load that always goes where it is worst carries no volume to and fro", async () => {
  await cluster(2);
  await auto();
  const first = nodeId("storage-1");
  const lastMs = new Map<FamilyId, number>();
  let leaders = new Map<FamilyId, NodeId>();
  let moves = 0;
  for (let round = 0; round < 24; round += 1) {
    const families = [...placed.log.view.volumes.values()].map(({ family }) => family);
    asked = new Map(families.filter((one) => leaderOf(one) === first).map((one) => [one, 500]));
    await placed.pass(AUTO_AFTER_MS);
    const now = new Map(families.map((family) => [family, leaderOf(family)]));
    for (const [family, leader] of now) {
      if (leaders.size === 0 || leaders.get(family) === leader) continue;
      moves += 1;
      const nowMs = placed.group.clock.nowMs();
      const restedMs = nowMs - (lastMs.get(family) ?? Number.NEGATIVE_INFINITY);
      expect(restedMs).toBeGreaterThan(AUTO_AGAIN_MS - AUTO_AFTER_MS);
      lastMs.set(family, nowMs);
    }
    leaders = now;
  }
  expect(moves).toBeGreaterThanOrEqual(2);
});

test("nothing is done by itself while something is under way, and the list says what", async () => {
  const shared = await cluster(2);
  await auto();
  asked = new Map(shared.map((family) => [family, 500]));
  plannedMoves = 3;
  const before = versions();
  const waits = async (hindrance: string) => {
    await placed.pass(HOT_MS + AUTO_AFTER_MS);
    expect(advisor.list).toMatchObject({ hindrance, applied: [] });
    expect(versions()).toEqual(before);
  };
  await waits("copies are being moved");
  expect(ids(), "people may").toHaveLength(1);
  plannedMoves = 0;
  pathsAreWhole = false;
  await waits("some processes do not hear each other");
  pathsAreWhole = true;
  const node = nodeId("storage-2");
  await placed.apply({ kind: "setNodeService", node, service: "draining" });
  await waits("a node or disk is being emptied");
  await placed.apply({ kind: "setNodeService", node, service: "in" });
  await placed.apply({ kind: "setAdvice", advice: "manual" });
  await waits("");
  await auto();
  await placed.pass(HOT_MS + AUTO_AFTER_MS);
  expect(advisor.list.applied).toHaveLength(1);
});

test("a leader that finds it on does not know what the one before did, and waits", async () => {
  const shared = await cluster(2);
  await auto();
  await advisor.stop();
  await advisor.start();
  asked = new Map(shared.map((family) => [family, 500]));
  await placed.pass(AUTO_AGAIN_MS - ADVICE_INTERVAL_MS);
  expect(ids()).toHaveLength(1);
  expect(advisor.list.applied).toEqual([]);
  await placed.pass(2 * ADVICE_INTERVAL_MS);
  expect(advisor.list.applied).toMatchObject([{ byItself: true }]);
});

test("copies leave a disk that is nearly full for one with room when people say so, and by themselves they do not", async () => {
  await cluster(2, 3);
  await auto();
  freeBytes = new Map([[1, 50 * MIB]]);
  await placed.pass(HOT_MS + AUTO_AFTER_MS);
  const before = placed.copiesOn(1);
  expect(advisor.list).toMatchObject({
    recommendations: [{ id: "full/storage-1/disk-1", kind: "full-disk", applicable: true }],
    applied: [],
  });
  const { chunks } = await placed.group.answered(advisor.apply(["full/storage-1/disk-1"]));
  expect(chunks).toBeGreaterThan(0);
  expect(placed.learning()).toBe(chunks);
  expect(ids(), "not twice").toEqual([]);
  await placed.pass(2 * ADVICE_INTERVAL_MS);
  expect(advisor.list.recommendations, "while they move").toMatchObject([{ applicable: false }]);
  expect(placed.copiesOn(1), "none is gone before another is there").toBe(before);
});
