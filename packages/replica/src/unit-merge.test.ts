import { CHECKSUM_UNIT, scatterJoin } from "@ashlar/core";
import { soaked } from "@ashlar/core/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHUNK } from "./testing/scripted-chunk.ts";
import { type MergingOperation, mergedUnits, miscompareAt } from "./unit-merge.ts";

const SECTOR = 512;
const OFFSET = 2 * CHECKSUM_UNIT;
const LENGTH = 2 * CHECKSUM_UNIT;

const operationOf = (
  kind: MergingOperation["kind"],
  { offset, data }: { readonly offset: number; readonly data: readonly Buffer[] },
): MergingOperation => ({
  kind,
  chunk: CHUNK,
  layer: 0,
  epoch: 1,
  opId: { incarnation: 9, seq: 1 },
  lowestUnresolvedSeq: 1,
  token: 0,
  generation: 1,
  offset,
  length: (kind === "compareAndWrite" ? 0.5 : 1) * scatterJoin(data).length,
  data,
  checksums: new Uint32Array(0),
});

/** Sectors in two units from OFFSET, of bytes that tell where they are; and what comes for them. */
const ranges = fc
  .tuple(fc.nat(14), fc.integer({ min: 1, max: 16 }), fc.uint8Array({ minLength: 1 }))
  .map(([first, wanted, bytes]) => {
    const length = SECTOR * Math.min(wanted, LENGTH / SECTOR - first);
    return { at: first * SECTOR, length, payload: Buffer.alloc(length, Buffer.from(bytes)) };
  });
const before = Buffer.from(Array.from({ length: LENGTH }, (_, at) => (at * 7 + (at >> 8)) % 256));
const units = {
  offset: OFFSET,
  length: LENGTH,
  data: [before.subarray(0, 100), before.subarray(100)],
};

describe("the units under an operation", () => {
  it.each<[MergingOperation["kind"], (found: number, given: number) => number]>([
    ["write", (_, given) => given],
    ["orWrite", (found, given) => found | given],
    ["compareAndWrite", (_, given) => given],
  ])("of kind %s change in its range only, and are left as they were found", (kind, becomes) => {
    fc.assert(
      fc.property(ranges, ({ at, length, payload }) => {
        const found = before.subarray(at, at + length);
        const data = kind === "compareAndWrite" ? [found, payload] : [payload];
        const kept = Buffer.from(before);
        const operation = operationOf(kind, { offset: OFFSET + at, data });
        const expected = Buffer.from(before);
        for (const [index, given] of payload.entries()) {
          expected[at + index] = becomes(before.readUInt8(at + index), given);
        }
        expect(miscompareAt(operation, units)).toBe(-1);
        expect(scatterJoin(mergedUnits(operation, units)).equals(expected)).toBe(true);
        expect(before.equals(kept)).toBe(true);
      }),
      { numRuns: soaked(50) },
    );
  });

  it("that are not as expected differ first at a byte of the operation's range", () => {
    const expected = Buffer.from(before.subarray(SECTOR, 2 * SECTOR));
    expected[77] = expected.readUInt8(77) ^ 1;
    const data = [expected, Buffer.alloc(SECTOR)];
    const operation = operationOf("compareAndWrite", { offset: OFFSET + SECTOR, data });
    expect(miscompareAt(operation, units)).toBe(77);
  });
});
