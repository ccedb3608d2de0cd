// Sums vitest's JSON reports into one line, `N passed, N failed`: `tsx sum-results.ts REPORT…`. What failed stands
// before it by name, since a build server may show the end of its output only. A run without a report did not end by
// itself; that is said, and the exit status is 1.
import { readFileSync } from "node:fs";
import { relative } from "node:path";

interface FileResult {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly {
    readonly status: string;
    readonly fullName: string;
    readonly failureMessages: readonly string[] | null;
  }[];
}

interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly FileResult[];
}

/** Lines that are told of one failure: what it says first, and where. */
const LINES_TOLD = 12;

/** What failed of a file, each as text; one that failed before or after its tests counts as one. */
function failuresOf({ name, status, message, assertionResults }: FileResult): string[] {
  const file = relative(process.cwd(), name);
  const tests = assertionResults
    .filter((one) => one.status === "failed")
    .map(({ fullName, failureMessages }) =>
      [`${file} > ${fullName}`, ...(failureMessages ?? [])].join("\n"),
    );
  return tests.length === 0 && status === "failed" ? [`${file}\n${message}`] : tests;
}

function readReport(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Report;
  } catch {
    return undefined;
  }
}

const paths = process.argv.slice(2);
let passed = 0;
const failures: string[] = [];
for (const path of paths) {
  const report = readReport(path);
  if (!report) {
    console.log(`no report: ${path}`);
    process.exitCode = 1;
    continue;
  }
  passed += report.numPassedTests;
  failures.push(...report.testResults.flatMap(failuresOf));
}
for (const failure of failures) {
  console.log(`failed: ${failure.split("\n").slice(0, LINES_TOLD).join("\n  ")}`);
}
console.log(`${passed} passed, ${failures.length} failed`);
