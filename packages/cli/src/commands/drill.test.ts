// What `ashlar drill` says: verdict to exit status, the receipt in a file, and what it refuses before it begins.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FAULT_DRILLS, type Receipt } from "@ashlar/lab";
import { afterEach, expect, test } from "vitest";
import { EXIT } from "../exit-status.ts";
import { run } from "../program.ts";
import { FAULT_COMMANDS, receiptAnswer } from "./drill.ts";

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

async function said(...argv: string[]): Promise<string> {
  const out: string[] = [];
  const write = process.stdout.write;
  process.stdout.write = ((text: string) => out.push(text) > 0) as typeof write;
  try {
    await run(argv);
  } finally {
    process.stdout.write = write;
  }
  return out.join("");
}

test.each([
  [["cluster-validation", "--receipt", "receipt.pdf"], "receipt.pdf is not the name of a receipt"],
  [["cluster-validation", "--hosts", "no"], "--hosts no is not possible"],
  [["cluster-validation", "--volumes", "0"], "--volumes 0 is not possible"],
  [["kill-node", "--receipt", "receipt.pdf"], "receipt.pdf is not the name of a receipt"],
  [["kill-node", "--seconds", "soon"], "--seconds soon is not possible"],
  [["pause", "--rounds", "-1"], "--rounds -1 is not possible"],
  [["soak", "--seed", "x"], "--seed x is not possible"],
])("%j is wrong usage, told before a cluster is asked", async (options, message) => {
  const text = await said("drill", ...options, "--json");
  expect(process.exitCode).toBe(EXIT.usage);
  expect(JSON.parse(text)).toMatchObject({ error: { message } });
});

test("a drill with faults needs more than the addresses of metadata members", async () => {
  const text = await said("drill", "kill-node", "--admin", "127.0.0.1:1", "--json");
  expect(process.exitCode).toBe(EXIT.refused);
  expect(JSON.parse(text)).toMatchObject({
    error: { code: "drill/impossible", hint: expect.stringContaining("--dir LAB") },
  });
});

test("where there is no lab, a drill with faults says so", async () => {
  const text = await said("drill", "kill-node", "--dir", join(tmpdir(), "no-lab-here"), "--json");
  expect(process.exitCode).toBe(EXIT.failed);
  expect(JSON.parse(text)).toMatchObject({ error: { code: "lab/not-found" } });
});

test("every drill with faults is a command, described as lab describes it", () => {
  const drills = FAULT_DRILLS.map(({ name, description }) => [name, description]);
  expect(Object.fromEntries(drills)).toEqual(FAULT_COMMANDS);
});
