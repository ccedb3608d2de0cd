// What a caller is told of a volume when others are at work on the same name.
import { diskId, nodeId, storeUuid, volumeId, volumeName } from "@ashlar/core";
import { silentLog } from "@ashlar/runtime";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { GroupLog } from "../group/group-log.ts";
import { GroupView } from "../group/group-view.ts";
import { GROUP_CLUSTER, TestGroup } from "../testing/test-group.ts";
import { VolumeChecker } from "../volume-check.ts";
import { VolumeCreation } from "../volume-creation.ts";
import { LogAdminService } from "./admin-service.ts";

let group: TestGroup;
let log: GroupLog;
let admin: LogAdminService;
const options = { signal: new AbortController().signal };

beforeEach(async () => {
  group = await TestGroup.of(1);
  const { log: own, host, name } = group.leader();
  log = own;
  const { clock } = group;
  const ids = { clusterId: GROUP_CLUSTER, nodeId: name };
  admin = new LogAdminService({
    log,
    creation: new VolumeCreation({ replicatedLog: log, clock, log: silentLog }),
    checker: new VolumeChecker({ log, clock }, ids),
    reportOf: () => undefined,
    group: new GroupView({ log, host, clock }, ids),
  });
  await log.propose({
    kind: "nodeUp",
    node: nodeId("storage-1"),
    bootId: "a",
    address: "127.0.0.1:7001",
    familySeen: 0,
    incarnationSeen: 0,
    disks: [
      {
        disk: diskId("disk-1"),
        storeUuid: storeUuid("00000000-0000-4000-8000-000000000001"),
        sizeBytes: 2 ** 30,
        state: "up",
      },
    ],
  });
});
afterEach(() => group.stop());

const volumeOf = (number: number) => volumeId(`10000000-0000-4000-8000-00000000000${number}`);
const wanted = { name: volumeName("demo"), sizeBytes: 2 ** 20 };

/** As another caller does as soon as it sees the volume. */
function replaceOnSight(): void {
  const forget = log.subscribe(({ changes }) => {
    if (!changes.some(({ kind }) => kind === "volume")) return;
    forget();
    const family = 2 as never;
    const begin = { kind: "beginVolume", blockSize: 512, replicas: 1, createdAt: "" } as const;
    void Promise.all([
      log.propose({ kind: "deleteVolume", volume: volumeOf(1) }),
      log.propose({ ...begin, ...wanted, volume: volumeOf(2) }),
      log.propose({ kind: "extendVolume", family, chunks: 1 }),
      log.propose({ kind: "finishVolume", family }),
    ]);
  });
}

test("whoever makes a volume is told of that one, not of another that has its name by then", async () => {
  replaceOnSight();
  const told = await admin
    .createVolume({ ...wanted, volume: volumeOf(1) }, options)
    .then(({ id }) => id as string)
    .catch(({ code }) => code as string);
  expect([volumeOf(1), "volume/not-found"]).toContain(told);
  await log.readIndex();
  expect([...log.view.volumes.keys()]).toEqual([volumeOf(2)]);
});

test("a deletion whose caller is gone deletes nothing", async () => {
  await admin.createVolume({ ...wanted, volume: volumeOf(1) }, options);
  const signal = AbortSignal.abort(new Error("gone"));
  await expect(admin.deleteVolume(wanted.name, { signal })).rejects.toThrow("gone");
  expect(await admin.listVolumes()).toHaveLength(1);
});
