// What `ashlar upgrade` asks of a cluster whose processes a person restarts, step by step.
import { RELEASE } from "@ashlar/rpc";
import { startMembers, type TestMember } from "@ashlar/rpc/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EXIT } from "../exit-status.ts";
import { said as saidBy } from "../testing/said.ts";

interface Asked {
  readonly kind: string;
  readonly id: string;
}

let members: readonly TestMember[];
let leader: TestMember;
/** Of the storage nodes and the gateway. */
let incarnations: Record<string, number>;
let services: Record<string, string>;
let steps: string[];
beforeEach(async () => {
  members = await startMembers(2);
  [leader] = members as [TestMember];
  leader.part = "leads";
  incarnations = { "storage-1": 1, "storage-2": 2, "gateway-1": 3 };
  services = { "storage-1": "in", "storage-2": "draining" };
  steps = [];
  leader.on("ClusterStatus", () => ({
    metadata: members.map(({ name, address }, place) => ({
      id: name,
      address,
      member: place + 1,
      role: place === 0 ? "leader" : "follower",
      state: "up",
    })),
  }));
  leader.on("ListReleases", () => ({
    processes: Object.entries(incarnations).map(([id, incarnation]) => ({
      kind: id.startsWith("gateway") ? "gateway" : "node",
      id,
      state: "up",
      incarnation,
      ...RELEASE,
    })),
  }));
  leader.on("ListNodes", () => ({
    nodes: Object.entries(services).map(([id, service]) => ({ id, state: "up", service })),
  }));
  leader.on("SetNodeService", (request) => {
    const { node, service } = request as { node: string; service: string };
    services[node] = service;
    steps.push(`${node} ${service}`);
    return {};
  });
});
afterEach(async () => {
  process.exitCode = 0;
  for (const member of members) await member.stop();
});

const said = (...argv: string[]) => {
  const admin = members.map(({ address }) => address).join(",");
  return saidBy("upgrade", ...argv, "--admin", admin);
};

test("the plan tells versions, the order, and what each step would wait for", async () => {
  leader.on("JudgeSafety", (request) =>
    (request as Asked).id === "storage-2"
      ? { hazards: [{ kind: "last-copy", volume: "demo", chunks: 1 }] }
      : {},
  );
  const { out, exit } = await said("plan", "--json");
  expect(exit).toBe(EXIT.done);
  const plan = JSON.parse(out) as { steps: { id: string; now: string; build: string }[] };
  expect(plan).toMatchObject({ to: { ...RELEASE } });
  expect(plan.steps.map(({ id, now, build }) => [id, now, build])).toEqual([
    ["metadata-2", "SAFE", RELEASE.build],
    ["metadata-1", "SAFE", RELEASE.build],
    ["storage-1", "SAFE", RELEASE.build],
    ["storage-2", "WOULD BREAK", RELEASE.build],
    ["gateway-1", "SAFE", RELEASE.build],
  ]);
  expect((await said("plan")).out).toMatch(/^4 +node +storage-2 +0\.1\.0 +\d+ +WOULD BREAK$/m);
});

/** Somebody restarts what is found to be safe. */
function restartWhatIsSafe(): void {
  const restarted = new Set<string>();
  leader.on("JudgeSafety", (request) => {
    const asked = request as Asked;
    if (restarted.has(asked.id)) return {};
    restarted.add(asked.id);
    steps.push(`${asked.id} restarts`);
    const { [asked.id]: incarnation } = incarnations;
    if (incarnation !== undefined) incarnations[asked.id] = incarnation + 10;
    for (const member of members) if (member.name === asked.id) member.lives += 1;
    return {};
  });
}

test("each process is waited for, one after the other, and a node is in maintenance meanwhile", async () => {
  restartWhatIsSafe();
  const before = { ...incarnations };
  const { out, exit } = await said("run", "--json");
  expect([exit, out]).toMatchObject([EXIT.done, expect.stringContaining('"upgraded"')]);
  expect(steps).toEqual([
    "metadata-2 restarts",
    "metadata-1 restarts",
    "storage-1 restarts",
    "storage-1 maintenance",
    "storage-1 in",
    "storage-2 restarts",
    "gateway-1 restarts",
  ]);
  expect(incarnations["gateway-1"]).not.toBe(before["gateway-1"]);
});
