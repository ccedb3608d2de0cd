// The order in which `ashlar cluster shutdown` has a cluster end, and what it makes of one that is given up.
import { startMembers, type TestMember } from "@ashlar/rpc/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EXIT } from "../exit-status.ts";
import { said as saidBy } from "../testing/said.ts";

let members: readonly TestMember[];
let statuses: object[];
beforeEach(async () => {
  members = await startMembers(3);
  const [, leader] = members as [TestMember, TestMember];
  leader.part = "leads";
  statuses = [];
  const next = () => statuses.shift() ?? { underWay: true };
  leader.on("SetShutdown", next);
  leader.on("ShutdownStatus", next);
});
afterEach(async () => {
  process.exitCode = 0;
  for (const member of members) await member.stop();
});

const said = (...argv: string[]) => {
  const admin = members.map(({ address }) => address).join(",");
  return saidBy("cluster", "shutdown", ...argv, "--admin", admin);
};
const ended = () => members.map((member) => member.asks("EndMember").length);

test("members end when gateways and storage nodes are gone", async () => {
  const gateways = { underWay: true, gateways: ["gateway-1"], nodes: ["storage-1"] };
  const nodes = { underWay: true, nodes: ["storage-1"] };
  statuses = [gateways, gateways, nodes, { underWay: true }, nodes];
  const { out, exit } = await said("--json");
  expect(exit).toBe(EXIT.done);
  expect(JSON.parse(out)).toEqual({
    shutdown: true,
    members: ["metadata-1", "metadata-2", "metadata-3"],
  });
  expect(ended()).toEqual([1, 1, 1]);
  // Set, four looks until somebody was late, and three in a row without anybody.
  const [, leader] = members as [TestMember, TestMember];
  expect(leader.asks("ShutdownStatus")).toHaveLength(7);
  expect(leader.asks("SetShutdown")).toMatchObject([{ request: { underWay: true } }]);
});

test("a shutdown that is given up ends no member", async () => {
  statuses = [{ underWay: true, nodes: ["storage-1"] }, { underWay: false }];
  const { out, exit } = await said("--json");
  expect(exit).toBe(EXIT.failed);
  expect(JSON.parse(out)).toMatchObject({ error: { code: "operation/aborted" } });
  expect(ended()).toEqual([0, 0, 0]);
});

test("--cancel gives it up", async () => {
  const { exit } = await said("--cancel");
  expect(exit).toBe(EXIT.done);
  const [, leader] = members as [TestMember, TestMember];
  expect(leader.asks("SetShutdown")).toMatchObject([{ request: { underWay: false } }]);
  expect(ended()).toEqual([0, 0, 0]);
});
