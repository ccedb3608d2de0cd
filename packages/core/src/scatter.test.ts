import fc from "fast-check";
import { expect, test } from "vitest";
import { scatterJoin, scatterLength, scatterOr, scatterSlice } from "./scatter.ts";

const lists = fc
  .array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 })
  .map((parts) => parts.map((part) => Buffer.from(part)));

test("a slice has the bytes that a slice of the whole would have", () => {
  fc.assert(
    fc.property(lists, fc.nat(160), fc.nat(160), (list, offset, length) => {
      const whole = Buffer.concat(list);
      const slice = scatterSlice(list, offset, length);
      expect(Buffer.concat(slice)).toEqual(whole.subarray(offset, offset + length));
      expect(scatterLength(slice)).toBe(scatterJoin(slice).length);
    }),
  );
});

test("joining a single buffer does not copy it", () => {
  const buffer = Buffer.from("a");
  expect(scatterJoin([buffer])).toBe(buffer);
});

test("the bits of two lists, however they are cut, in memory of its own", () => {
  fc.assert(
    fc.property(lists, fc.nat(160), fc.nat(0xff), (list, cut, mask) => {
      const whole = Buffer.concat(list);
      const masks = Buffer.alloc(whole.length, mask);
      const bits = scatterOr([whole], [masks.subarray(0, cut), masks.subarray(cut)]);
      expect([...bits]).toEqual([...whole].map((byte) => byte | mask));
      expect([...scatterOr(list, [masks])]).toEqual([...bits]);
      expect([...whole]).toEqual([...Buffer.concat(list)]);
    }),
  );
});
