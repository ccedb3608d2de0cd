// The rehearsal of a Windows cluster's validation with sixteen hosts, on a volume that is named: it passes, and the
// volume is as empty and as free afterwards as it was before, so it can be rehearsed on again.
import { afterAll, beforeAll, expect, test } from "vitest";
import { ashlarOutcome, type CheckDocument, TestLab } from "../../support/test-lab.ts";

let lab: TestLab;

beforeAll(async () => {
  lab = await TestLab.make("--nodes", "3", "--metadata", "3", "--gateways", "3");
});
afterAll(() => lab?.remove());

test.each([16, 2])("%i hosts through three gateways", async (hosts) => {
  if (hosts === 16) await lab.createVolume("shared", "64MiB");
  const options = ["--dir", lab.dir, "--volume", "shared", "--hosts", String(hosts)];
  const { exit, stdout, stderr } = await ashlarOutcome("drill", "cluster-validation", ...options);
  console.log(stdout);
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  const check = await lab.command<CheckDocument>("volume", "check", "shared");
  expect(check.different).toBe(0);
});
