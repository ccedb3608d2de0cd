// What `ashlar drill` says: verdict to exit status, the receipt in a file, and what it refuses before it begins.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Receipt } from "@ashlar/lab";
import { afterEach, expect, test } from "vitest";
import { EXIT } from "../exit-status.ts";
import { run } from "../program.ts";
import { receiptAnswer } from "./drill.ts";

const RECEIPT: Receipt = {
  version: 1,
  drill: "cluster-validation",
  verdict: "PASS",
  startedAt: "2026-11-30T12:00:00.000Z",
  seconds: 1,
  initiator: "a simulated host",
  setting: {},
  steps: [],
};

afterEach(() => {
  process.exitCode = 0;
});

test.each([
  ["PASS", EXIT.done],
  ["FAIL", EXIT.failed],
] as const)("%s is exit status %i", async (verdict, exit) => {
  const answer = await receiptAnswer({ ...RECEIPT, verdict }, undefined);
  expect(answer).toMatchObject({ json: { verdict }, exit });
  expect(answer.lines.at(-1)).toBe(verdict);
});

test("the receipt goes to the file as well", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ashlar-receipt-"));
  const file = join(folder, "receipt.json");
  await receiptAnswer(RECEIPT, file);
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual(RECEIPT);
  await rm(folder, { recursive: true });
});

test.each([
  [["--receipt", "receipt.pdf"], "receipt.pdf is not the name of a receipt"],
  [["--hosts", "no"], "--hosts no is not possible"],
  [["--volumes", "0"], "--volumes 0 is not possible"],
])("%j is wrong usage, told before a cluster is asked", async (options, message) => {
  const out: string[] = [];
  const write = process.stdout.write;
  process.stdout.write = ((text: string) => out.push(text) > 0) as typeof write;
  try {
    await run(["drill", "cluster-validation", "--json", ...options]);
  } finally {
    process.stdout.write = write;
  }
  expect(process.exitCode).toBe(EXIT.usage);
  expect(JSON.parse(out.join(""))).toMatchObject({ error: { message } });
});
