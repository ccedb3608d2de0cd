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
});
