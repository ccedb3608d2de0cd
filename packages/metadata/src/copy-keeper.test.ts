// When the leader makes lost copies elsewhere, and how long it waits for a node that is down.
import type { CommandKind, CommandOf } from "@ashlar/catalog";
import { MIB, nodeId } from "@ashlar/core";
import { openRegistry, silentLog } from "@ashlar/runtime";
import { afterEach, expect, test } from "vitest";
import {
  COPIES_UNDER_WAY_MAX,
  COPY_INTERVAL_MS,
  CopyKeeper,
  MOVES_UNDER_WAY_MAX,
} from "./copy-keeper.ts";
import { openCopyMetrics } from "./metrics.ts";
import { reportOf, storeOf } from "./testing/metadata-fixture.ts";
import { PlacedGroup } from "./testing/placed-group.ts";
import type { TestGroup } from "./testing/test-group.ts";

const COPY_AFTER_MS = 300_000;
const metrics = openCopyMetrics(openRegistry({ process: "test" }));

let group: TestGroup;
let placed: PlacedGroup;
let keeper: CopyKeeper;
let freeBytes = 1024 * MIB;
afterEach(async () => {
  freeBytes = 1024 * MIB;
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

/** Four nodes, one volume, and a keeper. */
async function cluster(chunkCount: number, replicas = 2): Promise<void> {
  placed = await PlacedGroup.of(4, { chunks: chunkCount, replicas });
  group = placed.group;
  keeper = new CopyKeeper(
    {
      replicatedLog: log(),
      clock: group.clock,
      log: silentLog,
      metrics,
      reportOf: (node) => reportOf(Number(node.split("-")[1]), freeBytes),
    },
    { copyAfterMs: COPY_AFTER_MS },
  );
  await keeper.start();
}

test("the copies of a failed disk are made elsewhere at once, so many at a time", async () => {
  await cluster(300);
  const lost = copiesOn(1);
  expect(lost).toBeGreaterThan(COPIES_UNDER_WAY_MAX);
  await apply({ kind: "storeDown", store: storeOf(1) });
  await group.until(() => learning() > 0);
  await pass(2 * COPY_INTERVAL_MS);
  expect(learning()).toBe(COPIES_UNDER_WAY_MAX);
  while (copiesOn(1) > 0) {
    await admitAll();
    await group.until(() => learning() > 0 || copiesOn(1) === 0);
  }
  await admitAll();
  expect(chunks().every(({ isr }) => isr.length === 2)).toBe(true);
  expect((await metrics.copiesBegun.get()).values[0]?.value).toBe(lost);
});

test("a node that is down is waited for a minute where one copy is left", async () => {
  await cluster(20);
  await down(1);
  const lost = copiesOn(1);
  await pass(50_000);
  expect(copiesOn(1)).toBe(lost);
  await group.until(() => copiesOn(1) === 0);
});

test("with two copies left it is waited for longer, and not any more once it is back", async () => {
  await cluster(20, 3);
  await down(1);
  const lost = copiesOn(1);
  await pass(COPY_AFTER_MS - 20_000);
  await up(1, 2);
  await pass(30_000);
  expect(copiesOn(1)).toBe(lost);
  await down(1);
  await pass(COPY_AFTER_MS - 10_000);
  expect(copiesOn(1)).toBe(lost);
  await group.until(() => copiesOn(1) === 0);
}, 60_000);

test("without room nothing is begun, and it is when there is room again", async () => {
  await cluster(20);
  freeBytes = 0;
  await apply({ kind: "storeDown", store: storeOf(1) });
  await pass(5 * COPY_INTERVAL_MS);
  expect(learning()).toBe(0);
  freeBytes = 1024 * MIB;
  await group.until(() => copiesOn(1) === 0);
});

test("a leader that follows another begins to wait anew", async () => {
  await cluster(20);
  await down(1);
  const lost = copiesOn(1);
  await pass(50_000);
  await keeper.stop();
  await keeper.start();
  await pass(50_000);
  expect(copiesOn(1)).toBe(lost);
  await group.until(() => copiesOn(1) === 0);
});

test("a node that is drained is emptied, so many chunks at a time, and then nothing is looked at any more", async () => {
  await cluster(300);
  const before = copiesOn(1);
  await apply({ kind: "setNodeService", node: nodeId("storage-1"), service: "draining" });
  await group.until(() => learning() > 0);
  let most = 0;
  await group.until(() => {
    most = Math.max(most, learning());
    void admitAll();
    return copiesOn(1) === 0;
  });
  expect(before).toBeGreaterThan(MOVES_UNDER_WAY_MAX);
  expect(most).toBe(MOVES_UNDER_WAY_MAX);
  expect(chunks().every(({ members, isr }) => members.length === 2 && isr.length === 2)).toBe(true);
  await pass(2 * COPY_INTERVAL_MS);
  const { visited } = log().view.chunks;
  await pass(10 * COPY_INTERVAL_MS);
  expect(log().view.chunks.visited).toBe(visited);
});

test("copies that are lost while others move do not wait for these", async () => {
  await cluster(300);
  await apply({ kind: "setNodeService", node: nodeId("storage-1"), service: "draining" });
  await group.until(() => learning() > 0);
  await pass(2 * COPY_INTERVAL_MS);
  expect(learning(), "moves leave room").toBe(MOVES_UNDER_WAY_MAX);
  await apply({ kind: "storeDown", store: storeOf(2) });
  const lost = (): number =>
    chunks().filter(({ learners, isr }) => learners.length > 0 && isr.length === 1).length;
  await group.until(() => lost() > 0);
  await pass(2 * COPY_INTERVAL_MS);
  expect(lost()).toBeGreaterThanOrEqual(COPIES_UNDER_WAY_MAX - MOVES_UNDER_WAY_MAX);
});

test("what is begun by one leader is ended by the next: each chunk says who is leaving", async () => {
  await cluster(40);
  await apply({ kind: "setNodeService", node: nodeId("storage-1"), service: "draining" });
  await group.until(() => learning() > 0);
  await keeper.stop();
  await admitAll();
  await apply({ kind: "setNodeService", node: nodeId("storage-1"), service: "in" });
  const moved = chunks().filter(({ leaving }) => leaving !== undefined).length;
  expect(moved).toBeGreaterThan(0);
  await keeper.start();
  await group.until(() => chunks().every(({ members }) => members.length === 2));
  expect(chunks().some(({ leaving }) => leaving !== undefined)).toBe(false);
});
