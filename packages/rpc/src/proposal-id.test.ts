import { expect, test } from "vitest";
import { formatProposalId, parseProposalId } from "./proposal-id.ts";

test("a proposal's name reads back as it was written", () => {
  const id = { session: Number.MAX_SAFE_INTEGER, sequence: 12, answeredBelow: 7 };
  expect(formatProposalId(id)).toBe("9007199254740991.12.7");
  expect(parseProposalId(formatProposalId(id))).toEqual(id);
});

test.each([
  "",
  "1.2",
  "1.2.3.4",
  "1.2.x",
  "0.1.1",
  "1.0.0",
  "1.1.2",
  "1.-1.1",
  "9007199254740992.1.1",
])("%j is no name", (text) => {
  expect(() => parseProposalId(text)).toThrow(
    expect.objectContaining({ code: "argument/invalid" }),
  );
});
