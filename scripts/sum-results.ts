// Sums vitest's JSON reports into one line, `N passed, N failed`: `tsx sum-results.ts REPORT…`. A run
// without a report did not end by itself; that is said, and the exit status is 1.
import { readFileSync } from "node:fs";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}

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
  failed += report.numFailedTests;
}
console.log(`${passed} passed, ${failed} failed`);
