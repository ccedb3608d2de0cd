// libiscsi's conformance suite against a cluster: through one portal, and with two paths through the
// portals of two gateways. Nothing fails but what is known to be the tool's fault, and nothing is
// skipped without a reason.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SKIPS_MAX } from "../support/libiscsi-expectations.ts";
import { findingsOf, parseReport, runSuite, skipsIn } from "../support/libiscsi-suite.ts";
import { TestLab } from "../support/test-lab.ts";

const SUITE_TESTS_MIN = 230;

describe("reading the report", () => {
  const report = (tests: string, count: number): string =>
    `\nSuite: Read10\n${tests}\nRun Summary:    Type  Total    Ran Passed Failed Inactive
              suites     51     51    n/a      0        0
               tests ${String(count).padStart(6)} ${String(count).padStart(6)}    228      2        0\n`;
  const skipped = "    [SKIPPED] X is not implemented.";

  test("a skip counts only before the verdict, which follows what was printed", () => {
    const results = parseReport(
      report(
        [
          "  Test: A ...passed",
          `  Test: B ...${skipped}`,
          skipped,
          "passed",
          `  Test: C ...passed${skipped}`,
          skipped,
          "",
          "Suite: Write10",
          "  Test: A ...FAILED",
          "    1. test.c:135  - CU_FAIL",
          "  Test: B ...    [FAILED] WRITE10 command failed",
          "passed",
          "  Test: C ...    SWP is not changeable",
          "FAILED",
        ].join("\n"),
        6,
      ),
    );
    expect(results.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      "Read10.A passed",
      "Read10.B skipped",
      "Read10.C passed",
      "Write10.A failed",
      "Write10.B passed",
      "Write10.C failed",
    ]);
  });

  test("a report that breaks off, or tells of other tests than it counts, is none", () => {
    const whole = report("  Test: A ...passed", 1);
    expect(parseReport(whole)).toHaveLength(1);
    expect(() => parseReport(whole.slice(0, whole.indexOf("Run")))).toThrow("did not end");
    expect(() => parseReport(report("  Test: A ...passed", 2))).toThrow("did not end");
  });

  test("skips without a reason, reasons without a skip and failures are findings", () => {
    const lines = (verdict: string, name: string) =>
      parseReport(report(`  Test: ${name} ...${verdict}`, 1).replace("Read10", "MultipathIO"));
    expect(findingsOf(lines("passed", "Simple"), { paths: 2 })).toEqual([]);
    expect(findingsOf(lines(`${skipped}\npassed`, "Simple"), { paths: 1 })).toEqual([]);
    expect(findingsOf(lines(`${skipped}\npassed`, "Simple"), { paths: 2 })).toHaveLength(1);
    expect(findingsOf(lines("passed", "Simple"), { paths: 1 })).toHaveLength(1);
    expect(findingsOf(lines("FAILED", "Simple"), { paths: 1 })).toHaveLength(1);
  });
});

describe("the suite", () => {
  let lab: TestLab;

  beforeAll(async () => {
    lab = await TestLab.makeInMemory("--nodes", "2", "--metadata", "1");
  });
  afterAll(() => lab?.remove());

  // What a host is told does not depend on the copies; one of them takes half the time.
  test.each([
    ["through one portal", { gateways: [1], replicas: "1" }],
    ["over the portals of two gateways", { gateways: [1, 2], replicas: "2" }],
  ])("%s", async (_path, { gateways, replicas }) => {
    const name = `copies-${replicas}`;
    const volume = await lab.createVolume(name, "256MiB", "--replicas", replicas);
    const urls = gateways.map((gateway) => lab.url(volume, gateway));
    const results = await runSuite({ urls });
    expect(results.length).toBeGreaterThanOrEqual(SUITE_TESTS_MIN);
    expect(findingsOf(results, { paths: urls.length })).toEqual([]);
    expect(skipsIn(results)).toBeLessThanOrEqual(SKIPS_MAX);
  });

  test("GetLBAStatus with one logical block in a physical one", async () => {
    const large = await lab.createVolume("large-blocks", "256MiB", "--block-size", "4096");
    const results = await runSuite({ urls: [lab.url(large, 2)], tests: "ALL.GetLBAStatus" });
    expect(results.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      "GetLBAStatus.Simple passed",
      "GetLBAStatus.BeyondEol passed",
      "GetLBAStatus.UnmapSingle passed",
    ]);
  });
});
