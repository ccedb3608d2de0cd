// A creation that is asked for again while the first request is still at work, or was when its caller or
// its leader went: whoever asks gets the volume, or is told why not.
import { familyId, MIB, volumeId, volumeName } from "@ashlar/core";
import { silentLog } from "@ashlar/runtime";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { GroupLog } from "./group/group-log.ts";
import { nodeUp, TestGroup } from "./testing/test-group.ts";
import { VolumeCreation } from "./volume-creation.ts";

let group: TestGroup;
let log: GroupLog;
let creation: VolumeCreation;
const signal = new AbortController().signal;
const demo = {
  volume: volumeId("10000000-0000-4000-8000-000000000001"),
  name: volumeName("demo"),
  sizeBytes: MIB,
};
const begin = {
  kind: "beginVolume",
  ...demo,
  blockSize: 512,
  replicas: 1,
  createdAt: "",
  access: "any",
} as const;

beforeEach(async () => {
  group = await TestGroup.of(1);
  log = group.leader().log;
  creation = new VolumeCreation({ replicatedLog: log, clock: group.clock, log: silentLog });
  await log.propose(nodeUp());
});
afterEach(() => group.stop());

test("what a gone caller began is not taken from under who asks again", async () => {
  const gone = new AbortController();
  const first = creation.create(demo, { signal: gone.signal });
  const second = creation.create(demo, { signal });
  gone.abort(new Error("gone"));
  await expect(first).rejects.toThrow("gone");
  expect(await second).toBe(demo.volume);
});

test("what a former leader left is taken back before who asks again begins, or not at all", async () => {
  await log.propose(begin);
  const [made] = await Promise.all([creation.create(demo, { signal }), creation.abortAbandoned()]);
  expect(made).toBe(demo.volume);
  expect(log.view.volumes.has(demo.volume)).toBe(true);
});

test("a volume that another call finished and another caller deleted was made and deleted", async () => {
  const family = familyId(1);
  const steps = ["extendVolume", "finishVolume"] as const;
  const forget = log.subscribe(() => {
    if (log.drafts.length === 0) return;
    forget();
    for (const kind of steps) void log.propose({ kind, family, chunks: 1 });
    void log.propose({ kind: "deleteVolume", volume: demo.volume });
  });
  await expect(creation.create(demo, { signal })).rejects.toMatchObject({
    code: "volume/not-found",
    message: 'volume "demo" was made and deleted since',
  });
});
