import { describe, expect, test } from "vitest";
import { formatSize, parseSize } from "./units.ts";

describe("parseSize", () => {
  test.each([
    ["4GiB", 4 * 2 ** 30],
    ["512 MiB", 512 * 2 ** 20],
    ["4g", 4 * 2 ** 30],
    ["1.5MiB", 1.5 * 2 ** 20],
    ["1073741824", 2 ** 30],
    ["0", 0],
  ])("%s is %i bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(["4GB", "", "GiB", "-1", "1e3", "0.3", "4 G iB", "99999999TiB"])(
    "refuses %j",
    (text) => {
      expect(() => parseSize(text)).toThrow(expect.objectContaining({ code: "argument/invalid" }));
    },
  );
});

test("formatSize takes the largest unit that gives a number of at least one", () => {
  expect([0, 512, 1536, 4 * 2 ** 30, 2 ** 40].map(formatSize)).toEqual([
    "0 B",
    "512 B",
    "1.5 KiB",
    "4 GiB",
    "1 TiB",
  ]);
});
