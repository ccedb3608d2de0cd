// Hosts and mappings as people ask for them: what is sent again is answered as the first time, and no
// secret is ever told.
import type { HostChap } from "@ashlar/catalog";
import { hostName, initiatorName, MIB, volumeId, volumeName } from "@ashlar/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LogAdminService } from "./services/admin-service.ts";
import { adminServiceOf } from "./testing/admin-service.ts";
import { nodeUp, TestGroup } from "./testing/test-group.ts";

const signal = new AbortController().signal;
const demo = {
  volume: volumeId("10000000-0000-4000-8000-000000000001"),
  name: volumeName("demo"),
  sizeBytes: 16 * MIB,
};
const web = hostName("web");
const initiators = [initiatorName("iqn.2026-11.test:web")];
const chap: HostChap = {
  user: "web",
  secret: "a secret of web",
  mutual: { user: "target", secret: "a secret of all" },
};
const map = (lun = 0, readOnly = false) =>
  ({ kind: "map", mapping: { host: web, lun, readOnly } }) as const;

let group: TestGroup;
let service: LogAdminService;
let closed: number;

async function make(members: number): Promise<void> {
  group = await TestGroup.of(members);
  await group.answered(group.leader().log.propose(nodeUp()));
  service = serviceOfLeader();
  await group.answered(service.createVolume(demo, { signal }));
}

/** Of whoever leads now; nodes close generations at once, and are counted. */
function serviceOfLeader(): LogAdminService {
  const close = async (): Promise<void> => {
    closed += 1;
  };
  return adminServiceOf(group, group.leader(), { close });
}

beforeEach(() => {
  closed = 0;
});
afterEach(() => group.stop());

async function named(sequence: number) {
  const { result } = await group.answered(group.leader().log.propose({ kind: "openSession" }));
  if (result.kind !== "done") throw new Error("no session");
  return { session: result.value.session, sequence, answeredBelow: 1 };
}

test("a host is told without its secrets, and with the volumes it may use", async () => {
  await make(1);
  const told = [
    await service.createHost({ name: web, initiators, chap }, { signal }),
    await service.setHost(
      { name: web, added: [initiatorName("eui.02004567a425678d")], removed: [], chap: undefined },
      { signal },
    ),
  ];
  await service.changeAccess(demo.name, map(7, true), { signal });
  told.push(await service.getHost(web), ...(await service.listHosts()));
  expect(told[2]).toMatchObject({
    name: "web",
    initiators: ["eui.02004567a425678d", "iqn.2026-11.test:web"],
    chap: "mutual",
    chapUser: "web",
    targetUser: "target",
    volumes: [{ name: "demo", lun: 7, readOnly: true }],
  });
  for (const secret of [chap.secret, chap.mutual?.secret]) {
    expect(JSON.stringify(told)).not.toContain(secret);
  }
  expect(group.leader().log.view.hosts.get(web)?.chap, "but it is known").toEqual(chap);
});

test("P11: who may use a volume changes when its generation is closed, and not otherwise", async () => {
  await make(1);
  await service.createHost({ name: web, initiators, chap: undefined }, { signal });
  const mapped = await service.changeAccess(demo.name, map(), { signal });
  expect(mapped).toMatchObject({ access: "mapped", mappings: [map().mapping], generation: 2 });
  const closedBefore = closed;
  expect(closedBefore).toBeGreaterThan(0);
  const again = await service.changeAccess(demo.name, map(), { signal });
  expect([again.generation, closed], "nothing to change, nothing to close").toEqual([
    2,
    closedBefore,
  ]);
  const unmapped = await service.changeAccess(demo.name, { kind: "unmap", host: web }, { signal });
  expect(unmapped).toMatchObject({ access: "mapped", mappings: [], generation: 3 });
  const opened = await service.changeAccess(demo.name, { kind: "open" }, { signal });
  expect(opened).toMatchObject({ access: "any", mappings: [], generation: 4 });
});

test("an unmap whose answer was lost is not told that the host is not mapped", async () => {
  await make(3);
  await group.answered(service.createHost({ name: web, initiators, chap: undefined }, { signal }));
  await group.answered(service.changeAccess(demo.name, map(), { signal }));
  const call = { signal, proposal: await named(1) };
  const unmap = { kind: "unmap", host: web } as const;
  await group.answered(service.changeAccess(demo.name, unmap, call));
  await group.crash(group.leader().name);
  await group.until(() => group.leaderOrNone() !== undefined);
  const next = serviceOfLeader();
  await expect(group.answered(next.changeAccess(demo.name, unmap, call))).resolves.toMatchObject({
    access: "mapped",
    mappings: [],
  });
  const other = { signal, proposal: { ...call.proposal, sequence: 2 } };
  await expect(group.answered(next.changeAccess(demo.name, unmap, other))).rejects.toMatchObject({
    code: "host/not-mapped",
  });
});

test("a host that was deleted and one that is in use are told apart", async () => {
  await make(1);
  await service.createHost({ name: web, initiators, chap: undefined }, { signal });
  await service.changeAccess(demo.name, map(), { signal });
  await expect(service.deleteHost(web, { signal })).rejects.toMatchObject({
    code: "host/in-use",
    meta: { hint: expect.stringContaining("ashlar volume unmap demo web") },
  });
  await service.changeAccess(demo.name, { kind: "open" }, { signal });
  const call = { signal, proposal: await named(1) };
  await service.deleteHost(web, call);
  await service.deleteHost(web, call);
  await expect(service.deleteHost(web, { signal })).rejects.toMatchObject({
    code: "host/not-found",
  });
  await expect(service.getHost(web)).rejects.toMatchObject({ code: "host/not-found" });
});
