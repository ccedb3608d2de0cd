import { nodeId, volumeId, volumeName } from "@ashlar/core";
import type { WatchStep } from "@ashlar/rpc";
import { nodeRandom, silentLog } from "@ashlar/runtime";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { GroupLog } from "./group/group-log.ts";
import { foundCluster } from "./group/member-folder.ts";
import { gatewayUp, nodeUp, TestGroup } from "./testing/test-group.ts";
import { VolumeCreation } from "./volume-creation.ts";
import { WatchHub } from "./watch-hub.ts";

let group: TestGroup;
let log: GroupLog;
beforeEach(async () => {
  group = await TestGroup.of(1);
  await group.until(() => group.leader().log.view.members.size === 1);
  await group.settle();
  log = group.leader().log;
});
afterEach(() => group.stop());

const namesIn = ({ changes }: WatchStep): string[] =>
  [...changes].map((change) => (change.kind === "gateway" ? change.record.gateway : change.kind));

async function firstStep(hub: WatchHub, from: { logId: string; index: number }) {
  const ended = new AbortController();
  for await (const step of hub.watch(from, ended)) return step;
  throw new Error("the watch ended");
}

const EVERYTHING = ["cluster", "gateway-1", "gateway-2", "gateway-3", "member"];

test("a watch resumes with exactly what came after its index, or with everything", async () => {
  const hub = new WatchHub({ log });
  const start = log.appliedIndex;
  for (const number of [1, 2, 3]) await log.propose(gatewayUp(number));
  const { run } = log;
  const index = start + 3;
  const after = await firstStep(hub, { logId: run, index: start + 1 });
  expect(after).toMatchObject({ logId: run, index, full: false });
  expect(namesIn(after)).toEqual(["gateway-2", "gateway-3"]);
  const upToDate = await firstStep(hub, { logId: run, index });
  expect(upToDate).toMatchObject({ index, full: false, changes: [] });
  for (const from of [
    { logId: "", index: 0 },
    { logId: "", index: start },
    { logId: "another history", index: start },
    { logId: run, index: index + 96 },
    { logId: run, index: start - 1 },
  ]) {
    const full = await firstStep(hub, from);
    expect(full).toMatchObject({ index, full: true });
    expect(namesIn(full).sort()).toEqual(EVERYTHING);
  }
});

test("a watcher of a founder is told nothing before there is a cluster", async () => {
  await group.stop();
  group = new TestGroup();
  const name = nodeId("metadata-1");
  const ports = { disk: group.diskOf(name), random: nodeRandom };
  await foundCluster(ports, TestGroup.identity(name));
  const founder = await group.start(name);
  const hub = new WatchHub(founder);
  const first = new Promise<WatchStep>((resolve) => {
    founder.log.onLead((leads) => leads && resolve(firstStep(hub, { logId: "", index: 0 })));
  });
  await group.until(() => founder.log.view.cluster !== undefined);
  expect(namesIn(await first)).toContain("cluster");
});

test("a watcher goes on at another member where it was", async () => {
  await group.stop();
  group = await TestGroup.of(3);
  const hubs = new Map([...group.members].map(([name, member]) => [name, new WatchHub(member)]));
  const first = group.leader();
  await first.log.propose(gatewayUp(1));
  await group.settle();
  const seen = await firstStep(hubs.get(first.name)!, { logId: "", index: 0 });
  await first.log.propose(gatewayUp(2));
  await group.crash(first.name);
  await group.until(() => group.leaderOrNone() !== undefined);
  const step = await firstStep(hubs.get(group.leader().name)!, seen);
  expect(step.full).toBe(false);
  expect(namesIn(step)).toEqual(["gateway-2"]);
  const [follower] = group.followers();
  await expect(firstStep(hubs.get(follower!.name)!, seen)).rejects.toMatchObject({
    code: "raft/not-leader",
  });
});

test("R7: a leader that was replaced and does not know it takes no watcher back to what was", async () => {
  await group.stop();
  group = await TestGroup.of(3);
  const hubs = new Map([...group.members].map(([name, member]) => [name, new WatchHub(member)]));
  const first = group.leader();
  group.cutOff(first.name);
  // What another leader would have told: this one has neither its run nor its entries.
  const newer = { logId: "the next leader's", index: first.log.appliedIndex + 2 };
  expect(first.log.leads).toBe(true);
  const refused = group.answered(firstStep(hubs.get(first.name)!, newer));
  await expect(refused).rejects.toMatchObject({
    code: expect.stringMatching(/^(raft\/not-leader|cluster\/unavailable)$/),
  });
  await group.until(() => group.leaderOrNone() !== undefined);
  const { name, log: next } = group.leader();
  await group.answered(next.propose(gatewayUp(1)));
  const seen = await group.answered(firstStep(hubs.get(name)!, newer));
  expect(seen).toMatchObject({ full: true, logId: next.run, index: next.appliedIndex });
});

test("a log that went back and grew again is told in full, not as the rest of another history", async () => {
  const older = new WatchHub({ log });
  await log.propose(gatewayUp(1));
  const seen = await firstStep(older, { logId: "", index: 0 });
  // As after the folder was restored from an older copy: other entries take the same places.
  await group.stop();
  group = await TestGroup.of(1);
  const restored = group.leader().log;
  const hub = new WatchHub({ log: restored });
  while (restored.appliedIndex < seen.index) await restored.propose(gatewayUp(2));
  expect(await firstStep(hub, seen)).toMatchObject({ full: true });
});

test("a watcher that waits is told each entry once, and is counted while it waits", async () => {
  const hub = new WatchHub({ log });
  const ended = new AbortController();
  const index = log.appliedIndex;
  const steps = hub.watch({ logId: log.run, index }, ended)[Symbol.asyncIterator]();
  expect((await steps.next()).value).toMatchObject({ index, changes: [] });
  const waiting = steps.next();
  await log.propose(gatewayUp(1));
  expect(namesIn((await waiting).value as WatchStep)).toEqual(["gateway-1"]);
  expect(hub.count).toBe(1);
  const stopped = steps.next();
  ended.abort(new Error("the watcher is gone"));
  await expect(stopped).rejects.toThrow("the watcher is gone");
  expect(hub.count).toBe(0);
});

test("a watch ends when its member does not lead any more", async () => {
  const hub = new WatchHub({ log });
  const steps = hub.watch({ logId: log.run, index: log.appliedIndex }, new AbortController());
  await steps.next();
  const waiting = steps.next();
  log.onSoftState({ leader: 0, role: "follower" });
  await expect(waiting).rejects.toMatchObject({ code: "raft/not-leader" });
});

const demo = {
  volume: volumeId("10000000-0000-4000-8000-000000000001"),
  name: volumeName("demo"),
  sizeBytes: 2 ** 40,
};

async function creationWithRoom(): Promise<VolumeCreation> {
  await log.propose(nodeUp());
  return new VolumeCreation({ replicatedLog: log, clock: group.clock, log: silentLog });
}

test("a creation that its caller gave up is taken back", async () => {
  const creation = await creationWithRoom();
  const signal = AbortSignal.abort(new Error("never mind"));
  await expect(creation.create(demo, { signal })).rejects.toThrow("never mind");
  expect(log.drafts).toEqual([]);
  expect(log.view.chunks.families()).toEqual([]);
  const made = await creation.create(demo, { signal: new AbortController().signal });
  expect(log.view.volumes.get(made)?.name).toBe("demo");
});

test("a creation that is asked for again makes no second volume", async () => {
  const creation = await creationWithRoom();
  const options = { signal: new AbortController().signal };
  const [one, two] = await Promise.all([
    creation.create(demo, options),
    creation.create(demo, options),
  ]);
  expect(one).toBe(two);
  expect(await creation.create(demo, options)).toBe(one);
  expect(log.view.volumes.size).toBe(1);
});

test("what nobody goes on with is taken back, what runs is not", async () => {
  const creation = await creationWithRoom();
  const { volume, name, sizeBytes } = demo;
  const begin = {
    kind: "beginVolume",
    blockSize: 512,
    replicas: 1,
    createdAt: "",
    access: "any",
  } as const;
  await log.propose({ ...begin, volume, name, sizeBytes });
  expect(log.drafts).toHaveLength(1);
  const other = { ...demo, volume: volumeId("10000000-0000-4000-8000-000000000002") };
  const running = creation.create(
    { ...other, name: volumeName("other") },
    { signal: new AbortController().signal },
  );
  await creation.abortAbandoned();
  await running;
  expect(log.drafts).toEqual([]);
  expect([...log.view.volumes.values()].map((one) => one.name)).toEqual(["other"]);
});
