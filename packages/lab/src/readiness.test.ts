import { nodeId } from "@ashlar/core";
import type { MemberStatus, ProcessStatus } from "@ashlar/rpc";
import { nodeRandom } from "@ashlar/runtime";
import { expect, test } from "vitest";
import { isMetadata, type LabDocument } from "./lab-file.ts";
import { planLab } from "./lab-plan.ts";
import { labShape } from "./lab-shape.ts";
import { missingIn, reasonIn } from "./readiness.ts";

const plan = (): Promise<LabDocument> =>
  planLab({ random: nodeRandom }, labShape({ nodes: "1", gateways: "1" }), { socketPath: "s" });

const member = (id: string, role: MemberStatus["role"], more: Partial<MemberStatus> = {}) => ({
  id: nodeId(id),
  address: "127.0.0.1:1",
  member: 1,
  role,
  state: "up" as const,
  matchIndex: 9,
  lag: 0,
  ...more,
});

const serving = (id: string): ProcessStatus => ({
  id: nodeId(id),
  state: "up",
  incarnation: 1,
  address: "127.0.0.1:1",
  portals: [],
});

const LEADER = member("metadata-1", "leader");
const FOLLOWERS = [member("metadata-2", "follower"), member("metadata-3", "follower")];
const REST = { storage: [serving("storage-1")], gateways: [serving("gateway-1")] };
const idsOf = ({ processes }: LabDocument): Set<string> => new Set(processes.map(({ id }) => id));

test("a lab is complete when all members have their votes and all others are registered", async () => {
  const lab = await plan();
  const metadata = [LEADER, ...FOLLOWERS];
  expect(missingIn(lab, idsOf(lab), { metadata, ...REST })).toEqual([]);
  expect(missingIn(lab, idsOf(lab), { metadata, storage: [], gateways: [] })).toEqual([
    "storage-1",
    "gateway-1",
  ]);
});

test.each([
  ["has never joined", member("metadata-3", "absent", { member: 0 })],
  ["still learns", member("metadata-3", "learner")],
  ["is not heard of", member("metadata-3", "follower", { state: "down" })],
])("a member that %s is waited for, unless it is wanted down", async (_, third) => {
  const lab: LabDocument = { ...(await plan()), stage: "ready" };
  const cluster = { metadata: [LEADER, member("metadata-2", "follower"), third], ...REST };
  expect(missingIn(lab, idsOf(lab), cluster)).toEqual(["metadata-3"]);
  const wanted = idsOf(lab);
  wanted.delete("metadata-3");
  expect(missingIn(lab, wanted, cluster)).toEqual([]);
});

test("a member that was taken out of the cluster is not waited for, a new cluster's members are", async () => {
  const lab = await plan();
  const cluster = { metadata: [LEADER], ...REST };
  expect(missingIn({ ...lab, stage: "ready" }, idsOf(lab), cluster)).toEqual([]);
  expect(missingIn({ ...lab, stage: "founded" }, idsOf(lab), cluster)).toEqual(
    lab.processes
      .filter(isMetadata)
      .slice(1)
      .map(({ id }) => id),
  );
});

test.each([
  [
    '{"level":50,"error":{"message":"the disk said no"},"msg":"process cannot start"}',
    "the disk said no",
  ],
  ['{"level":30,"msg":"process stops"}', '{"level":30,"msg":"process stops"}'],
  ["null", "null"],
  ["Segmentation fault", "Segmentation fault"],
])("what %s says of why a process died", (line, reason) => {
  expect(reasonIn(line)).toBe(reason);
});
