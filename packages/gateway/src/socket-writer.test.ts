import { soaked } from "@ashlar/core/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { join } from "./socket-writer.ts";

test("joining keeps every byte in order and does not copy what is large", () => {
  const lengths = fc.array(fc.oneof(fc.nat(200), fc.integer({ min: 8_000, max: 9_000 })));
  fc.assert(
    fc.property(lengths, (wanted) => {
      const buffers = wanted.map((length, index) => Buffer.alloc(length, index));
      const joined = join(buffers);
      expect(Buffer.concat(joined).equals(Buffer.concat(buffers))).toBe(true);
      for (const buffer of buffers) {
        if (buffer.length > 8192) expect(joined).toContain(buffer);
      }
    }),
    { numRuns: soaked(50) },
  );
});

test("a batch of small answers becomes one buffer", () => {
  expect(join(Array.from({ length: 20 }, () => Buffer.alloc(4096)))).toHaveLength(1);
});
