// What the cluster commands say about a metadata group that a test directs.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMembers, TEST_CLUSTER, type TestMember } from "@ashlar/rpc/testing";
import { afterEach, expect, test } from "vitest";
import { EXIT } from "../exit-status.ts";
import { said as saidBy } from "../testing/said.ts";

const members: TestMember[] = [];
afterEach(async () => {
  process.exitCode = 0;
  for (const member of members.splice(0)) await member.stop();
});

async function group(count: number): Promise<readonly TestMember[]> {
  members.push(...(await startMembers(count)));
  return members;
}

/** Said to the group, as far as there is one. */
function said(...argv: string[]) {
  const addresses = members.map(({ address }) => address).join(",");
  return saidBy(...argv, ...(addresses === "" ? [] : ["--admin", addresses]));
}

type Role = "leader" | "follower" | "learner" | "absent";

/** A member as the leader's status shows it. */
const seen = (id: string, role: Role, lag = 0) => ({
  id,
  role,
  address: "127.0.0.1:1",
  member: role === "absent" ? 0 : 77,
  state: "up",
  matchIndex: 7 - lag,
  lag,
});

function lead(leader: TestMember, metadata: () => readonly ReturnType<typeof seen>[]): void {
  leader.part = "leads";
  leader.on("ClusterStatus", () => ({
    clusterId: TEST_CLUSTER,
    chunkSize: 2 ** 24,
    createdAt: "2026-01-01T00:00:00.000Z",
    appliedIndex: 5,
    metadata: metadata(),
  }));
}

test("status tells leader, term and positions, and how far each member is", async () => {
  const [first] = (await group(2)) as [TestMember];
  lead(first, () => [seen("metadata-1", "leader"), seen("metadata-2", "follower", 3)]);
  const plain = await said("cluster", "status");
  expect(plain.exit).toBe(EXIT.done);
  expect(plain.out).toContain("leader    metadata-1\n");
  expect(plain.out).toContain("term      3; log to 7, committed to 6, applied to 5\n");
  expect(plain.out).toMatch(/^metadata-2 +follower +up +4 +3 +127\.0\.0\.1:1 +77$/m);
  const json = JSON.parse((await said("cluster", "status", "--json")).out);
  expect(json).toMatchObject({
    clusterId: TEST_CLUSTER,
    leader: "metadata-1",
    term: 3,
    lastIndex: 7,
    commitIndex: 6,
    appliedIndex: 5,
    metadata: [{ id: "metadata-1" }, { id: "metadata-2", matchIndex: 4, lag: 3 }],
  });
});

test("without a leader status tells what the members say, and that changes wait", async () => {
  const [, second, third] = (await group(3)) as [TestMember, TestMember, TestMember];
  await second.stop();
  await third.stop();
  const { out, exit } = await said("cluster", "status", "--json");
  expect(exit).toBe(EXIT.failed);
  expect(JSON.parse(out)).toMatchObject({
    clusterId: TEST_CLUSTER,
    leader: "",
    term: 3,
    commitIndex: 6,
    metadata: [
      { id: "metadata-1", role: "follower", state: "up", matchIndex: 7 },
      { id: "metadata-2", state: "down" },
      { id: "metadata-3", state: "down" },
    ],
    error: {
      code: "cluster/unavailable",
      message: "2 of 3 metadata members do not answer: changes wait until one returns",
    },
  });
});

test("adding a member waits until it votes, and tells how far it is", async () => {
  const [leader] = (await group(1)) as [TestMember];
  const stages = [seen("metadata-4", "absent"), seen("metadata-4", "learner", 2)];
  lead(leader, () => [stages.shift() ?? seen("metadata-4", "follower")]);
  const { out, err, exit } = await said("cluster", "member", "add", "metadata-4", "127.0.0.1:9");
  expect([out, exit]).toEqual(["metadata-4 is a voter\n", EXIT.done]);
  expect(err.split("\n")).toEqual([
    "metadata-4 has not joined; waiting for its process at 127.0.0.1:9",
    "metadata-4 copies the log: 2 entries behind",
    "",
  ]);
  expect(leader.asks("AddMember").map(({ request }) => request)).toEqual([
    { name: "metadata-4", address: "127.0.0.1:9" },
  ]);
});

test("adding a member without waiting tells how to start it", async () => {
  const [leader] = (await group(1)) as [TestMember];
  lead(leader, () => [seen("metadata-4", "absent")]);
  const argv = ["cluster", "member", "add", "metadata-4", "127.0.0.1:9", "--no-wait"];
  const { out, err, exit } = await said(...argv);
  expect([err, exit]).toEqual(["", EXIT.done]);
  expect(out).toContain("`ashlar metadata --config FILE`");
});

test("removing a member waits until it is out", async () => {
  const [leader] = (await group(1)) as [TestMember];
  const gone = [seen("metadata-1", "leader")];
  const stages = [[...gone, seen("metadata-2", "follower")], gone];
  lead(leader, () => stages.shift() ?? gone);
  const { out, err } = await said("cluster", "member", "remove", "metadata-2");
  expect(err).toBe("metadata-2 is leaving the group\n");
  expect(out).toBe("metadata-2 is removed; its process can be stopped\n");
  expect(stages).toEqual([]);
});

test("members are listed, in both forms", async () => {
  const [leader] = (await group(1)) as [TestMember];
  lead(leader, () => [seen("metadata-1", "leader"), seen("metadata-9", "absent")]);
  const { out } = await said("cluster", "member", "list");
  expect(out).toMatch(/^metadata-9 +absent +up +7 +0 +127\.0\.0\.1:1 +-$/m);
  const json = await said("cluster", "member", "list", "--json");
  expect(JSON.parse(json.out)).toMatchObject({ members: [{ id: "metadata-1" }, { member: 0 }] });
});

test("a cluster is founded once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ashlar-cluster-"));
  try {
    const path = join(folder, "metadata-1.json");
    const config = {
      nodeId: "metadata-1",
      clusterId: TEST_CLUSTER,
      metrics: { host: "127.0.0.1", port: 0 },
      dataDir: join(folder, "metadata-1"),
      listen: "127.0.0.1:0",
    };
    await writeFile(path, JSON.stringify(config));
    const first = await said("cluster", "init", "--config", path, "--json");
    expect(first.exit).toBe(EXIT.done);
    expect(JSON.parse(first.out)).toEqual({
      clusterId: TEST_CLUSTER,
      founder: "metadata-1",
      dataDir: config.dataDir,
    });
    const again = await said("cluster", "init", "--config", path, "--json");
    expect(again.exit).toBe(EXIT.refused);
    expect(JSON.parse(again.out)).toMatchObject({ error: { code: "cluster/exists" } });
  } finally {
    await rm(folder, { recursive: true });
  }
});
