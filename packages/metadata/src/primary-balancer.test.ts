// When the leader gives leading back, and when it leaves everything as it is.
import { type Command, type CommandKind, type CommandOf, countByNode } from "@ashlar/catalog";
import { type ChunkId, MIB, nodeId, type StoreUuid, volumeId, volumeName } from "@ashlar/core";
import { openRegistry, silentLog } from "@ashlar/runtime";
import { afterEach, expect, test } from "vitest";
import { openBalanceMetrics } from "./metrics.ts";
import { BALANCE_QUIET_MS, PrimaryBalancer } from "./primary-balancer.ts";
import { registrationOf } from "./testing/metadata-fixture.ts";
import { TestGroup } from "./testing/test-group.ts";

let group: TestGroup;
let balancer: PrimaryBalancer;
let pathsAreWhole = true;
const registry = openRegistry({ process: "test" });
const metrics = openBalanceMetrics(registry);
afterEach(async () => {
  await balancer.stop();
  await group.stop();
});

const name = nodeId("metadata-1");
const log = () => group.member(name).log;
const apply = <K extends CommandKind>(command: CommandOf<K>) =>
  group.answered(log().propose(command as Command as CommandOf<K>));
const up = (node: number, boot = 1) => apply({ kind: "nodeUp", ...registrationOf(node, boot) });
const down = (node: number) => {
  const { incarnation = 0 } = log().view.nodes.get(nodeId(`storage-${node}`)) ?? {};
  return apply({ kind: "nodeDown", node: nodeId(`storage-${node}`), incarnation, unheard: [] });
};

/** Three nodes, one volume with two replicas of each chunk, and a balancer. */
async function cluster(chunks: number): Promise<void> {
  group = await TestGroup.of(1);
  for (const node of [1, 2, 3]) await up(node);
  const volume = {
    volume: volumeId("10000000-0000-4000-8000-000000000001"),
    name: volumeName("demo"),
    sizeBytes: chunks * 16 * MIB,
    blockSize: 512,
    replicas: 2,
    createdAt: "",
    access: "any" as const,
  };
  await apply({ kind: "beginVolume", ...volume });
  const [draft] = log().drafts;
  const family = draft!.record.family;
  await apply({ kind: "extendVolume", family, chunks });
  await apply({ kind: "finishVolume", family });
  balancer = new PrimaryBalancer({
    replicatedLog: log(),
    clock: group.clock,
    log: silentLog,
    metrics,
    pathsAreWhole: () => pathsAreWhole,
  });
  await balancer.start();
}

function learners(): { chunk: ChunkId; store: StoreUuid }[] {
  const [volume] = [...log().view.volumes.values()];
  return log()
    .view.chunksOf(volume!.family)
    .flatMap(({ chunk, learners: all }) => all.map((store) => ({ chunk, store })));
}
async function admit(count = Number.POSITIVE_INFINITY): Promise<void> {
  const items = learners()
    .slice(0, count)
    .map(({ chunk, store }) => {
      const { epoch, version } = log().view.chunk(chunk)!;
      return { chunk, epoch, version, store };
    });
  await apply({ kind: "addToIsr", items });
}

const led = (node: number): number =>
  countByNode(log().view).get(nodeId(`storage-${node}`))?.primaries ?? 0;
const allLed = () => [1, 2, 3].map(led);
async function pass(ms: number): Promise<void> {
  const endMs = group.clock.nowMs() + ms;
  await group.until(() => group.clock.nowMs() >= endMs);
}
const movedSoFar = async () => (await metrics.primariesMoved.get()).values[0]?.value ?? 0;

test("a node that came back leads again what is its share, after a quiet time, once", async () => {
  await cluster(300);
  const before = await movedSoFar();
  await down(1);
  await up(1, 2);
  expect(led(1)).toBe(0);
  // Its copies are not up to date: nothing moves, however long that takes.
  await pass(3 * BALANCE_QUIET_MS);
  await admit(learners().length - 1);
  await pass(3 * BALANCE_QUIET_MS);
  expect(led(1)).toBe(0);
  await admit();
  await pass(BALANCE_QUIET_MS - 1_000);
  expect(led(1)).toBe(0);
  await group.until(() => led(1) === 100);
  expect(allLed()).toEqual([100, 100, 100]);
  const { appliedIndex } = log();
  await pass(2 * BALANCE_QUIET_MS);
  expect(log().appliedIndex).toBe(appliedIndex);
  expect((await movedSoFar()) - before).toBe(100);
});

test("chunks move in batches, and a node that goes down stops them", async () => {
  await cluster(900);
  await down(1);
  await up(1, 2);
  await admit();
  await group.until(() => led(1) > 0);
  // The rest waits for the next batch.
  expect(led(1)).toBeLessThan(300);
  await down(2);
  const moved = await movedSoFar();
  await pass(3 * BALANCE_QUIET_MS);
  expect(await movedSoFar()).toBe(moved);
  expect(allLed()).not.toEqual([300, 300, 300]);
  await up(2, 2);
  await admit();
  await group.until(() => allLed().every((count) => count === 300));
});

test("nothing is given back while living processes do not hear each other", async () => {
  await cluster(30);
  await down(1);
  await up(1, 2);
  await admit();
  pathsAreWhole = false;
  await pass(3 * BALANCE_QUIET_MS);
  expect(led(1)).toBe(0);
  pathsAreWhole = true;
  await pass(BALANCE_QUIET_MS - 1_000);
  expect(led(1)).toBe(0);
  await group.until(() => led(1) === 10);
});

test("a leader that follows another looks at the cluster anew", async () => {
  await cluster(30);
  await down(1);
  await up(1, 2);
  await admit();
  await balancer.stop();
  await pass(2 * BALANCE_QUIET_MS);
  expect(led(1)).toBe(0);
  await balancer.start();
  await group.until(() => led(1) === 10);
});
