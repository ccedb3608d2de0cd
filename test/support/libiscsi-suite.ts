// Runs libiscsi's conformance suite (`iscsi-test-cu`) and compares what became of each test with what
// is expected. The tool counts a test that it skipped as passed, so the report is read here: a skip
// counts only with a reason in the tables, and a reason that is not needed any more is a finding too.
import { LIBISCSI_EXPECTATIONS, SKIPS_MAX } from "./libiscsi-expectations.ts";
import { outcomeOf } from "./tools.ts";

export type Verdict = "passed" | "skipped" | "failed";

export interface TestResult {
  /** Suite and test: `Write10.DpoFua`. */
  readonly name: string;
  readonly verdict: Verdict;
  /** What the tool printed of it. */
  readonly said: string;
}

export interface SuiteRun {
  /** One URL for each path to the logical unit. */
  readonly urls: readonly string[];
  /** As `iscsi-test-cu -t` takes it. */
  readonly tests?: string;
}

const INITIATORS = [
  "-i",
  "iqn.2026-11.io.ashlar.test:first",
  "-I",
  "iqn.2026-11.io.ashlar.test:second",
];
/** Data may be lost, SANITIZE too; nothing is shared with others; everything is told. */
const OPTIONS = ["-d", "-S", "-n", "-v"];

const SUITE = /^Suite: (\S+)$/;
const TEST = /^ {2}Test: (\S+) \.\.\.(.*)$/;
const VERDICT = /(?:^|\n)(passed|FAILED)/;
const TOTAL = /^ +tests +(\d+) +(\d+) /m;
const SKIPPED = "[SKIPPED]";
/** Tests that the suite has, in the version that is tested with. */
const SUITE_TESTS_MIN = 230;
/** Characters of a report that broke off, for the error. */
const REPORT_END_LENGTH = 2000;

/**
 * The verdict stands after what the test itself printed, on a line of its own unless that was nothing.
 * What follows was printed by the suite's end: a skip there is none of the test.
 */
function resultOf(name: string, said: string): TestResult {
  const found = VERDICT.exec(said);
  // Without a verdict the tool died in this test.
  if (found?.[1] !== "passed") return { name, verdict: "failed", said };
  const skipped = said.slice(0, found.index).includes(SKIPPED);
  return { name, verdict: skipped ? "skipped" : "passed", said };
}

/**
 * What a report says of each test, in order.
 * @throws Error when it is not whole.
 */
export function parseReport(report: string): TestResult[] {
  const results: TestResult[] = [];
  let suite = "";
  let current: { readonly name: string; said: string } | undefined;
  const finish = (): void => {
    if (current) results.push(resultOf(current.name, current.said));
    current = undefined;
  };
  for (const line of report.split("\n")) {
    const [, nextSuite] = SUITE.exec(line) ?? [];
    const [, test, rest = ""] = TEST.exec(line) ?? [];
    if (nextSuite !== undefined || test !== undefined || line.startsWith("Run Summary:")) finish();
    if (nextSuite !== undefined) suite = nextSuite;
    else if (test !== undefined) current = { name: `${suite}.${test}`, said: rest };
    else if (current) current.said += `\n${line}`;
  }
  const [, all, ran] = TOTAL.exec(report) ?? [];
  if (ran === undefined || all !== ran || Number(ran) !== results.length) {
    const last = results.at(-1)?.name ?? "none";
    const end = report.slice(-REPORT_END_LENGTH);
    throw new Error(`the suite did not end: ${results.length} tests, the last ${last}\n${end}`);
  }
  return results;
}

/** Runs the suite, or a part of it. */
export async function runSuite({ urls, tests = "ALL" }: SuiteRun): Promise<TestResult[]> {
  const args = [...OPTIONS, ...INITIATORS, "-t", tests, ...urls];
  const { stdout } = await outcomeOf("iscsi-test-cu", args);
  return parseReport(stdout);
}

type Reasons = Readonly<Record<string, string>>;

const isIn = (reasons: Reasons, name: string): boolean =>
  Object.keys(reasons).some((pattern) =>
    pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );

/** What is wrong with one result; undefined when it is as expected. */
function findingOf(result: TestResult, { paths }: { readonly paths: number }): string | undefined {
  const { name, verdict, said } = result;
  const { skips, onePathSkips, brokenTests } = LIBISCSI_EXPECTATIONS;
  const allowed = { ...skips, ...(paths === 1 ? onePathSkips : {}) };
  const skipExpected = isIn(allowed, name);
  if (verdict === "passed") {
    return skipExpected ? `${name} passes: take it off the list of skips` : undefined;
  }
  if (verdict === "skipped") return skipExpected ? undefined : `${name} was skipped:${said}`;
  return name in brokenTests ? undefined : `${name} failed:${said}`;
}

/** Whatever of a run is not as the tables say. */
export function findingsOf(
  results: readonly TestResult[],
  options: { readonly paths: number },
): string[] {
  return results.flatMap((result) => findingOf(result, options) ?? []);
}

/** Runs all of the suite; whatever is not as the tables say, too many skips and too few tests. */
export async function wholeSuiteFindings(urls: readonly string[]): Promise<string[]> {
  const results = await runSuite({ urls });
  const skips = results.filter(({ verdict }) => verdict === "skipped").length;
  return [
    ...(results.length < SUITE_TESTS_MIN ? [`${results.length} tests are not the suite`] : []),
    ...(skips > SKIPS_MAX ? [`${skips} tests were skipped`] : []),
    ...findingsOf(results, { paths: urls.length }),
  ];
}
