// The history against an atomic register: whatever a register does must be accepted, also with
// failed writes that take effect later, and what no register could do must not.
import { soaked } from "@ashlar/core/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UnitHistory } from "./unit-history.ts";

interface Operation {
  readonly kind: "read" | "write" | "unmap";
  readonly sequence: number;
  readonly startTick: number;
  /** What a read found; set when the operation took effect. */
  found: number | undefined;
  failed: boolean;
}

/** Drives a register and a history by random choices; returns the reads that were not accepted. */
function run(choices: readonly number[]): number {
  const history = new UnitHistory({ initialZero: true });
  const zeros = new Set([0]);
  let register = 0;
  let tick = 0;
  let sequence = 0;
  let refused = 0;
  let open: Operation[] = [];

  const begin = (choice: number): void => {
    const kind = (["read", "write", "read", "unmap"] as const)[choice % 4] ?? "read";
    const startTick = ++tick;
    if (kind !== "read") sequence++;
    open.push({ kind, sequence, startTick, found: undefined, failed: false });
    if (kind === "unmap") zeros.add(sequence);
    if (kind !== "read") history.beginWrite(sequence, kind === "unmap", startTick);
  };
  const takeEffect = (operation: Operation): void => {
    if (operation.kind !== "read") register = operation.sequence;
    operation.found = register;
  };
  const end = (operation: Operation): void => {
    open = open.filter((each) => each !== operation);
    const endTick = ++tick;
    if (operation.failed) return;
    if (operation.kind !== "read") {
      history.endWrite(operation.sequence, endTick);
      const reads = open.filter(({ kind }) => kind === "read");
      history.prune(Math.min(endTick + 1, ...reads.map(({ startTick }) => startTick)));
      return;
    }
    const read = { startTick: operation.startTick, endTick };
    const found = operation.found ?? 0;
    const fits = zeros.has(found) ? history.observeZero(read) : history.observeWrite(found, read);
    if (!fits) refused++;
  };

  for (const choice of choices) {
    const operation = open[choice % (open.length + 1)];
    if (!operation) begin(choice >> 4);
    else if (operation.found === undefined) {
      // The answer may get lost before or after the write takes effect.
      if (operation.kind !== "read" && choice % 7 === 0) operation.failed = true;
      takeEffect(operation);
    } else end(operation);
  }
  return refused;
}

interface Interval {
  readonly start: number;
  readonly end: number;
  readonly sequence: number;
  readonly isWrite: boolean;
}

/** Whether some order of the operations explains them: the definition, tried out. */
function isLinearizable(rest: readonly Interval[], register: number): boolean {
  if (rest.length === 0) return true;
  return rest.some((next) => {
    if (rest.some((other) => other.end < next.start)) return false;
    if (!next.isWrite && next.sequence !== register) return false;
    return isLinearizable(
      rest.filter((other) => other !== next),
      next.isWrite ? next.sequence : register,
    );
  });
}

/** The same history, given to UnitHistory in order of time. */
function isAccepted(operations: readonly Interval[]): boolean {
  const history = new UnitHistory({ initialZero: true });
  const events = operations.flatMap((operation) => [
    { at: operation.start, begins: true, operation },
    { at: operation.end, begins: false, operation },
  ]);
  for (const { begins, operation } of events.sort((a, b) => a.at - b.at)) {
    const { start, end, sequence, isWrite } = operation;
    if (isWrite && begins) history.beginWrite(sequence, false, start);
    else if (isWrite) {
      history.endWrite(sequence, end);
      const reads = operations.filter(
        (each) => !each.isWrite && each.start < end && each.end > end,
      );
      history.prune(Math.min(end + 1, ...reads.map((read) => read.start)));
    } else if (!begins && !history.observeWrite(sequence, { startTick: start, endTick: end })) {
      return false;
    }
  }
  return true;
}

describe("UnitHistory", () => {
  it("accepts whatever a register does", () => {
    const choices = fc.array(fc.nat({ max: 1 << 20 }), { minLength: 20, maxLength: 400 });
    fc.assert(
      fc.property(choices, (each) => {
        expect(run(each)).toBe(0);
      }),
      { numRuns: soaked(500) },
    );
  });

  it("accepts exactly the linearizable histories", () => {
    // Up to seven operations on distinct points of time; reads return one of the writes.
    const operation = fc.record({ write: fc.boolean(), of: fc.nat({ max: 3 }) });
    const history = fc.array(operation, { minLength: 1, maxLength: 7 }).chain((operations) =>
      fc.tuple(
        fc.constant(operations),
        fc.shuffledSubarray(
          Array.from({ length: 2 * operations.length }, (_, index) => index + 1),
          { minLength: 2 * operations.length },
        ),
      ),
    );
    let refused = 0;
    fc.assert(
      fc.property(history, ([operations, points]) => {
        let writes = 0;
        const intervals = operations.map(({ write, of }, index): Interval => {
          const [a = 0, b = 0] = points.slice(2 * index, 2 * index + 2);
          const sequence = write ? ++writes : of;
          return { start: Math.min(a, b), end: Math.max(a, b), sequence, isWrite: write };
        });
        // A read of a write that is not there, or not begun yet, is refused before any checking.
        const begun = (read: Interval): boolean =>
          read.sequence === 0 ||
          intervals.some(
            (each) => each.isWrite && each.sequence === read.sequence && each.start < read.end,
          );
        fc.pre(intervals.every((each) => each.isWrite || begun(each)));
        const expected = isLinearizable(intervals, 0);
        if (!expected) refused++;
        expect(isAccepted(intervals)).toBe(expected);
      }),
      { numRuns: soaked(3000) },
    );
    expect(refused).toBeGreaterThan(100);
  });
});
