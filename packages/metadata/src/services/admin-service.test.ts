// A request that is sent again, to whoever leads then, is answered as the first time (R10).
import { familyId, MIB, type VolumeId, volumeId, volumeName } from "@ashlar/core";
import { silentLog } from "@ashlar/runtime";
import { afterEach, expect, test } from "vitest";
import { DiskAdministration } from "../disk-administration.ts";
import { GenerationChanges } from "../generation-changes.ts";
import type { GroupLog } from "../group/group-log.ts";
import { GROUP_CLUSTER, nodeUp, TestGroup, type TestMember } from "../testing/test-group.ts";
import { VolumeChecker } from "../volume-check.ts";
import { VolumeCreation } from "../volume-creation.ts";
import { LogAdminService } from "./admin-service.ts";

let group: TestGroup;
afterEach(() => group.stop());

const signal = new AbortController().signal;
const demo = {
  volume: volumeId("10000000-0000-4000-8000-000000000001"),
  name: volumeName("demo"),
  sizeBytes: 16 * MIB,
};
function serviceOf(
  { log, group: { view } }: TestMember,
  // Whoever leads chunks has always closed already.
  closer = { close: async (): Promise<void> => {} },
): LogAdminService {
  const { clock } = group;
  const reportOf = (): undefined => undefined;
  const calls = { scrubDisk: () => Promise.reject(new Error("not in this test")) };
  const deps = { replicatedLog: log, closer, clock, log: silentLog };
  return new LogAdminService({
    log,
    changes: new GenerationChanges(deps),
    creation: new VolumeCreation({ replicatedLog: log, clock, log: silentLog }),
    checker: new VolumeChecker({ log, clock }, { clusterId: GROUP_CLUSTER }),
    disks: new DiskAdministration({ log, clock, reportOf, calls }),
    reportOf,
    sessionsOf: () => null,
    group: view,
  });
}

async function openSession(): Promise<number> {
  const { result } = await group.answered(group.leader().log.propose({ kind: "openSession" }));
  if (result.kind !== "done") throw new Error("no session");
  return result.value.session;
}

test("a deletion whose answer was lost is not told that there is no such volume", async () => {
  group = await TestGroup.of(3);
  await group.answered(group.leader().log.propose(nodeUp()));
  await group.answered(serviceOf(group.leader()).createVolume(demo, { signal }));
  const proposal = { session: await openSession(), sequence: 1, answeredBelow: 1 };
  await group.answered(serviceOf(group.leader()).deleteVolume(demo.name, { signal, proposal }));
  await group.crash(group.leader().name);
  await group.until(() => group.leaderOrNone() !== undefined);
  const next = serviceOf(group.leader());
  await group.answered(next.deleteVolume(demo.name, { signal, proposal }));
  // Nor does it delete what took the name since.
  const volume = volumeId("10000000-0000-4000-8000-000000000002");
  await group.answered(next.createVolume({ ...demo, volume }, { signal }));
  await group.answered(next.deleteVolume(demo.name, { signal, proposal }));
  expect(await group.answered(next.listVolumes())).toHaveLength(1);
  const other = { ...proposal, sequence: 2 };
  await group.answered(next.deleteVolume(demo.name, { signal, proposal: other }));
  await expect(
    group.answered(
      next.deleteVolume(demo.name, { signal, proposal: { ...proposal, sequence: 3 } }),
    ),
  ).rejects.toMatchObject({ code: "volume/not-found" });
});

test("a member is removed only while the others answer, and a lost answer is given again", async () => {
  group = await TestGroup.of(3);
  const [one, two] = group.followers().map(({ name }) => name);
  const proposal = { session: await openSession(), sequence: 1, answeredBelow: 1 };
  const service = serviceOf(group.leader());
  await group.crash(one!);
  await expect(group.answered(service.removeMember(two!, { signal }))).rejects.toMatchObject({
    code: "member/needed",
  });
  await group.answered(service.removeMember(one!, { signal, proposal }));
  await group.answered(service.removeMember(one!, { signal, proposal }));
  await expect(group.answered(service.removeMember(one!, { signal }))).rejects.toMatchObject({
    code: "member/unknown",
  });
});

/** As another caller does who sees the volume appear. */
function replaceOnSight(log: GroupLog, next: VolumeId): void {
  const forget = log.subscribe(({ changes }) => {
    if (!changes.some(({ kind }) => kind === "volume")) return;
    forget();
    const family = familyId(2);
    const begin = { kind: "beginVolume", blockSize: 512, replicas: 1, createdAt: "" } as const;
    void Promise.all([
      log.propose({ kind: "deleteVolume", volume: demo.volume }),
      log.propose({ ...begin, ...demo, volume: next }),
      log.propose({ kind: "extendVolume", family, chunks: 1 }),
      log.propose({ kind: "finishVolume", family }),
    ]);
  });
}

test("whoever makes a volume is told of that one, not of another that has its name by then", async () => {
  group = await TestGroup.of(1);
  const { log } = group.leader();
  await log.propose(nodeUp());
  const other = volumeId("10000000-0000-4000-8000-000000000002");
  replaceOnSight(log, other);
  const told = await serviceOf(group.leader())
    .createVolume(demo, { signal })
    .then(({ id }) => id as string)
    .catch(({ code }) => code as string);
  expect([demo.volume, "volume/not-found"]).toContain(told);
  await log.readIndex();
  expect([...log.view.volumes.keys()]).toEqual([other]);
});

test("a deletion whose caller is gone deletes nothing", async () => {
  group = await TestGroup.of(1);
  await group.leader().log.propose(nodeUp());
  const service = serviceOf(group.leader());
  await service.createVolume(demo, { signal });
  const gone = AbortSignal.abort(new Error("gone"));
  await expect(service.deleteVolume(demo.name, { signal: gone })).rejects.toThrow("gone");
  expect(await service.listVolumes()).toHaveLength(1);
});

test("L4: a fence that waits for nodes closes no volume: without a quorum its I/O would wait", async () => {
  group = await TestGroup.of(1);
  const { log } = group.leader();
  await log.propose(nodeUp());
  const closings: (() => void)[] = [];
  const close = (): Promise<void> => new Promise((resolve) => closings.push(resolve));
  const service = serviceOf(group.leader(), { close });
  await service.createVolume(demo, { signal });
  let done = false;
  const fenced = service.fenceVolume(demo.name, { signal }).finally(() => {
    done = true;
  });
  await group.until(() => closings.length === 1);
  await group.settle();
  expect(done, "not before all have closed the old generation").toBe(false);
  const record = log.view.volumes.get(demo.volume);
  expect(record).toMatchObject({ generation: 2, change: undefined, resets: 0 });
  closings[0]?.();
  expect(await fenced).toMatchObject({ generation: 2, change: "" });
});
