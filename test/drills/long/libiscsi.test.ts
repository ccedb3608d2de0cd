// libiscsi's conformance suite through one portal, to a volume with one copy: what a host is told depends on
// neither, and the end-to-end tests run it over two.
import { afterAll, beforeAll, expect, test } from "vitest";
import { wholeSuiteFindings } from "../../support/libiscsi-suite.ts";
import { TestLab } from "../../support/test-lab.ts";

let lab: TestLab;

beforeAll(async () => {
  lab = await TestLab.makeInMemory("--nodes", "1", "--gateways", "1", "--metadata", "1");
});
afterAll(() => lab?.remove());

test("libiscsi's suite through one portal", async () => {
  const volume = await lab.createVolume("suite", "256MiB", "--replicas", "1");
  expect(await wholeSuiteFindings([lab.url(volume, 1)])).toEqual([]);
});
