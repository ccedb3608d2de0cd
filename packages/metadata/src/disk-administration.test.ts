// What people may do with a single disk, over a real group log.
import { diskId, MIB, nodeId, SystemError, volumeId, volumeName } from "@ashlar/core";
import type { ScrubPass } from "@ashlar/rpc";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DiskAdministration } from "./disk-administration.ts";
import type { GroupLog } from "./group/group-log.ts";
import { registrationOf, reportOf, storeOf } from "./testing/metadata-fixture.ts";
import { TestGroup } from "./testing/test-group.ts";

const place = (node: number) => ({ node: nodeId(`storage-${node}`), disk: diskId("disk-1") });
const PASS: ScrubPass = {
  startedAt: "2026-11-30T00:00:00.000Z",
  finishedAt: "",
  chunksDone: 0,
  chunksTotal: 4,
  damaged: 0,
  repaired: 0,
  different: 0,
};
const { signal } = new AbortController();

let group: TestGroup;
let log: GroupLog;
let answer: () => Promise<ScrubPass>;
let disks: DiskAdministration;
let asked: string[];

beforeEach(async () => {
  group = await TestGroup.of(1);
  await group.settle();
  log = group.leader().log;
  for (const node of [1, 2, 3]) await log.propose({ kind: "nodeUp", ...registrationOf(node) });
  asked = [];
  answer = async () => PASS;
  disks = new DiskAdministration({
    log,
    clock: group.clock,
    reportOf: (node) => reportOf(Number(node.slice("storage-".length)), 512 * MIB),
    calls: {
      scrubDisk: (address, disk) => {
        asked.push(`${address} ${disk}`);
        return answer();
      },
    },
  });
});
afterEach(() => group.stop());

const idOf = (replicas: number) => volumeId(`1000000${replicas}-0000-4000-8000-000000000001`);

async function volume(replicas: number, chunks = 6): Promise<void> {
  await log.propose({
    kind: "beginVolume",
    volume: idOf(replicas),
    name: volumeName(`demo-${replicas}`),
    sizeBytes: chunks * 16 * MIB,
    blockSize: 512,
    replicas,
    createdAt: "",
    access: "any",
  });
  const family = log.drafts[0]!.record.family;
  await log.propose({ kind: "extendVolume", family, chunks });
  await log.propose({ kind: "finishVolume", family });
}

const stateOf = (node: number) => log.view.nodes.get(place(node).node)?.disks[0]?.state;

test("a scrub is asked of the disk's node, and unknown names are told", async () => {
  expect(await disks.scrub(place(2), { signal })).toEqual(PASS);
  expect(asked).toEqual([`${registrationOf(2).address} disk-1`]);
  await expect(disks.scrub(place(9), { signal })).rejects.toMatchObject({ code: "node/not-found" });
  const other = { ...place(2), disk: diskId("disk-9") };
  await expect(disks.scrub(other, { signal })).rejects.toMatchObject({ code: "disk/not-found" });
});

test("a node that is down or does not answer is told as down, its own refusal as it is", async () => {
  answer = () => Promise.reject(new SystemError("rpc/deadline", "no answer"));
  await expect(disks.scrub(place(1), { signal })).rejects.toMatchObject({ code: "node/down" });
  answer = () => Promise.reject(new SystemError("disk/failed", "it has failed"));
  await expect(disks.scrub(place(1), { signal })).rejects.toMatchObject({ code: "disk/failed" });
  const { incarnation = 0 } = log.view.nodes.get(place(1).node) ?? {};
  await log.propose({ kind: "nodeDown", node: place(1).node, incarnation, unheard: [] });
  await expect(disks.scrub(place(1), { signal })).rejects.toMatchObject({ code: "node/down" });
  expect(asked).toHaveLength(2);
});

test("a disk is retired when all that it holds is elsewhere too, and once", async () => {
  await volume(2);
  await disks.retire(place(1), { force: false });
  expect(stateOf(1)).toBe("down");
  await disks.retire(place(1), { force: false });
  expect(stateOf(1)).toBe("down");
});

test("a disk that its node could not open is retired too, and another takes its place", async () => {
  await volume(3);
  const { disks: known, ...rest } = registrationOf(1, 2);
  const closed = known.map((disk) => ({ ...disk, state: "missing" as const }));
  await log.propose({ kind: "nodeUp", ...rest, disks: closed });
  const chunksOf = () =>
    [...log.view.volumes.values()].flatMap((one) => log.view.chunksOf(one.family));
  expect(chunksOf().every(({ isr }) => isr.length === 2)).toBe(true);
  expect(stateOf(1)).toBe("missing");
  await disks.retire(place(1), { force: true });
  // Opened after all, it is out of use all the same.
  await log.propose({ kind: "nodeUp", ...registrationOf(1, 3) });
  expect(stateOf(1)).toBe("down");
  const fresh = known.map((disk) => ({ ...disk, storeUuid: storeOf(9) }));
  await log.propose({ kind: "nodeUp", ...registrationOf(1, 4), disks: fresh });
  expect(chunksOf().every(({ learners }) => learners.includes(storeOf(9)))).toBe(true);
});

test("of two disks with all copies of a chunk one is retired, though both are asked for at once", async () => {
  await volume(2);
  const both = await Promise.allSettled(
    [1, 2].map((node) => disks.retire(place(node), { force: false })),
  );
  expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect(both[1]).toMatchObject({ reason: { code: "disk/needed" } });
  expect([stateOf(1), stateOf(2)]).toEqual(["down", "up"]);
});

test("one with the only copy of something is never retired, one without a home for it only by force", async () => {
  await volume(1);
  const needed = { code: "disk/needed" };
  await expect(disks.retire(place(1), { force: true })).rejects.toMatchObject(needed);
  expect(stateOf(1)).toBe("up");
  await log.propose({ kind: "deleteVolume", volume: idOf(1) });
  await volume(3);
  await expect(disks.retire(place(1), { force: false })).rejects.toMatchObject(needed);
  expect(stateOf(1)).toBe("up");
  await disks.retire(place(1), { force: true });
  expect(stateOf(1)).toBe("down");
});
