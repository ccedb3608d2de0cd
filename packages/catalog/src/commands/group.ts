// What the group of members notes about itself: whose history this is, and whether all are equal.
import { type CommandOf, done, type Result } from "../command.ts";
import type { Step } from "../state.ts";
import { skipIncarnations } from "./incarnations.ts";

export function beginTerm(
  step: Step,
  { run, incarnationsSkipped }: CommandOf<"beginTerm">,
): Result<"beginTerm"> {
  step.state.run = run;
  skipIncarnations(step, incarnationsSkipped);
  return done(null);
}

export function reportHash(
  step: Step,
  { member, index, hash }: CommandOf<"reportHash">,
): Result<"reportHash"> {
  const { state } = step;
  if (index < state.hashReports.index) return done(null);
  const others = index === state.hashReports.index ? state.hashReports.reports : [];
  state.hashReports = { index, reports: new Map([...others, [member, hash]]) };
  return done(null);
}
