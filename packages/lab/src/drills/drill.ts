// The frame of all drills: a drill is a series of named steps, done in order; each is timed and judged, and what
// comes out is a receipt. A step that fails does not keep the next ones from being done, unless they need it.
import { toSystemError } from "@ashlar/core";
import type { Clock } from "@ashlar/runtime";
import { type Receipt, type StepReport, verdictOf } from "./receipt.ts";
import { StepJudge, StepStopped } from "./step-judge.ts";

export interface Step {
  readonly name: string;
  readonly title: string;
  /** Without it there is nothing to go on with. */
  readonly isNeeded?: boolean;
  readonly run: (judge: StepJudge) => Promise<void>;
}

export interface Drill {
  readonly name: string;
  readonly initiator: string;
  readonly setting: Receipt["setting"];
  /** Taken one by one: what comes next may turn out on the way. */
  readonly steps: Iterable<Step>;
}

export interface DrillOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told of each step when it is over. */
  readonly onStep?: (step: StepReport) => void;
}

/** @throws the signal's reason; whatever a step throws is a finding. */
export async function runDrill(drill: Drill, options: DrillOptions): Promise<Receipt> {
  const { clock, signal, onStep } = options;
  const beganMs = clock.nowMs();
  const startedAt = new Date(clock.wallMs()).toISOString();
  const steps: StepReport[] = [];
  let isOver = false;
  for (const step of drill.steps) {
    signal.throwIfAborted();
    const report: StepReport = isOver ? notRun(step) : await runStep(step, clock);
    isOver ||= step.isNeeded === true && report.verdict !== "pass";
    steps.push(report);
    onStep?.(report);
  }
  signal.throwIfAborted();
  return {
    version: 1,
    drill: drill.name,
    verdict: verdictOf(steps),
    startedAt,
    seconds: Math.round((clock.nowMs() - beganMs) / 100) / 10,
    initiator: drill.initiator,
    setting: drill.setting,
    steps,
  };
}

async function runStep({ name, title, run }: Step, clock: Clock): Promise<StepReport> {
  const judge = new StepJudge(name, clock);
  const beganMs = clock.nowMs();
  try {
    await run(judge);
  } catch (thrown) {
    if (!(thrown instanceof StepStopped)) {
      const { code, message } = toSystemError(thrown);
      const place = { disk: "all disks", host: "all hosts", path: "all paths" };
      judge.note(place, { command: name, expected: "no error", found: `${message} (${code})` });
    }
  }
  return judge.report(title, clock.nowMs() - beganMs);
}

const notRun = ({ name, title }: Step): StepReport => ({
  name,
  title,
  verdict: "not-run",
  ms: 0,
  commands: [],
  findings: [],
  findingsTotal: 0,
});
