// A drill with a receipt on a real lab, as a user starts it: a storage node dies under hosts at work and comes back,
// the receipt says so in all its forms, and nothing of it is left. Longer ones are in long/receipts.test.ts.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { drillReceipt } from "../../support/drill-receipt.ts";
import { ASHLAR, ashlarOutcome, TestLab } from "../../support/test-lab.ts";
import { until } from "../../support/tools.ts";

const DEADLINE_MS = 60_000;

let lab: TestLab;
beforeAll(async () => {
  lab = await TestLab.make("--nodes", "4");
});
afterAll(() => lab?.remove());

test("kill-node passes, its receipt has all forms, and what it made is gone", async () => {
  const file = join(lab.dir, "receipt.html");
  const receipt = await drillReceipt(lab, "kill-node", "--seconds", "3", "--receipt", file);
  expect(receipt.impact.rounds).toHaveLength(1);
  expect(receipt.impact.rounds[0]?.trace).toMatch(/^the cluster saw storage-\d down$/);
  expect(receipt.impact.volumes.map(({ replicas }) => replicas)).toEqual([2, 3]);
  expect(receipt.impact.copied.bytes).toBeGreaterThan(0);
  expect(await readFile(file, "utf8")).toMatch(/^<!doctype html>[\s\S]*PASS[\s\S]*<svg/);
  expect((await lab.status()).volumes.map(({ name }) => name)).toEqual(["demo"]);
});

test("an interrupted drill mends what it broke and takes away what it made", async () => {
  const drill = spawn(process.execPath, [
    ...[ASHLAR, "drill", "kill-gateway"],
    ...["--dir", lab.dir, "--seconds", "600"],
  ]);
  const said: string[] = [];
  drill.stderr.on("data", (part: Buffer) => said.push(part.toString("utf8")));
  const ended = once(drill, "exit");
  const gateway = await until(
    "a gateway that is down",
    DEADLINE_MS,
    async () => (await lab.status()).processes.find(({ pid }) => pid === null)?.id,
    (id) => id !== undefined,
  );
  expect(gateway).toMatch(/^gateway-/);
  drill.kill("SIGINT");
  expect(await ended).toEqual([1, null]);
  expect(said.join("")).toContain("interrupted");
  const { processes, volumes } = await lab.status();
  expect(processes.filter(({ pid }) => pid === null)).toEqual([]);
  expect(volumes.map(({ name }) => name)).toEqual(["demo"]);
});

test("a drill that needs what a plain lab has not is refused before it begins", async () => {
  const { exit, stdout } = await ashlarOutcome("drill", "partition", "--dir", lab.dir, "--json");
  expect(exit).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({
    error: { code: "drill/impossible", hint: expect.stringContaining("--isolate") },
  });
});

test("of a cluster that misses a copy nothing more is taken", async () => {
  await lab.command("lab", "stop", "storage-4", "--kill");
  const { exit, stdout } = await ashlarOutcome("drill", "kill-node", "--dir", lab.dir, "--json");
  expect(exit).toBe(3);
  const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
  expect(error).toMatchObject({
    code: "drill/unsafe",
    message: expect.stringContaining("storage-4"),
  });
});
