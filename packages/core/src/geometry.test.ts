import fc from "fast-check";
import { expect, test } from "vitest";
import {
  alignDown,
  alignUp,
  CHECKSUM_UNIT,
  OP_LENGTH_MAX,
  rangesOverlap,
  splitRange,
} from "./geometry.ts";
import { soaked } from "./testing/soak.ts";
import { MIB } from "./units.ts";

test("the parts of a range are in order, adjoin, stay in their chunk and below the maximum", () => {
  const chunkSize = 16 * MIB;
  fc.assert(
    fc.property(fc.nat(2 ** 40), fc.nat(64 * MIB), (offset, length) => {
      let at = 0;
      for (const part of splitRange(offset, length, chunkSize)) {
        expect(part.at).toBe(at);
        expect(part.index * chunkSize + part.offset).toBe(offset + at);
        expect(part.length).toBeGreaterThan(0);
        expect(part.length).toBeLessThanOrEqual(MIB);
        expect(part.offset + part.length).toBeLessThanOrEqual(chunkSize);
        at += part.length;
      }
      expect(at).toBe(length);
    }),
    { numRuns: soaked(50) },
  );
});

test("a part stays below the maximum when it is widened to whole checksum units", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31), fc.nat(4 * MIB), (block, length) => {
      for (const { offset, length: part } of splitRange(block * 512, length, 16 * MIB)) {
        const widened = alignUp(offset + part, CHECKSUM_UNIT) - alignDown(offset, CHECKSUM_UNIT);
        expect(widened).toBeLessThanOrEqual(OP_LENGTH_MAX);
      }
    }),
    { numRuns: soaked(200) },
  );
});

test("ranges that only touch do not overlap", () => {
  expect(rangesOverlap(0, 4, 4, 4)).toBe(false);
  expect(rangesOverlap(0, 5, 4, 4)).toBe(true);
  expect(rangesOverlap(6, 1, 4, 4)).toBe(true);
});

test("alignment keeps what is aligned", () => {
  expect([alignDown(4097, 4096), alignUp(4097, 4096)]).toEqual([4096, 8192]);
  expect([alignDown(4096, 4096), alignUp(4096, 4096)]).toEqual([4096, 4096]);
});
