import { nodeId, volumeId, volumeName } from "@ashlar/core";
import type { WatchStep } from "@ashlar/rpc";
import { nodeClock, nodeRandom, silentLog } from "@ashlar/runtime";
import { MemoryDisk } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import { createdTestLog, openTestLog } from "./testing/open-log.ts";
import { VolumeCreation } from "./volume-creation.ts";
import { WatchHub } from "./watch-hub.ts";

const gatewayUp = (number: number) =>
  ({
    kind: "gatewayUp",
    gateway: nodeId(`gateway-${number}`),
    bootId: "a",
    portals: [],
  }) as const;
const namesIn = ({ changes }: WatchStep): string[] =>
  changes.map((change) => (change.kind === "gateway" ? change.record.gateway : change.kind));

async function firstStep(hub: WatchHub, from: { logId: string; index: number }) {
  const ended = new AbortController();
  for await (const step of hub.watch(from, ended)) return step;
  throw new Error("the watch ended");
}

test("a watch resumes with exactly what came after its index, or with everything", async () => {
  const disk = new MemoryDisk();
  const log = await createdTestLog(disk);
  const hub = new WatchHub({ log }, { run: "run-1" });
  for (const number of [1, 2, 3]) await log.propose(gatewayUp(number));
  const after = await firstStep(hub, { logId: "log-1/run-1", index: 2 });
  expect(after).toMatchObject({ index: 4, full: false });
  expect(namesIn(after)).toEqual(["gateway-2", "gateway-3"]);
  const upToDate = await firstStep(hub, { logId: "log-1/run-1", index: 4 });
  expect(upToDate).toMatchObject({ index: 4, full: false, changes: [] });
  const everything = ["cluster", "gateway-1", "gateway-2", "gateway-3"];
  for (const from of [
    { logId: "", index: 0 },
    { logId: "another log", index: 3 },
    { logId: "log-1/run-1", index: 99 },
  ]) {
    const full = await firstStep(hub, from);
    expect(full).toMatchObject({ index: 4, full: true });
    expect(namesIn(full)).toEqual(everything);
  }
  const restarted = await openTestLog(disk);
  const fresh = new WatchHub({ log: restarted }, { run: "run-2" });
  expect(await firstStep(fresh, { logId: "log-1/run-1", index: 4 })).toMatchObject({ full: false });
  expect(await firstStep(fresh, { logId: "log-1/run-1", index: 3 })).toMatchObject({ full: true });
});

test("a log that went back and grew again is told in full, not as the rest of another history", async () => {
  const disk = new MemoryDisk();
  const log = await createdTestLog(disk);
  const older = new WatchHub({ log }, { run: "run-1" });
  await log.propose(gatewayUp(1));
  const seen = await firstStep(older, { logId: "", index: 0 });
  expect(seen).toMatchObject({ index: 2, full: true });
  // As after the folder was restored to its first entry: other entries take the same places.
  const restored = await createdTestLog(new MemoryDisk());
  const hub = new WatchHub({ log: restored }, { run: "run-2" });
  for (const number of [2, 3]) await restored.propose(gatewayUp(number));
  const step = await firstStep(hub, seen);
  expect(step).toMatchObject({ index: 3, full: true });
  expect(namesIn(step)).toEqual(["cluster", "gateway-2", "gateway-3"]);
});

test("a watcher that waits is told each entry once, and is counted while it waits", async () => {
  const log = await createdTestLog(new MemoryDisk());
  const hub = new WatchHub({ log }, { run: "run-1" });
  const ended = new AbortController();
  const steps = hub.watch({ logId: "log-1/run-1", index: 1 }, ended)[Symbol.asyncIterator]();
  expect((await steps.next()).value).toMatchObject({ index: 1, changes: [] });
  const waiting = steps.next();
  await log.propose(gatewayUp(1));
  expect(namesIn((await waiting).value as WatchStep)).toEqual(["gateway-1"]);
  expect(hub.count).toBe(1);
  const stopped = steps.next();
  ended.abort(new Error("the watcher is gone"));
  await expect(stopped).rejects.toThrow("the watcher is gone");
  expect(hub.count).toBe(0);
});

test("a creation that its caller gave up is taken back", async () => {
  const log = await createdTestLog(new MemoryDisk());
  await log.propose({
    kind: "nodeUp",
    node: nodeId("storage-1"),
    bootId: "a",
    address: "127.0.0.1:7001",
    disks: [
      {
        disk: "disk-1" as never,
        storeUuid: volumeId("00000000-0000-4000-8000-000000000001") as never,
        sizeBytes: 2 ** 30,
        state: "up",
      },
    ],
  });
  const creation = new VolumeCreation({
    replicatedLog: log,
    clock: nodeClock,
    random: nodeRandom,
    log: silentLog,
  });
  const demo = { name: volumeName("demo"), sizeBytes: 2 ** 40 };
  const signal = AbortSignal.abort(new Error("never mind"));
  await expect(creation.create(demo, { signal })).rejects.toThrow("never mind");
  expect(log.drafts).toEqual([]);
  expect(log.view.chunks.families()).toEqual([]);
  const made = await creation.create(demo, { signal: new AbortController().signal });
  expect(log.view.volumes.get(made)?.name).toBe("demo");
});
