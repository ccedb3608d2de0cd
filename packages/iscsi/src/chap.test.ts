// CHAP's hashes against values that another implementation computed, and its values as text.
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  CHAP_ALGORITHMS,
  CHAP_VALUE_MAX,
  chapResponse,
  equalText,
  formatBinary,
  freshChallenge,
  parseBinary,
  parseIdentifier,
  provesAccount,
} from "./chap.ts";

/** Python's hashlib, of 27h, "a secret of hosts" and the bytes 10h to 1fh. */
const KNOWN = [
  [5, "715a0ea20d3796d1653ae47a074040f4"],
  [6, "aa237b476a6811fb89a4095bb9a693f824d43d92"],
  [7, "40dcf23bae68bd368d87b7b5c1ec995ea4c4425d21f820d5a01e2b9223afe10b"],
  [8, "c4cddc5605930a59952d0956ee443269c579a4c88ad4604a85f87c3090930865"],
] as const;
const SECRET = "a secret of hosts";
const CHALLENGE = {
  identifier: 0x27,
  bytes: Buffer.from("101112131415161718191a1b1c1d1e1f", "hex"),
};

const algorithmOf = (number: number) => {
  const found = CHAP_ALGORITHMS.find((one) => one.number === number);
  if (!found) throw new Error(`no algorithm ${number}`);
  return found;
};

describe.each(KNOWN)("algorithm %i", (number, expected) => {
  const algorithm = algorithmOf(number);

  it("answers a challenge as others do", () => {
    expect(chapResponse(algorithm, CHALLENGE, SECRET).toString("hex")).toBe(expected);
  });

  it("is proven by name and response together, nothing less", () => {
    const account = { name: "host", secret: SECRET };
    const response = Buffer.from(expected, "hex");
    const proves = (name: string, given: Buffer, identifier = CHALLENGE.identifier): boolean =>
      provesAccount(account, algorithm, { ...CHALLENGE, identifier }, { name, response: given });
    const wrong = Buffer.from(response);
    wrong[wrong.length - 1] = ~(wrong.at(-1) ?? 0);
    expect(proves("host", response)).toBe(true);
    expect(proves("Host", response)).toBe(false);
    expect(proves("host", wrong)).toBe(false);
    expect(proves("host", response.subarray(1))).toBe(false);
    expect(proves("host", Buffer.alloc(0))).toBe(false);
    expect(proves("host", response, 0x28)).toBe(false);
  });

  it("draws challenges of its own length, at least 16 bytes", () => {
    let drawn = 0;
    const challenge = freshChallenge(algorithm, (length) => {
      drawn += length;
      return Buffer.alloc(length, drawn);
    });
    expect(challenge.bytes.length).toBe(expected.length / 2);
    expect(challenge.bytes.length).toBeGreaterThanOrEqual(16);
    expect(drawn).toBe(1 + challenge.bytes.length);
    expect(challenge.identifier).toBe(1);
  });
});

describe("binary values", () => {
  it.each([
    ["0x00ff", "00ff"],
    ["0X00fF", "00ff"],
    ["0bAP8=", "00ff"],
    ["0BAP//", "00ffff"],
    ["0bAA==", "00"],
    ["0x", undefined],
    ["0b", undefined],
    ["0x0", undefined],
    ["0x0g", undefined],
    ["00ff", undefined],
    ["255", undefined],
    ["0bAP8", undefined],
    ["0bA===", undefined],
    ["0bAP8=AP8=", undefined],
    ["0bAP_8", undefined],
    ["", undefined],
  ])("%s is %s", (text, expected) => {
    expect(parseBinary(text)?.toString("hex")).toBe(expected);
  });

  it("are refused beyond 1024 bytes, in both forms", () => {
    const forms = [formatBinary, (bytes: Buffer) => `0b${bytes.toString("base64")}`];
    for (const format of forms) {
      expect(parseBinary(format(Buffer.alloc(CHAP_VALUE_MAX)))?.length).toBe(CHAP_VALUE_MAX);
      expect(parseBinary(format(Buffer.alloc(CHAP_VALUE_MAX + 1)))).toBeUndefined();
    }
  });

  it("survive being written and read", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (array) => {
        const bytes = Buffer.from(array);
        expect(parseBinary(formatBinary(bytes))?.equals(bytes)).toBe(true);
        expect(parseBinary(`0B${bytes.toString("base64")}`)?.equals(bytes)).toBe(true);
      }),
    );
  });
});

test.each([
  ["0", 0],
  ["255", 255],
  ["0xfF", 255],
  ["256", undefined],
  ["0x100", undefined],
  ["-1", undefined],
  ["1.5", undefined],
  ["", undefined],
])("CHAP_I=%s is %s", (text, expected) => {
  expect(parseIdentifier(text)).toBe(expected);
});

test("texts are compared whole", () => {
  expect(equalText("a", "a")).toBe(true);
  expect(equalText("a", "ab")).toBe(false);
  expect(equalText("", "")).toBe(true);
});
