// When the leader gives leading back, and when it leaves everything as it is.
import { countByNode } from "@ashlar/catalog";
import { nodeId } from "@ashlar/core";
import { openRegistry, silentLog } from "@ashlar/runtime";
import { afterEach, expect, test } from "vitest";
import { openBalanceMetrics } from "./metrics.ts";
import { BALANCE_QUIET_MS, PrimaryBalancer } from "./primary-balancer.ts";
import { PlacedGroup } from "./testing/placed-group.ts";
import type { TestGroup } from "./testing/test-group.ts";

let group: TestGroup;
let placed: PlacedGroup;
let balancer: PrimaryBalancer;
let pathsAreWhole = true;
const registry = openRegistry({ process: "test" });
const metrics = openBalanceMetrics(registry);
afterEach(async () => {
  await balancer.stop();
  await group.stop();
});

const log = () => placed.log;
const up = (node: number, boot?: number) => placed.up(node, boot);
const down = (node: number) => placed.down(node);
const admit = (count?: number) => placed.admit(count);
const pass = (ms: number) => placed.pass(ms);

/** Three nodes, one volume with two replicas of each chunk, and a balancer. */
async function cluster(chunks: number): Promise<void> {
  placed = await PlacedGroup.of(3, { chunks });
  group = placed.group;
  balancer = new PrimaryBalancer({
    replicatedLog: log(),
    clock: group.clock,
    log: silentLog,
    metrics,
    pathsAreWhole: () => pathsAreWhole,
  });
  await balancer.start();
}

const led = (node: number): number =>
  countByNode(log().view).get(nodeId(`storage-${node}`))?.primaries ?? 0;
const allLed = () => [1, 2, 3].map(led);
const movedSoFar = async () => (await metrics.primariesMoved.get()).values[0]?.value ?? 0;

test("a node that came back leads again what is its share, after a quiet time, once", async () => {
  await cluster(300);
  const before = await movedSoFar();
  await down(1);
  await up(1, 2);
  expect(led(1)).toBe(0);
  // Its copies are not up to date: nothing moves, however long that takes.
  await pass(3 * BALANCE_QUIET_MS);
  await admit(placed.learning() - 1);
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
