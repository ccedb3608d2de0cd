// Randomness from a seed: the same seed gives the same workload, so that a failure can be repeated.
// Not for secrets. The generator is SplitMix32, whose 2^32 states are plenty for a test run.
import { assert } from "@ashlar/core";
import type { Random } from "./random.ts";

/** A repeatable source; `seed` is taken modulo 2^32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  const bytes = (length: number): Buffer => {
    const buffer = Buffer.alloc(length);
    for (let at = 0; at < length; at += 4) {
      buffer.writeUIntLE(
        next() % 2 ** (8 * Math.min(4, length - at)),
        at,
        Math.min(4, length - at),
      );
    }
    return buffer;
  };
  return {
    bytes,
    uuid: () => {
      const raw = bytes(16);
      raw.writeUInt8((raw.readUInt8(6) & 0x0f) | 0x40, 6);
      raw.writeUInt8((raw.readUInt8(8) & 0x3f) | 0x80, 8);
      const hex = raw.toString("hex");
      return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    },
    below: (bound) => {
      assert(Number.isSafeInteger(bound) && bound > 0, "a bound is a positive safe integer");
      return ((next() & 0x1fffff) * 2 ** 32 + next()) % bound;
    },
  };
}
