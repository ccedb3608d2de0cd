// The frame of drills: what a step's judge notes, what becomes of a step that stops, and the receipt of it all.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SystemError } from "@ashlar/core";
import { ManualClock } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import { runDrill, type Step } from "./drill.ts";
import { receiptLines, verdictOf } from "./receipt.ts";
import { checkReceiptPath, writeReceipt } from "./receipt-file.ts";
import { inParallel, type JudgedCommand, StepJudge, StepStopped } from "./step-judge.ts";

const PLACE = { disk: "disk-1", host: "host-1", path: "gateway-1" };
const RESERVE: JudgedCommand = { kind: "reservation", command: "RESERVE" };
const READ: JudgedCommand = { kind: "other", command: "READ" };
const reserved = new SystemError("volume/reserved", "RESERVE ended with status 18h");
const gone = new SystemError("rpc/disconnected", "the portal is gone");
const { signal } = new AbortController();

const failing = (error: Error) => async (): Promise<never> => {
  throw error;
};

const drillOf = (steps: readonly Step[]) => ({
  name: "rehearsal",
  initiator: "a simulated host",
  setting: { hosts: 2, gateways: ["gateway-1", "gateway-2"] },
  steps,
});

const passing: Step = {
  name: "passing",
  title: "What passes",
  run: async (judge) => {
    await judge.good(PLACE, READ, async () => 7);
  },
};
const stopping: Step = {
  name: "stopping",
  title: "What stops",
  run: (judge) => judge.good(PLACE, READ, failing(gone)),
};

test("commands that are as expected leave no finding, and their answers", async () => {
  const judge = new StepJudge("step", new ManualClock());
  expect(await judge.good(PLACE, READ, async () => 7)).toBe(7);
  await judge.conflict(PLACE, RESERVE, failing(reserved));
  expect(await judge.goodOrConflict(PLACE, RESERVE, async () => {})).toBe(true);
  expect(await judge.goodOrConflict(PLACE, RESERVE, failing(reserved))).toBe(false);
  expect(judge.equal(PLACE, "READ KEYS", { expected: ["a"], found: ["a"] })).toBe(true);
  expect(judge.report("Title", 5)).toMatchObject({ verdict: "pass", findings: [], ms: 5 });
});

test.each([
  ["a failure", (judge: StepJudge) => judge.good(PLACE, READ, failing(gone)), "GOOD"],
  [
    "another failure than a conflict",
    (judge: StepJudge) => judge.goodOrConflict(PLACE, READ, failing(gone)),
    "GOOD or RESERVATION CONFLICT",
  ],
])("%s is found and stops the step", async (_, run, expected) => {
  const judge = new StepJudge("step", new ManualClock());
  await expect(run(judge)).rejects.toBeInstanceOf(StepStopped);
  const found = "the portal is gone (rpc/disconnected)";
  expect(judge.report("Title", 0).findings).toEqual([
    { ...PLACE, step: "step", command: "READ", expected, found },
  ]);
});

test("a conflict that does not come is found, and the step goes on", async () => {
  const judge = new StepJudge("step", new ManualClock());
  await judge.conflict(PLACE, RESERVE, async () => {});
  await judge.conflict(PLACE, RESERVE, failing(gone));
  const { findings } = judge.report("Title", 0);
  expect(findings.map(({ found }) => found)).toEqual([
    "GOOD",
    "the portal is gone (rpc/disconnected)",
  ]);
});

test("what takes longer than a Windows host waits is found, and the slowest is told by kind", async () => {
  const clock = new ManualClock();
  const judge = new StepJudge("step", clock);
  const taking = (ms: number) => async (): Promise<void> => clock.advance(ms);
  await judge.good(PLACE, RESERVE, taking(3_000));
  await judge.good(PLACE, READ, taking(19_000));
  await judge.good(PLACE, { ...RESERVE, command: "PREEMPT" }, taking(3_001));
  const { commands, findings } = judge.report("Title", 0);
  expect(findings).toEqual([
    {
      ...PLACE,
      step: "step",
      command: "PREEMPT",
      expected: "an answer within 3000 ms",
      found: "an answer after 3001 ms",
    },
  ]);
  const slowest = "PREEMPT; disk-1, host-1, gateway-1";
  expect(commands).toContainEqual({
    kind: "persistent reservations",
    count: 2,
    slowest,
    slowestMs: 3_001,
    limitMs: 3_000,
  });
  expect(commands).toContainEqual(expect.objectContaining({ kind: "other", slowestMs: 19_000 }));
});

test("of very many findings the first are listed, and all are counted", () => {
  const judge = new StepJudge("step", new ManualClock());
  for (let index = 0; index < 50; index++) {
    judge.equal(PLACE, "READ KEYS", { expected: [], found: [index] });
  }
  const report = judge.report("Title", 0);
  expect(report.findingsTotal).toBe(50);
  expect(report.findings.at(-1)).toMatchObject({ found: "[19]" });
});

test("tasks in parallel all come to their end before the first failure is told", async () => {
  let ended = false;
  const late = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
    ended = true;
  });
  await expect(inParallel([Promise.reject(gone), late])).rejects.toBe(gone);
  expect(ended).toBe(true);
});

test("steps are done in order; one that stops fails, and the next ones are done", async () => {
  const told: string[] = [];
  const receipt = await runDrill(drillOf([passing, stopping, passing]), {
    clock: new ManualClock(),
    signal,
    onStep: ({ verdict }) => told.push(verdict),
  });
  expect(told).toEqual(["pass", "fail", "pass"]);
  expect(receipt).toMatchObject({ version: 1, verdict: "FAIL", drill: "rehearsal" });
});

test("what a step throws is a finding, and one that is needed ends the drill", async () => {
  const needed: Step = { ...passing, isNeeded: true, run: failing(new TypeError("a mistake")) };
  const { steps, verdict } = await runDrill(drillOf([needed, passing]), {
    clock: new ManualClock(),
    signal,
  });
  expect(verdict).toBe("FAIL");
  expect(steps.map((step) => step.verdict)).toEqual(["fail", "not-run"]);
  expect(steps[0]?.findings[0]).toMatchObject({ found: "a mistake (internal)" });
});

test("an interrupt leaves no receipt", async () => {
  const interrupt = new AbortController();
  const interrupting: Step = { ...passing, run: async () => interrupt.abort(new Error("enough")) };
  const options = { clock: new ManualClock(), signal: interrupt.signal };
  await expect(runDrill(drillOf([interrupting]), options)).rejects.toThrow("enough");
});

test("a drill without steps has shown nothing", () => {
  expect(verdictOf([])).toBe("FAIL");
});

test("a receipt as text names every finding with its place, and as a file has either form", async () => {
  const clock = new ManualClock();
  const receipt = await runDrill(drillOf([passing, stopping]), { clock, signal });
  const lines = receiptLines(receipt);
  expect(lines).toEqual([
    "drill rehearsal, 1970-01-01T00:00:00.000Z, 0.0 s",
    "initiator  a simulated host",
    "hosts      2",
    "gateways   gateway-1, gateway-2",
    "  pass     passing: What passes, 0.00 s",
    "    other: 1 commands, slowest 0.00 s of 20.0 s (READ; disk-1, host-1, gateway-1)",
    "  fail     stopping: What stops, 0.00 s",
    "    other: 1 commands, slowest 0.00 s of 20.0 s (READ; disk-1, host-1, gateway-1)",
    "    disk-1, host-1, gateway-1: READ",
    "      expected GOOD",
    "      found    the portal is gone (rpc/disconnected)",
    "FAIL",
  ]);
  const folder = await mkdtemp(join(tmpdir(), "ashlar-receipt-"));
  const [json, text] = [join(folder, "receipt.json"), join(folder, "receipt.txt")];
  await writeReceipt(json, receipt);
  await writeReceipt(text, receipt);
  expect(JSON.parse(await readFile(json, "utf8"))).toEqual(receipt);
  expect(await readFile(text, "utf8")).toBe(`${lines.join("\n")}\n`);
  await rm(folder, { recursive: true });
});

test("a receipt in a form that there is not is refused", () => {
  expect(() => checkReceiptPath("receipt.pdf")).toThrow(/not the name of a receipt/);
  expect(() => checkReceiptPath("receipt.txt")).not.toThrow();
});
