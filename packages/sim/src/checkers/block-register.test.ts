import { soaked } from "@ashlar/core/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkLinearizable } from "../linearizability/checker.ts";
import {
  BLOCK_REGISTER,
  type BlockInput,
  type BlockOperation,
  type BlockOutput,
} from "./block-register.ts";

const operation = (
  [callTime, returnTime]: readonly [number, number | undefined],
  input: Partial<BlockInput>,
  output?: BlockOutput,
): BlockOperation => ({
  client: "host",
  callTime,
  returnTime,
  input: { register: "volume-1/0", kind: "read", expected: 0, stamp: 0, ...input },
  output,
});
const write = (at: readonly [number, number | undefined], stamp: number) =>
  operation(at, { kind: "write", stamp }, at[1] === undefined ? undefined : { kind: "written" });
const read = (at: readonly [number, number], stamp: number) =>
  operation(at, {}, { kind: "read", stamp });
const kindOf = (history: readonly BlockOperation[]) =>
  checkLinearizable(BLOCK_REGISTER, history).kind;

describe("a block as a register (P6)", () => {
  it("shows what was acknowledged last", () => {
    expect(kindOf([write([0, 1], 1), write([2, 3], 2), read([4, 5], 2)])).toBe("linearizable");
    expect(kindOf([write([0, 1], 1), write([2, 3], 2), read([4, 5], 1)])).toBe("not-linearizable");
  });

  it("does not lose an acknowledged write (P1)", () => {
    expect(kindOf([write([0, 1], 1), read([2, 3], 0)])).toBe("not-linearizable");
  });

  it("may show a write whose fate nobody knows, and then keeps it", () => {
    const unknown = write([0, undefined], 1);
    expect(kindOf([unknown, read([2, 3], 0), read([4, 5], 1)])).toBe("linearizable");
    expect(kindOf([unknown, read([2, 3], 1), read([4, 5], 0)])).toBe("not-linearizable");
  });

  it("swaps only what was expected", () => {
    const swap = { kind: "swap", expected: 1, stamp: 2 } as const;
    const before = write([0, 1], 1);
    expect(kindOf([before, operation([2, 3], swap, { kind: "written" }), read([4, 5], 2)])).toBe(
      "linearizable",
    );
    expect(kindOf([before, operation([2, 3], swap, { kind: "miscompared" })])).toBe(
      "not-linearizable",
    );
    expect(kindOf([before, operation([2, 3], { ...swap, expected: 9 }, { kind: "written" })])).toBe(
      "not-linearizable",
    );
  });

  it("a miscompare may have met any write of unknown fate, and of many alike one is tried", () => {
    const unknown = Array.from({ length: 40 }, (_, at) => write([at, undefined], 100 + at));
    const missed = (at: number) =>
      operation([at, at + 1], { kind: "swap", expected: 0, stamp: at }, { kind: "miscompared" });
    const judged = (history: readonly BlockOperation[]) =>
      checkLinearizable(BLOCK_REGISTER, history, { stepsMax: 5_000 }).kind;
    expect(judged([...unknown, missed(50), read([60, 61], 0)])).toBe("not-linearizable");
    const zeroed = write([70, 71], 0);
    expect(judged([...unknown, missed(50), zeroed, missed(80), missed(90)])).toBe("linearizable");
    expect(judged([zeroed, missed(80)])).toBe("not-linearizable");
  });

  it("leaves nothing out that counts", () => {
    const time = fc.tuple(
      fc.nat(12),
      fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    );
    const input = fc.record({
      kind: fc.constantFrom("read" as const, "write" as const, "swap" as const),
      expected: fc.nat(3),
      stamp: fc.integer({ min: 1, max: 4 }),
    });
    const outcome = fc.record({ stamp: fc.nat(4), misses: fc.boolean() });
    const one = fc.tuple(time, input, outcome).map(([[from, length], asked, { stamp, misses }]) => {
      const output: Readonly<Record<BlockInput["kind"], BlockOutput>> = {
        read: { kind: "read", stamp },
        write: { kind: "written" },
        swap: misses ? { kind: "miscompared" } : { kind: "written" },
      };
      if (length === undefined) return operation([from, undefined], asked);
      return operation([from, from + length], asked, output[asked.kind]);
    });
    const verdicts = new Map<string, number>();
    fc.assert(
      fc.property(fc.array(one, { maxLength: 8 }), (history) => {
        const { initial, step, key } = BLOCK_REGISTER;
        const whole = checkLinearizable({ initial, step, key }, history).kind;
        expect(kindOf(history)).toBe(whole);
        verdicts.set(whole, (verdicts.get(whole) ?? 0) + 1);
      }),
      { numRuns: soaked(3_000) },
    );
    for (const count of verdicts.values()) expect(count).toBeGreaterThan(300);
  });
});
