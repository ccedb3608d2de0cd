import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { RELEASE } from "./release.ts";

test("what processes tell of themselves is the version of the program", () => {
  const text = readFileSync(new URL("../../cli/package.json", import.meta.url), "utf8");
  expect(RELEASE.build).toBe((JSON.parse(text) as { version: string }).version);
});
