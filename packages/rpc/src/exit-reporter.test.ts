import { nodeId } from "@ashlar/core";
import { nodeClock, nodeRandom, silentLog } from "@ashlar/runtime";
import { expect, test } from "vitest";
import { createExitReporterClient } from "./exit-reporter.ts";
import { startMembers, TEST_CLUSTER, type TestMember } from "./testing/test-member.ts";

test("a report passes a member that was stopped and follows the hint of one that was not", async () => {
  const [stopped, follower, leader] = (await startMembers(3)) as [
    TestMember,
    TestMember,
    TestMember,
  ];
  stopped.part = "silent";
  follower.hint = leader.address;
  leader.part = "leads";
  const reporter = createExitReporterClient(
    { clock: nodeClock, random: nodeRandom, log: silentLog },
    { clusterId: TEST_CLUSTER, addresses: [stopped.address, follower.address] },
  );
  const report = { process: nodeId("storage-1"), bootId: "b", status: "signal SIGKILL" };
  await reporter.reportExit(report, { signal: AbortSignal.timeout(20_000) });
  reporter.close();
  expect(leader.asks("ReportExit").map(({ request }) => request)).toEqual([
    expect.objectContaining(report),
  ]);
  for (const member of [stopped, follower, leader]) await member.stop();
});
