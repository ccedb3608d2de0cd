import { hasCode } from "@ashlar/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeChange, encodeChange } from "./member-change.ts";

const change = fc.record({
  transition: fc.constantFrom("auto", "joint-implicit", "joint-explicit"),
  changes: fc.array(
    fc.record({
      kind: fc.constantFrom("add-voter", "remove", "update", "add-learner"),
      id: fc.nat(Number.MAX_SAFE_INTEGER),
    }),
    { maxLength: 8 },
  ),
});

it("reads what it wrote", () => {
  fc.assert(
    fc.property(change, (given) => {
      expect(decodeChange(encodeChange(given).data)).toEqual(given);
    }),
  );
});

it("refuses all else with an error that says so", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        expect(encodeChange(decodeChange(bytes)).data).toEqual(bytes);
      } catch (thrown) {
        expect(hasCode(thrown, "rpc/bad-frame")).toBe(true);
      }
    }),
  );
});
