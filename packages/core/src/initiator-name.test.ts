import { expect, test } from "vitest";
import { INITIATOR_NAME_LENGTH_MAX, initiatorName } from "./initiator-name.ts";

test.each([
  ["iqn.1991-05.com.microsoft:HOST-1.example.org", "iqn.1991-05.com.microsoft:host-1.example.org"],
  ["iqn.1993-08.org.debian:01:4f2c_a", "iqn.1993-08.org.debian:01:4f2c_a"],
  ["iqn.2026-11.io.ashlar", "iqn.2026-11.io.ashlar"],
  ["EUI.02004567A425678D", "eui.02004567a425678d"],
  ["naa.52004567ba64678d", "naa.52004567ba64678d"],
  ["naa.62004567ba64678d0123456789abcdef", "naa.62004567ba64678d0123456789abcdef"],
])("%s is a name, kept in lower case", (given, kept) => {
  expect(initiatorName(given)).toBe(kept);
});

test.each([
  "",
  "host-1",
  "iqn.2026-13.io.ashlar:a",
  "iqn.26-11.io.ashlar:a",
  "iqn.2026-11.io.ashlar:",
  "iqn.2026-11.io.ashlar:a b",
  "iqn.2026-11.io.ashlar:a,i,0x1",
  "eui.02004567a425678",
  "naa.52004567ba64678d01",
])("%j is none", (given) => {
  expect(() => initiatorName(given)).toThrow(/not the name of an initiator/);
});

test("a name has at most 223 bytes", () => {
  const head = "iqn.2026-11.io.ashlar:";
  const longest = head + "a".repeat(INITIATOR_NAME_LENGTH_MAX - head.length);
  expect(initiatorName(longest)).toBe(longest);
  expect(() => initiatorName(`${longest}a`)).toThrow();
});
