// Against the definition: histories of an object that is atomic are accepted, and whatever becomes of them
// by a change is judged as by trying every order.
import { soaked } from "@ashlar/core/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { hasOrder } from "../testing/brute-force.ts";
import { apply, REGISTER, type RegisterInput, type RegisterOutput } from "../testing/register.ts";
import { checkLinearizable } from "./checker.ts";
import type { History, Operation } from "./model.ts";

type RegisterOperation = Operation<RegisterInput, RegisterOutput>;

/** Few values, so that a wrong answer is often a plausible one. */
const value = fc.integer({ min: 0, max: 2 });

const input: fc.Arbitrary<RegisterInput> = fc.oneof(
  fc.constant({ kind: "read" } as const),
  fc.record({ kind: fc.constant("write" as const), value }),
  fc.record({ kind: fc.constant("compare-and-set" as const), expected: value, value }),
);

/** An operation that takes effect between its call and its return. */
const timed = fc.record({
  input,
  effectTime: fc.integer({ min: 0, max: 40 }),
  before: fc.integer({ min: 0, max: 12 }),
  after: fc.integer({ min: 0, max: 12 }),
  fate: fc.constantFrom("answered", "answered", "answered", "unanswered", "never done" as const),
});

/** What clients see of a register that does one thing at a time. */
const atomicHistory = (lengthMax: number): fc.Arbitrary<RegisterOperation[]> =>
  fc.array(timed, { maxLength: lengthMax }).map((operations) => {
    let state = REGISTER.initial();
    const inOrder = operations.toSorted((a, b) => a.effectTime - b.effectTime);
    return inOrder.map(({ input, effectTime, before, after, fate }, at): RegisterOperation => {
      const done = apply(state, input);
      if (fate !== "never done") state = done.state;
      const answered = fate === "answered";
      return {
        client: `client ${at}`,
        callTime: effectTime - before,
        returnTime: answered ? effectTime + after : undefined,
        input,
        output: answered ? done.output : undefined,
      };
    });
  });

const changed = (
  history: History<RegisterInput, RegisterOutput>,
  changes: readonly { readonly at: number; readonly output: number; readonly shift: number }[],
): RegisterOperation[] => {
  const copy = [...history];
  for (const { at, output, shift } of changes) {
    const before = copy[at % Math.max(1, copy.length)];
    if (before?.returnTime === undefined) continue;
    const callTime = before.callTime + shift;
    const returnTime = Math.max(before.returnTime + shift, callTime);
    copy[copy.indexOf(before)] = { ...before, output, callTime, returnTime };
  }
  return copy;
};

const changes = fc.array(
  fc.record({ at: fc.nat(20), output: value, shift: fc.integer({ min: -15, max: 15 }) }),
  { minLength: 1, maxLength: 3 },
);

it("accepts every history of an atomic register", () => {
  fc.assert(
    fc.property(atomicHistory(60), (history) => {
      expect(checkLinearizable(REGISTER, history)).toEqual({ kind: "linearizable" });
    }),
    { numRuns: soaked(300) },
  );
});

it("judges changed histories as the definition does", () => {
  const verdicts = { accepted: 0, rejected: 0 };
  fc.assert(
    fc.property(atomicHistory(7), changes, (history, someChanges) => {
      const other = changed(history, someChanges);
      const expected = hasOrder(REGISTER, other);
      verdicts[expected ? "accepted" : "rejected"] += 1;
      const { kind } = checkLinearizable(REGISTER, other);
      expect(kind).toBe(expected ? "linearizable" : "not-linearizable");
    }),
    { numRuns: soaked(3000) },
  );
  // Neither verdict is rare among them, else they would show little.
  expect(verdicts.accepted).toBeGreaterThan(300);
  expect(verdicts.rejected).toBeGreaterThan(300);
});

it("the longest order of a rejected history is one, and its operations are of the history", () => {
  fc.assert(
    fc.property(atomicHistory(7), changes, (history, someChanges) => {
      const other = changed(history, someChanges);
      const verdict = checkLinearizable(REGISTER, other);
      if (verdict.kind !== "not-linearizable") return;
      const { longest, blocked } = verdict;
      expect(other).toContain(blocked);
      expect(longest).not.toContain(blocked);
      expect(new Set(longest).size).toBe(longest.length);
      let state = REGISTER.initial();
      for (const operation of longest) {
        expect(other).toContain(operation);
        const result = REGISTER.step(state, operation.input, operation.output);
        expect(result.ok).toBe(true);
        if (result.ok) state = result.state;
      }
    }),
    { numRuns: soaked(1000) },
  );
});
