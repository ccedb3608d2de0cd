// libiscsi's conformance suite against a cluster, through one portal and with two paths through the portals of two
// gateways. Nothing fails but what is known to be the tool's fault, and nothing is skipped without a reason.
import { scatterJoin } from "@ashlar/core";
import { LogicalUnit } from "@ashlar/initiator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sessionAt } from "../support/lab-sessions.ts";
import {
  findingsOf,
  parseReport,
  runSuite,
  wholeSuiteFindings,
} from "../support/libiscsi-suite.ts";
import { TestLab } from "../support/test-lab.ts";

/** Bits of a block that two hosts set in turn, all at the same time. */
const BITS = 64;

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

  // Both at once, on targets of their own: mostly they wait for answers.
  test("through one portal, and over the portals of two gateways", async () => {
    const [one, two] = [
      await lab.createVolume("one-path", "256MiB"),
      await lab.createVolume("two-paths", "256MiB"),
    ];
    const findings = await Promise.all([
      wholeSuiteFindings([lab.url(one, 1)]),
      wholeSuiteFindings([1, 2].map((gateway) => lab.url(two, gateway))),
    ]);
    expect(findings).toEqual([[], []]);
  });

  test("ORWRITEs through both gateways at the same time lose no bit", async () => {
    const volume = await lab.createVolume("bitmap", "64MiB", "--replicas", "2");
    const { signal } = new AbortController();
    const sessions = await Promise.all(
      [1, 2].map((gateway) => sessionAt(lab, volume, { gateway, host: `setter-${gateway}` })),
    );
    const units = await Promise.all(
      sessions.map((session) => LogicalUnit.open(session, { lun: volume.lun })),
    );
    const bitsOf = (at: number): Buffer => {
      const bits = Buffer.alloc(512);
      bits.writeUInt8(1 << (at % 8), at >> 3);
      return bits;
    };
    const settings = Array.from({ length: BITS }, (_, at) =>
      units[at % 2]?.orWrite(512, [bitsOf(at)], { signal }),
    );
    await Promise.all(settings);
    const found = await units[0]?.read(512, 512, { signal });
    expect(scatterJoin(found ?? [])).toEqual(Buffer.alloc(512).fill(0xff, 0, BITS / 8));
    for (const session of sessions) await session.logout();
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
