// P11: what hosts are told of a unit's reservations has one order, each answer at a moment between question and
// answer: PERSISTENT RESERVE OUT does what it says once, and PERSISTENT RESERVE IN tells what is in force. A
// reservation that was lost in a restart has no place in it either.
import { assert } from "@ashlar/core";
import { checkLinearizable } from "../linearizability/checker.ts";
import { explainVerdict } from "../linearizability/explanation.ts";
import type { Model, Operation, StepResult } from "../linearizability/model.ts";
import {
  answerTo,
  type HostAccess,
  isAllowed,
  isMapped,
  type NexusName,
  type ReportKind,
  type Rule,
  reportOf,
  textOf,
  UNUSED_UNIT,
  type UnitAnswer,
  type UnitReport,
  type UnitRequest,
  type UnitState,
  withAccess,
} from "./unit-model.ts";

export type UnitInput =
  /** PERSISTENT RESERVE OUT. */
  | { readonly kind: "request"; readonly request: UnitRequest }
  /** PERSISTENT RESERVE IN. */
  | { readonly kind: "report"; readonly what: ReportKind }
  /** A command that was refused for a reservation. */
  | { readonly kind: "refused"; readonly nexus: NexusName; readonly rule: Rule }
  /** Of the operator. */
  | { readonly kind: "access"; readonly host: string; readonly access: HostAccess };

export type UnitOutput =
  | { readonly kind: "answer"; readonly answer: UnitAnswer["answer"] }
  | { readonly kind: "report"; readonly report: UnitReport };

export type UnitOperation = Operation<UnitInput, UnitOutput>;

/** Of one part of a history, for each volume: most take some thousands, a few in a hundred seeds more than two million. */
export const STEPS_MAX = 20_000_000;

const REFUSED = { ok: false } as const;

export function unitStep(
  state: UnitState,
  input: UnitInput,
  output: UnitOutput | undefined,
): StepResult<UnitState> {
  switch (input.kind) {
    case "request": {
      // Of a host that may not use the unit any more nothing is done, though it was on its way.
      if (!isMapped(state, input.request.nexus, "read")) return REFUSED;
      const { answer, state: next } = answerTo(state, input.request);
      const isTold = output === undefined || (output.kind === "answer" && output.answer === answer);
      return isTold ? { ok: true, state: next } : REFUSED;
    }
    case "report": {
      const isTold =
        output?.kind === "report" &&
        JSON.stringify(output.report) === JSON.stringify(reportOf(state, input.what));
      return isTold ? { ok: true, state } : REFUSED;
    }
    case "refused":
      return isAllowed(state, input.nexus, input.rule) ? REFUSED : { ok: true, state };
    case "access":
      return { ok: true, state: withAccess(state, input.host, input.access) };
  }
}

export const UNIT: Model<UnitState, UnitInput, UnitOutput> = {
  initial: () => UNUSED_UNIT,
  step: unitStep,
  key: textOf,
};

/** @param what names the rule in what is thrown. */
export function checkUnit(
  operations: readonly UnitOperation[],
  what = "P11: reservations and what is told of them",
): void {
  const verdict = checkLinearizable(UNIT, operations, { stepsMax: STEPS_MAX });
  assert(verdict.kind !== "undecided", `${what}: can be judged`);
  assert(verdict.kind === "linearizable", `${what}: ${explainVerdict(verdict)}`);
}

/** What PERSISTENT RESERVE IN and OUT tell needs no command that reads or writes to be judged. */
export const checkReports = (operations: readonly UnitOperation[]): void =>
  checkUnit(operations.filter(({ input: { kind } }) => kind !== "refused"));
