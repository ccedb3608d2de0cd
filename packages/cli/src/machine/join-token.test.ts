import { clusterId } from "@ashlar/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { formatToken, parseToken } from "./join-token.ts";

const address = fc
  .tuple(fc.ipV4(), fc.integer({ min: 1, max: 65_535 }))
  .map(([host, port]) => `${host}:${port}`);
const token = fc.record({
  clusterId: fc.uuid().map(clusterId),
  metadata: fc.array(address, { minLength: 1, maxLength: 9 }),
});

test("a token is read as it was written, also with white space around", () => {
  fc.assert(
    fc.property(token, (one) => {
      expect(parseToken(` ${formatToken(one)}\n`)).toEqual(one);
    }),
  );
});

test("a token of which a letter is missing or another one is refused", () => {
  fc.assert(
    fc.property(token, fc.nat(), fc.constantFrom("", "x", "-"), (one, place, letter) => {
      const text = formatToken(one);
      const at = place % text.length;
      const bent = text.slice(0, at) + letter + text.slice(at + 1);
      fc.pre(bent !== text);
      expect(() => parseToken(bent)).toThrow("this is no token, or not all of one");
    }),
  );
});

test("what is no token at all is refused", () => {
  for (const text of ["", "ashlar1..00000000", "ashlar2.e30.00000000", "storage-1"]) {
    expect(() => parseToken(text)).toThrow("this is no token");
  }
});
