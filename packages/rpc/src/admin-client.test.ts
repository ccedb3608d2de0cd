// What people's tools see of a metadata group that loses its leader, or has none.
import { nodeId, volumeId, volumeName } from "@ashlar/core";
import { afterEach, describe, expect, test } from "vitest";
import type { AdminClient } from "./admin.ts";
import { type AdminClientOptions, createAdminClient } from "./admin-client.ts";
import { startMembers, TestMember } from "./testing/test-member.ts";

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.stop();
});

const within = () => ({ signal: AbortSignal.timeout(20_000) });

async function group(count: number): Promise<TestMember[]> {
  const members = await startMembers(count);
  open.push(...members);
  return members;
}

function adminOf(
  members: readonly TestMember[],
  options: Partial<AdminClientOptions> = {},
): AdminClient {
  const addresses = members.map(({ address }) => address);
  const admin = createAdminClient({ addresses, ...options });
  open.push({ stop: async () => admin.close() });
  return admin;
}

const DEMO = {
  volume: volumeId("0a000000-0000-4000-8000-000000000001"),
  name: volumeName("demo"),
  sizeBytes: 2 ** 20,
};

describe("a call goes to the leader", () => {
  test("also when only a member is known that does not know one yet", async () => {
    const [known, leader] = (await group(2)) as [TestMember, TestMember];
    leader.part = "leads";
    leader.on("ListVolumes", () => ({ volumes: [] }));
    await expect(adminOf([known]).listVolumes(within())).resolves.toEqual([]);
    expect(known.asks("ListVolumes")).toHaveLength(1);
  });

  test("and waits for one to be elected", async () => {
    const members = await group(3);
    const asked = adminOf(members).listVolumes(within());
    const [, , third] = members as [TestMember, TestMember, TestMember];
    await expect.poll(() => third.asked.length).toBeGreaterThan(1);
    third.part = "leads";
    third.on("ListVolumes", () => ({ volumes: [] }));
    await expect(asked).resolves.toEqual([]);
  });
});

describe("a loss of the leader is no error", () => {
  async function twoLeaders(): Promise<[TestMember, TestMember]> {
    const [first, second] = (await group(2)) as [TestMember, TestMember];
    first.part = "leads";
    second.part = "leads";
    return [first, second];
  }

  test("to a creation, which keeps its identity", async () => {
    const [first, second] = await twoLeaders();
    first.on("CreateVolume", async () => {
      await first.stop();
      return {};
    });
    second.on("CreateVolume", () => ({ ...DEMO, id: DEMO.volume, access: "any" }));
    const made = await adminOf([first, second]).createVolume(DEMO, within());
    expect(made).toMatchObject({ name: "demo", id: DEMO.volume });
    const [again] = second.asks("CreateVolume");
    expect(again?.request).toEqual(first.asks("CreateVolume")[0]?.request);
    expect(again?.request).toMatchObject({ volume: DEMO.volume });
  });

  test("to a creation whose leader was stopped in the middle of it", async () => {
    const [first, second] = await twoLeaders();
    first.on("CreateVolume", () => {
      first.part = "silent";
      return new Promise(() => {});
    });
    second.on("CreateVolume", () => ({ ...DEMO, id: DEMO.volume, access: "any" }));
    const made = await adminOf([first, second]).createVolume(DEMO, within());
    expect(made).toMatchObject({ id: DEMO.volume });
  });

  test.each([
    ["DeleteVolume", (admin: AdminClient) => admin.deleteVolume(DEMO.name, within())],
    [
      "AddMember",
      (admin: AdminClient) => admin.addMember({ id: nodeId("m-9"), address: "h:1" }, within()),
    ],
    ["RemoveMember", (admin: AdminClient) => admin.removeMember(nodeId("m-9"), within())],
  ])("to %s, which keeps its name", async (method, call) => {
    const [first, second] = await twoLeaders();
    first.on(method, async () => {
      await first.stop();
      return {};
    });
    await call(adminOf([first, second]));
    const [before, after] = [first.asks(method)[0], second.asks(method)[0]];
    expect(after?.proposal).toMatchObject({ session: 1, sequence: 1 });
    expect(before?.proposal).toEqual(after?.proposal);
  });

  test("to a check of a volume, which begins anew", async () => {
    const [first, second] = await twoLeaders();
    first.on("CheckVolume", async () => {
      await first.stop();
      return {};
    });
    second.on("CheckVolume", () => ({
      chunksDone: 3,
      chunksTotal: 3,
      replicas: 6,
      done: true,
    }));
    await expect(adminOf([first, second]).checkVolume(DEMO.name, within())).resolves.toEqual({
      chunks: 3,
      replicas: 6,
      different: 0,
      damaged: 0,
    });
  });
});

describe("patience ends", () => {
  const patienceMs = 200;

  test("with a word on who is missing", async () => {
    const members = await group(3);
    const [known, second, third] = members as [TestMember, TestMember, TestMember];
    await second.stop();
    await third.stop();
    const asked = adminOf([known], { patienceMs }).listVolumes(within());
    await expect(asked).rejects.toMatchObject({
      code: "cluster/unavailable",
      message: "2 of 3 metadata members do not answer: changes wait until one returns",
      meta: { silent: [second.address, third.address] },
    });
  });

  test("where nobody answers, with the addresses", async () => {
    const [gone] = (await group(1)) as [TestMember];
    await gone.stop();
    const asked = adminOf([gone], { patienceMs }).listVolumes(within());
    await expect(asked).rejects.toMatchObject({
      code: "cluster/unavailable",
      message: `no metadata member answers at ${gone.address}`,
    });
  });
});

test("every member is asked how it sees the group, also those that nobody configured", async () => {
  const members = await group(3);
  const [leader, gone] = members as [TestMember, TestMember, TestMember];
  leader.part = "leads";
  const stranger = new TestMember("metadata-4");
  await stranger.start();
  open.push(stranger);
  await gone.stop();
  const answers = await adminOf([leader, gone]).askMembers(within());
  const seen = answers.map(({ address, status, error }) => [
    address,
    status?.role ?? error?.code,
    status?.members.length ?? 0,
  ]);
  expect(seen).toEqual([
    [leader.address, "leader", 3],
    [gone.address, "rpc/unavailable", 0],
    [members[2]?.address, "follower", 3],
  ]);
});
