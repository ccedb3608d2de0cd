import { describe, expect, it } from "vitest";
import type { BlockOperation } from "./block-register.ts";
import { checkLateEffects, EFFECT_MAX_MS } from "./late-effects.ts";

const register = "volume-1/0";
const read = (callTime: number, stamp: number): BlockOperation => ({
  client: "host",
  callTime,
  returnTime: callTime + 1,
  input: { register, kind: "read", expected: 0, stamp: 0 },
  output: { kind: "read", stamp },
});
const givenUp = [{ register, stamp: 7, atMs: 100 }];
const boundMs = 100 + EFFECT_MAX_MS;

describe("what was given up (P9)", () => {
  it("may appear before its bound, and stay", () => {
    checkLateEffects([read(50, 1), read(boundMs - 1, 1), read(boundMs + 5, 7)], givenUp);
  });

  it("may not appear after somebody has missed it beyond the bound", () => {
    const operations = [read(boundMs, 1), read(boundMs + 5, 7)];
    expect(() => checkLateEffects(operations, givenUp)).toThrow(/P9: volume-1\/0: stamp 7/);
  });
});
