// When the leader makes lost copies elsewhere, and how long it waits for a node that is down.
import type { Command, CommandKind, CommandOf } from "@ashlar/catalog";
import { MIB, nodeId, volumeId, volumeName } from "@ashlar/core";
import { openRegistry, silentLog } from "@ashlar/runtime";
import { afterEach, expect, test } from "vitest";
import { COPIES_UNDER_WAY_MAX, COPY_INTERVAL_MS, CopyKeeper } from "./copy-keeper.ts";
import { openCopyMetrics } from "./metrics.ts";
import { registrationOf, reportOf, storeOf } from "./testing/metadata-fixture.ts";
import { TestGroup } from "./testing/test-group.ts";

const COPY_AFTER_MS = 300_000;
const metrics = openCopyMetrics(openRegistry({ process: "test" }));

let group: TestGroup;
let keeper: CopyKeeper;
let freeBytes = 1024 * MIB;
afterEach(async () => {
  freeBytes = 1024 * MIB;
  await keeper.stop();
  await group.stop();
});

const log = () => group.member(nodeId("metadata-1")).log;
const apply = <K extends CommandKind>(command: CommandOf<K>) =>
  group.answered(log().propose(command as Command as CommandOf<K>));
const up = (node: number, boot = 1) => apply({ kind: "nodeUp", ...registrationOf(node, boot) });
const down = (node: number) => {
  const { incarnation = 0 } = log().view.nodes.get(nodeId(`storage-${node}`)) ?? {};
  return apply({ kind: "nodeDown", node: nodeId(`storage-${node}`), incarnation, unheard: [] });
};

/** Four nodes, one volume, and a keeper. */
async function cluster(chunks: number, replicas = 2): Promise<void> {
  group = await TestGroup.of(1);
  for (const node of [1, 2, 3, 4]) await up(node);
  const volume = {
    volume: volumeId("10000000-0000-4000-8000-000000000001"),
    name: volumeName("demo"),
    sizeBytes: chunks * 16 * MIB,
    blockSize: 512,
    replicas,
    createdAt: "",
    access: "any" as const,
  };
  await apply({ kind: "beginVolume", ...volume });
  const family = log().drafts[0]!.record.family;
  await apply({ kind: "extendVolume", family, chunks });
  await apply({ kind: "finishVolume", family });
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

const chunks = () => {
  const [volume] = [...log().view.volumes.values()];
  return log().view.chunksOf(volume!.family);
};
const learning = (): number => chunks().filter(({ learners }) => learners.length > 0).length;
const copiesOn = (node: number): number =>
  chunks().filter(({ members }) => members.some((one) => one.storeUuid === storeOf(node))).length;

async function admitAll(): Promise<void> {
  const items = chunks().flatMap(({ chunk, epoch, version, learners }) =>
    learners.map((store) => ({ chunk, epoch, version, store })),
  );
  await apply({ kind: "addToIsr", items });
}
/** In parts, since the patience of a test with one wait has an end. */
async function pass(ms: number): Promise<void> {
  const endMs = group.clock.nowMs() + ms;
  while (group.clock.nowMs() < endMs) {
    const partMs = Math.min(endMs, group.clock.nowMs() + 10_000);
    await group.until(() => group.clock.nowMs() >= partMs);
  }
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
  expect(before).toBeGreaterThan(COPIES_UNDER_WAY_MAX);
  expect(most).toBe(COPIES_UNDER_WAY_MAX);
  expect(chunks().every(({ members, isr }) => members.length === 2 && isr.length === 2)).toBe(true);
  await pass(2 * COPY_INTERVAL_MS);
  const { visited } = log().view.chunks;
  await pass(10 * COPY_INTERVAL_MS);
  expect(log().view.chunks.visited).toBe(visited);
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
