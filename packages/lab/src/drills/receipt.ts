// What a drill leaves behind: a verdict, the steps it is made of and every wrong answer with its place. The
// document of `ashlar drill … --json` and of receipt files is a stable contract.

import type { Impact } from "./faults/impact.ts";
import { impactLines } from "./receipt/impact-text.ts";

export type Verdict = "PASS" | "FAIL";

/** Where something was asked. */
export interface Place {
  readonly disk: string;
  readonly host: string;
  /** The gateway through which it was asked, or a word that says that no single one was. */
  readonly path: string;
}

export interface Finding extends Place {
  readonly step: string;
  readonly command: string;
  readonly expected: string;
  readonly found: string;
  /** When, where that is known. */
  readonly at?: string;
}

/** Commands of one kind, and the slowest of them beside what a Windows host would bear. */
export interface CommandTimes {
  readonly kind: string;
  readonly count: number;
  readonly slowest: string;
  readonly slowestMs: number;
  readonly limitMs: number;
}

export interface StepReport {
  readonly name: string;
  /** For people; of a validation, what the same is called in a report of Windows. */
  readonly title: string;
  /** `not-run`: an earlier step left nothing to go on with. */
  readonly verdict: "pass" | "fail" | "not-run";
  readonly ms: number;
  readonly commands: readonly CommandTimes[];
  readonly findings: readonly Finding[];
  /** All of them; the list has the first ones. */
  readonly findingsTotal: number;
}

export interface Receipt {
  readonly version: 1;
  readonly drill: string;
  readonly verdict: Verdict;
  readonly startedAt: string;
  readonly seconds: number;
  /** Who played the hosts. */
  readonly initiator: string;
  /** On what it ran: counts and names. */
  readonly setting: Readonly<Record<string, number | string | readonly string[]>>;
  readonly steps: readonly StepReport[];
  /** Of drills with faults. */
  readonly impact?: Impact;
}

/** A drill that did nothing has shown nothing. */
export const verdictOf = (steps: readonly StepReport[]): Verdict =>
  steps.length > 0 && steps.every(({ verdict }) => verdict === "pass") ? "PASS" : "FAIL";

const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;

const timesLine = ({ kind, count, slowest, slowestMs, limitMs }: CommandTimes): string =>
  `    ${kind}: ${count} commands, slowest ${seconds(slowestMs)} of ${seconds(limitMs)} (${slowest})`;

const findingLines = ({ disk, host, path, command, expected, found, at }: Finding): string[] => [
  `    ${disk}, ${host}, ${path}: ${command}${at === undefined ? "" : `, at ${at}`}`,
  `      expected ${expected}`,
  `      found    ${found}`,
];

function stepLines(step: StepReport): string[] {
  const more = step.findingsTotal - step.findings.length;
  return [
    `  ${step.verdict.padEnd(7)}  ${step.name}: ${step.title}, ${seconds(step.ms)}`,
    ...step.commands.map(timesLine),
    ...step.findings.flatMap(findingLines),
    ...(more > 0 ? [`    and ${more} more`] : []),
  ];
}

const settingText = (value: number | string | readonly string[]): string =>
  typeof value === "object" ? value.join(", ") : String(value);

/** For people, one line per element. */
export const receiptLines = (receipt: Receipt): string[] => [
  `drill ${receipt.drill}, ${receipt.startedAt}, ${receipt.seconds.toFixed(1)} s`,
  `initiator  ${receipt.initiator}`,
  ...Object.entries(receipt.setting).map(
    ([name, value]) => `${name.padEnd(9)}  ${settingText(value)}`,
  ),
  ...receipt.steps.flatMap(stepLines),
  ...(receipt.impact ? impactLines(receipt.impact) : []),
  receipt.verdict,
];
