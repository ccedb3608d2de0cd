// P11, R10: what was answered took effect exactly once, what was not at most once. PRGENERATION counts the
// requests that change who is registered, among them every PREEMPT, and the hosts that were unmapped while they were;
// so a report tells how many there were until then. It counts what a search for an order could explain away: a request that was done twice and whose second
// time changed nothing else.
import { assert } from "@ashlar/core";
import { NO_KEY, type UnitRequest } from "./unit-model.ts";
import type { UnitOperation } from "./unit-register.ts";

interface Raises {
  readonly least: number;
  readonly most: number;
}

/** How often a request that was done raises PRGENERATION. */
function raisesOf({ action, other }: UnitRequest): Raises {
  switch (action) {
    case "reserve":
    case "release":
      return { least: 0, most: 0 };
    case "register":
    case "registerAndIgnoreExistingKey":
      // Who was not registered unregisters without a trace.
      return { least: other === NO_KEY ? 0 : 1, most: 1 };
    case "clear":
    case "preempt":
    case "preemptAndAbort":
      return { least: 1, most: 1 };
  }
}

interface Raise extends Raises {
  readonly callTime: number;
  /** Undefined for one that was not answered. */
  readonly returnTime: number | undefined;
}

function raises(operations: readonly UnitOperation[]): readonly Raise[] {
  return operations.flatMap(({ input, output, callTime, returnTime }): readonly Raise[] => {
    if (input.kind === "access" && input.access === "none") {
      return [{ callTime, returnTime, least: 0, most: 1 }];
    }
    if (input.kind !== "request") return [];
    if (output?.kind === "answer" && output.answer !== "done") return [];
    return [{ callTime, returnTime, ...raisesOf(input.request) }];
  });
}

export function checkSingleEffects(operations: readonly UnitOperation[]): void {
  const all = raises(operations);
  for (const { input, output, callTime, returnTime } of operations) {
    if (input.kind !== "report" || output?.kind !== "report" || returnTime === undefined) continue;
    const { generation } = output.report;
    let least = 0;
    let most = 0;
    for (const raise of all) {
      if (raise.returnTime !== undefined && raise.returnTime < callTime) least += raise.least;
      if (raise.callTime <= returnTime) most += raise.most;
    }
    const told = `PRGENERATION ${generation} at ${callTime}..${returnTime}`;
    assert(least <= generation, `P11: effects: ${told}: ${least} requests at least were done`);
    assert(
      generation <= most,
      `P11: effects: ${told}: ${most} requests at most can have been done`,
    );
  }
}
