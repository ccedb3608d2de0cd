// Judges the commands of one step: each is timed against what a Windows host bears, and whatever is not as
// expected becomes a finding that names step, disk, host, path and command. A step that needs an answer it did not
// get stops; checks that only look go on, so that every wrong path is named and not just the first.
import { type SystemError, toSystemError } from "@ashlar/core";
import type { Clock } from "@ashlar/runtime";
import type { CommandTimes, Finding, Place, StepReport } from "./receipt.ts";

/** MSDSM gives persistent reservations 3 s; pass-through and disk commands of a cluster 20 s. */
export const WINDOWS_LIMITS_MS = { reservation: 3_000, other: 20_000 } as const;
export type CommandKind = keyof typeof WINDOWS_LIMITS_MS;

const KIND_NAMES: Readonly<Record<CommandKind, string>> = {
  reservation: "persistent reservations",
  other: "other",
};

/** Findings listed for a step; a dead gateway gives one for each of hundreds of commands. */
const LISTED_MAX = 20;

/** A step cannot go on; why has been noted. */
export class StepStopped extends Error {}

export interface JudgedCommand {
  readonly kind: CommandKind;
  readonly command: string;
}

interface Times {
  count: number;
  slowest: string;
  slowestMs: number;
}

const placeText = ({ disk, host, path }: Place): string => `${disk}, ${host}, ${path}`;

export class StepJudge {
  private readonly step: string;
  private readonly clock: Clock;
  private readonly findings: Finding[] = [];
  private findingsTotal = 0;
  private readonly times = new Map<CommandKind, Times>();

  constructor(step: string, clock: Clock) {
    this.step = step;
    this.clock = clock;
  }

  note(place: Place, finding: Omit<Finding, "step" | keyof Place>): void {
    this.findingsTotal += 1;
    const { disk, host, path } = place;
    if (this.findings.length < LISTED_MAX) {
      this.findings.push({ step: this.step, disk, host, path, ...finding });
    }
  }

  /** The answer of a command that must succeed. @throws StepStopped when it does not. */
  async good<T>(place: Place, what: JudgedCommand, run: () => Promise<T>): Promise<T> {
    const outcome = await this.timed(place, what, run);
    if ("value" in outcome) return outcome.value;
    const found = errorText(outcome.error);
    this.note(place, { command: what.command, expected: "GOOD", found });
    throw new StepStopped(found);
  }

  /** Whether a command ended with GOOD where RESERVATION CONFLICT is as right. @throws StepStopped. */
  async goodOrConflict(
    place: Place,
    what: JudgedCommand,
    run: () => Promise<unknown>,
  ): Promise<boolean> {
    const outcome = await this.timed(place, what, run);
    if ("value" in outcome) return true;
    if (outcome.error.code === "volume/reserved") return false;
    const expected = "GOOD or RESERVATION CONFLICT";
    const found = errorText(outcome.error);
    this.note(place, { command: what.command, expected, found });
    throw new StepStopped(found);
  }

  /** A command that must be refused with RESERVATION CONFLICT. */
  async conflict(place: Place, what: JudgedCommand, run: () => Promise<unknown>): Promise<void> {
    const outcome = await this.timed(place, what, run);
    if ("error" in outcome && outcome.error.code === "volume/reserved") return;
    const found = "value" in outcome ? "GOOD" : `${outcome.error.message} (${outcome.error.code})`;
    this.note(place, { command: what.command, expected: "RESERVATION CONFLICT", found });
  }

  /** Compares by what both look like; true when they are the same. */
  equal(place: Place, command: string, values: { expected: unknown; found: unknown }): boolean {
    const [expected, found] = [textOf(values.expected), textOf(values.found)];
    return this.check(place, command, { ok: expected === found, expected, found });
  }

  check(
    place: Place,
    command: string,
    { ok, expected, found }: { readonly ok: boolean; expected: string; found: string },
  ): boolean {
    if (!ok) this.note(place, { command, expected, found });
    return ok;
  }

  report(title: string, ms: number): StepReport {
    const { step: name, findings, findingsTotal } = this;
    const verdict = findingsTotal === 0 ? "pass" : "fail";
    const commands = [...this.times].map(([kind, times]) => timesOf(kind, times));
    return { name, title, verdict, ms: Math.round(ms), commands, findings, findingsTotal };
  }

  private async timed<T>(
    place: Place,
    { kind, command }: JudgedCommand,
    run: () => Promise<T>,
  ): Promise<{ readonly value: T } | { readonly error: SystemError }> {
    const beganMs = this.clock.nowMs();
    try {
      return { value: await run() };
    } catch (thrown) {
      if (thrown instanceof StepStopped) throw thrown;
      return { error: toSystemError(thrown) };
    } finally {
      this.took(place, { kind, command }, this.clock.nowMs() - beganMs);
    }
  }

  private took(place: Place, { kind, command }: JudgedCommand, ms: number): void {
    const times = this.times.get(kind) ?? { count: 0, slowest: "", slowestMs: -1 };
    this.times.set(kind, times);
    times.count += 1;
    if (ms > times.slowestMs) {
      times.slowest = `${command}; ${placeText(place)}`;
      times.slowestMs = ms;
    }
    const limitMs = WINDOWS_LIMITS_MS[kind];
    if (ms <= limitMs) return;
    const found = `an answer after ${Math.round(ms)} ms`;
    this.note(place, { command, expected: `an answer within ${limitMs} ms`, found });
  }
}

const timesOf = (kind: CommandKind, { count, slowest, slowestMs }: Times): CommandTimes => ({
  kind: KIND_NAMES[kind],
  count,
  slowest,
  slowestMs: Math.round(slowestMs),
  limitMs: WINDOWS_LIMITS_MS[kind],
});

const errorText = ({ code, message }: SystemError): string => `${message} (${code})`;

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");

/** All of them to their end; rejects with what the first that failed says. */
export async function inParallel<T>(tasks: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(tasks);
  return outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
}
