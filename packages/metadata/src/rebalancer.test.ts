// When the leader spreads copies anew, how many at a time, and when it leaves everything as it is.
import type { CommandKind, CommandOf } from "@ashlar/catalog";
import { MIB, nodeId } from "@ashlar/core";
import { openRegistry, silentLog } from "@ashlar/runtime";
import { afterEach, expect, test } from "vitest";
import { COPIES_UNDER_WAY_MAX, CopyKeeper } from "./copy-keeper.ts";
import { openCopyMetrics, openRebalanceMetrics } from "./metrics.ts";
import { REBALANCE_QUIET_MS, Rebalancer } from "./rebalancer.ts";
import { reportOf } from "./testing/metadata-fixture.ts";
import { PlacedGroup } from "./testing/placed-group.ts";
import type { TestGroup } from "./testing/test-group.ts";

const registry = openRegistry({ process: "test" });
const copyMetrics = openCopyMetrics(registry);
const metrics = openRebalanceMetrics(registry);

let group: TestGroup;
let placed: PlacedGroup;
let keeper: CopyKeeper;
let rebalancer: Rebalancer;
afterEach(async () => {
  await rebalancer.stop();
  await keeper.stop();
  await group.stop();
});

const log = () => placed.log;
const apply = <K extends CommandKind>(command: CommandOf<K>) => placed.apply(command);
const up = (node: number, boot?: number) => placed.up(node, boot);
const down = (node: number) => placed.down(node);
const chunks = () => placed.chunks();
const learning = () => placed.learning();
const copiesOn = (node: number) => placed.copiesOn(node);
const admitAll = () => placed.admit();
const pass = (ms: number) => placed.pass(ms);

/** The first store of a node. */
function joined(number: number) {
  const record = log().view.nodes.get(nodeId(`storage-${number}`));
  const [disk] = record?.disks ?? [];
  if (!record || !disk) throw new Error("the node has joined");
  return { record: record.node, free: disk.storeUuid };
}

/** Three nodes, one volume with two copies, and who moves them; without `keeps` nobody drops what is one too many. */
async function cluster(chunkCount: number, { keeps = true } = {}): Promise<void> {
  placed = await PlacedGroup.of(3, { chunks: chunkCount });
  group = placed.group;
  const ports = { replicatedLog: log(), clock: group.clock, log: silentLog };
  const report = (node: string) => reportOf(Number(node.split("-")[1]), 1024 * MIB);
  keeper = new CopyKeeper(
    { ...ports, metrics: copyMetrics, reportOf: report },
    { copyAfterMs: 300_000 },
  );
  rebalancer = new Rebalancer({ ...ports, metrics, reportOf: report });
  if (keeps) await keeper.start();
  await rebalancer.start();
}

/** Whatever learns is in sync at once, until nothing moves any more. */
async function untilEven(): Promise<number> {
  let most = 0;
  let quietMs = 0;
  while (quietMs < 2 * REBALANCE_QUIET_MS) {
    await pass(500);
    most = Math.max(most, learning());
    if (learning() > 0) quietMs = 0;
    else quietMs += 500;
    await admitAll();
  }
  return most;
}

test("B1: a node that joins gets its share, so many copies at a time, and then nothing moves any more", async () => {
  await cluster(180);
  await up(4);
  await group.until(() => learning() > 0);
  expect(await untilEven()).toBeLessThanOrEqual(COPIES_UNDER_WAY_MAX / 2);
  expect([1, 2, 3, 4].map(copiesOn)).toEqual([90, 90, 90, 90]);
  expect(chunks().every(({ members, isr }) => members.length === 2 && isr.length === 2)).toBe(true);
  expect(rebalancer.standing).toMatchObject({ moving: 0, planned: 0, begun: 0 });
  const { visited } = log().view.chunks;
  await pass(20_000);
  expect(log().view.chunks.visited).toBe(visited);
}, 60_000);

test("copies that have still to go are no reason to take the spread for even", async () => {
  await cluster(40, { keeps: false });
  await apply({ kind: "setRebalancing", rebalancing: "paused" });
  await up(4);
  const { free, record } = joined(4);
  const items = chunks()
    .slice(0, 30)
    .map(({ chunk, version, isr: [instead] }) => ({
      chunk,
      version,
      node: record,
      store: free,
      instead,
    }));
  await apply({ kind: "addMembers", items });
  await admitAll();
  await apply({ kind: "setRebalancing", rebalancing: "auto" });
  await pass(3 * REBALANCE_QUIET_MS);
  expect(copiesOn(4)).toBe(30);
  await keeper.start();
  await untilEven();
  expect([1, 2, 3, 4].map(copiesOn)).toEqual([20, 20, 20, 20]);
});

test("nothing moves while a node is down, and what is under way is not planned anew", async () => {
  await cluster(40);
  await down(1);
  await up(4);
  await pass(3 * REBALANCE_QUIET_MS);
  expect(learning()).toBe(0);
  expect(rebalancer.standing.hindrance).toBe("a node is down");
  await up(1, 2);
  await admitAll();
  await untilEven();
  expect([1, 2, 3, 4].map(copiesOn)).toEqual([20, 20, 20, 20]);
});

test("paused, nothing is begun; cancelled, what moves goes back, and a drained node is emptied all the same", async () => {
  await cluster(120);
  await up(4);
  await group.until(() => learning() > 0);
  await apply({ kind: "setRebalancing", rebalancing: "paused" });
  const moving = learning();
  expect(await group.answered(rebalancer.cancel())).toBe(moving);
  expect(learning()).toBe(0);
  expect(chunks().every(({ members, leaving }) => members.length === 2 && !leaving)).toBe(true);
  await pass(2 * REBALANCE_QUIET_MS);
  expect(learning()).toBe(0);
  const { moves, nodes } = await group.answered(rebalancer.preview());
  expect(moves.length).toBe(60 - copiesOn(4));
  expect(nodes.map(({ copiesAfter }) => copiesAfter)).toEqual([60, 60, 60, 60]);
  await apply({ kind: "setNodeService", node: nodeId("storage-1"), service: "draining" });
  await group.until(() => learning() > 0);
  expect(await group.answered(rebalancer.cancel()), "it is wanted for another reason").toBe(0);
  await untilEven();
  expect(copiesOn(1)).toBe(0);
});
