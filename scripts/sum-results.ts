// Sums vitest's JSON reports into one line, `N passed, N failed`: `tsx sum-results.ts REPORT…`. A run
// without a report did not end by itself; that is said, and the exit status is 1.
import { readFileSync } from "node:fs";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** Files that failed before or after their tests: what they would have tested counts as one. */
const brokenFiles = ({ testResults }: Report): number =>
  testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((one) => one.status === "failed"),
  ).length;

function readReport(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Report;
  } catch {
    return undefined;
  }
}

const paths = process.argv.slice(2);
const reports = paths.map(readReport);
let passed = 0;
let failed = 0;
for (const [index, report] of reports.entries()) {
  if (!report) {
    console.log(`no report: ${paths[index]}`);
    process.exitCode = 1;
    continue;
  }
  passed += report.numPassedTests;
  failed += report.numFailedTests + brokenFiles(report);
}
console.log(`${passed} passed, ${failed} failed`);
