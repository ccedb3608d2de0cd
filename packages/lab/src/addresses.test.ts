import { expect, test } from "vitest";
import { formatAddress, parseAddress } from "./addresses.ts";

test.each([
  ["127.0.0.1", { host: "127.0.0.1" }],
  ["node-1.example:3260", { host: "node-1.example", port: 3260 }],
  ["[::1]:3260", { host: "::1", port: 3260 }],
])("%s is an address", (text, address) => {
  expect(parseAddress(text, "--listen")).toEqual(address);
});

test.each(["", ":3260", "::1", "host:0", "host:65536", "host:port", "a b"])(
  "%j is none",
  (text) => {
    expect(() => parseAddress(text, "--listen")).toThrow("--listen");
  },
);

test("an IPv6 address is written in brackets", () => {
  expect(formatAddress("::1", 3260)).toBe("[::1]:3260");
  expect(formatAddress("127.0.0.1", 3260)).toBe("127.0.0.1:3260");
});
