import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ashlar-sum-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const passed = { status: "passed", fullName: "adds", failureMessages: [] };

function reportOf(name: string, numPassedTests: number, testResults: object[]): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify({ numPassedTests, testResults }));
  return path;
}

function sum(...paths: string[]): { readonly lines: string[]; readonly status: number | null } {
  const { stdout, status } = spawnSync(
    join(root, "node_modules/.bin/tsx"),
    ["scripts/sum-results.ts", ...paths],
    { cwd: root, encoding: "utf8" },
  );
  return { lines: stdout.trimEnd().split("\n"), status };
}

test("the last line is the sum, and before it stands by name what failed", () => {
  const { lines, status } = sum(
    reportOf("unit.json", 2, [
      { name: join(root, "a.test.ts"), status: "passed", message: "", assertionResults: [passed] },
      {
        name: join(root, "b.test.ts"),
        status: "failed",
        message: "",
        assertionResults: [
          passed,
          { status: "failed", fullName: "takes away", failureMessages: ["1 is not 2\n  at b"] },
        ],
      },
    ]),
    reportOf("e2e.json", 0, [
      { name: join(root, "c.test.ts"), status: "failed", message: "no hook", assertionResults: [] },
    ]),
  );
  expect(lines).toEqual([
    "failed: b.test.ts > takes away",
    "  1 is not 2",
    "    at b",
    "failed: c.test.ts",
    "  no hook",
    "2 passed, 2 failed",
  ]);
  expect(status).toBe(0);
});

test("a run without a report is told, and is a failure", () => {
  const { lines, status } = sum(reportOf("unit.json", 1, []), join(folder, "e2e.json"));
  expect(lines).toEqual([`no report: ${join(folder, "e2e.json")}`, "1 passed, 0 failed"]);
  expect(status).toBe(1);
});
