// A receipt as a page: one file that asks the network for nothing, says all that the text says, and cannot be talked
// into being anything else by the name of a volume or the message of an error.
import { expect, test } from "vitest";
import type { Impact } from "../faults/impact.ts";
import { type Receipt, receiptLines } from "../receipt.ts";
import { markup } from "./markup.ts";
import { receiptHtml } from "./receipt-html.ts";
import { bandsOf, tickStep, timelineChart } from "./timeline-chart.ts";

const STALL = { atMs: 3_000, ms: 1_500 };
const SERIES = {
  volume: "drill-1",
  host: "host-1",
  path: "all paths",
  operations: 120,
  longest: STALL,
  medianMs: 1_500,
  slowest: STALL,
  stalls: [STALL],
  down: [],
  timeline: { bucketMs: 200, completed: [0, 4, 8, 0, 2] },
};

const impactWith = (more: Partial<Impact> = {}): Impact => ({
  site: "a lab",
  seed: 7,
  beganAt: "2026-11-30T12:00:00.000Z",
  endedMs: 20_000,
  rounds: [
    {
      round: 1,
      fault: "SIGKILL of storage-1",
      trace: "the cluster saw storage-1 down",
      faultAtMs: 2_000,
      repairAtMs: 7_000,
      stallMs: 1_500,
      redundancyMs: 3_210,
    },
  ],
  events: [
    { atMs: 2_000, kind: "fault", round: 1, text: "SIGKILL of storage-1" },
    { atMs: 7_000, kind: "repair", round: 1, text: "the fault ends" },
    { atMs: 10_210, kind: "whole", round: 1, text: "no copy is missing" },
  ],
  volumes: [
    {
      name: "drill-1",
      replicas: 2,
      sizeBytes: 1024,
      operations: 120,
      errors: 0,
      blocksChecked: 512,
      lost: 0,
      stale: 0,
      wrong: 0,
      torn: 0,
      incidents: {},
    },
  ],
  series: [
    SERIES,
    { ...SERIES, path: "gateway-1 127.0.0.1:3260", down: [{ atMs: 2_000, ms: 6_000 }] },
  ],
  timers: [
    {
      host: "Linux",
      setting: "sd timeout",
      meaning: "a command that is not answered is aborted",
      limitMs: 30_000,
      of: "command",
      measured: "the slowest command",
      measuredMs: 1_600,
      within: true,
      decides: true,
    },
  ],
  goals: [{ name: "longest stall", goalMs: 10_000, measuredMs: 1_500, met: true }],
  redundancyMs: 3_210,
  copied: { bytes: 3 * 1024 * 1024, source: "counters" },
  ...more,
});

const receiptWith = (more: Partial<Receipt> = {}): Receipt => ({
  version: 1,
  drill: "kill-node",
  verdict: "PASS",
  startedAt: "2026-11-30T12:00:00.000Z",
  seconds: 20,
  initiator: "Ashlar's own initiator",
  setting: { site: "a lab", gateways: ["gateway-1", "gateway-2"] },
  steps: [
    {
      name: "round-1",
      title: "kill-node, a fault and its end",
      verdict: "pass",
      ms: 8_000,
      commands: [],
      findings: [],
      findingsTotal: 0,
    },
  ],
  impact: impactWith(),
  ...more,
});

test("the page is one file: it names no other, and runs nothing", () => {
  const page = receiptHtml(receiptWith());
  expect(page).toMatch(/^<!doctype html>/);
  expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|https?:/);
  expect(page).toContain("prefers-color-scheme: dark");
  expect(page).toContain("@media print");
});

test("the page says what the text says", () => {
  const receipt = receiptWith();
  const text = receiptLines(receipt).join("\n");
  const page = receiptHtml(receipt);
  for (const fact of [
    "PASS",
    "Ashlar&#39;s own initiator",
    "SIGKILL of storage-1",
    "the cluster saw storage-1 down",
    "3.21 s",
    "3.0 MiB",
    "sd timeout",
    "within",
    "met",
    "gateway-1 127.0.0.1:3260",
  ]) {
    expect(page).toContain(fact);
    expect(text).toContain(fact.replace("&#39;", "'"));
  }
});

test("what comes from elsewhere is text and nothing else", () => {
  const bad = `"><script>alert('1')</script>&`;
  const finding = {
    step: "data",
    disk: bad,
    host: bad,
    path: bad,
    command: bad,
    expected: bad,
    found: bad,
  };
  const step = { name: bad, title: bad, verdict: "fail" as const, ms: 1, commands: [] };
  const impact = impactWith({
    site: bad,
    series: [{ ...SERIES, volume: bad, path: bad }],
    volumes: impactWith().volumes.map((volume) => ({ ...volume, name: bad })),
    events: [{ atMs: 1, kind: "fault", round: 1, text: bad }],
  });
  const page = receiptHtml(
    receiptWith({
      drill: bad,
      initiator: bad,
      setting: { [bad]: bad },
      steps: [{ ...step, findings: [finding], findingsTotal: 1 }],
      impact,
    }),
  );
  expect(page).not.toContain("<script");
  expect(page.split("&lt;script&gt;").length).toBeGreaterThan(15);
  expect(markup`<b title="${bad}">`.text).toBe(
    '<b title="&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;">',
  );
});

test("a receipt without faults is a page too", () => {
  const { impact: _, ...plain } = receiptWith({ drill: "cluster-validation" });
  const page = receiptHtml(plain);
  expect(page).toContain("Drill cluster-validation");
  expect(page).not.toContain("<svg");
});

test("the chart has a row for each path, the fault as a band, stalls and times without a session", () => {
  const { text } = timelineChart(impactWith(), "drill-1");
  expect(text.match(/class="row"/g)).toHaveLength(2);
  expect(text.match(/class="fault"/g)).toHaveLength(1);
  expect(text.match(/class="stall"/g)).toHaveLength(2);
  expect(text.match(/class="down"/g)).toHaveLength(1);
  expect(text.match(/class="whole"/g)).toHaveLength(1);
  expect(text).toContain("nothing answered for 1.50 s, from 3.00 s on");
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
});

test("a fault that never ended lasts to the end of the drill", () => {
  const [fault] = impactWith().events;
  expect(bandsOf(fault ? [fault] : [], 9_000)).toEqual([
    { fromMs: 2_000, toMs: 9_000, round: 1, text: "SIGKILL of storage-1" },
  ]);
});

test.each([
  [5_000, 1],
  [40_000, 5],
  [3_600_000, 600],
])("of %i ms there is a tick every %i s", (endMs, step) => {
  expect(tickStep(endMs)).toBe(step);
});

test("a chart of nothing has no mark and is one all the same", () => {
  const { text } = timelineChart(impactWith({ series: [], events: [], endedMs: 0 }), "drill-1");
  expect(text).toMatch(/^<svg/);
  expect(text).not.toMatch(/NaN|Infinity/);
});
