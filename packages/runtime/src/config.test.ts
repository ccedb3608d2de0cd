import { expect, test } from "vitest";
import { parseConfig, readConfig, z } from "./config.ts";

const schema = z.strictObject({ port: z.number().int(), host: z.string().default("127.0.0.1") });

test("a good document is completed with defaults", () => {
  expect(parseConfig({ port: 1 }, schema, "test")).toEqual({ port: 1, host: "127.0.0.1" });
});

test("every offending field is named, unknown ones too", () => {
  expect(() => parseConfig({ port: "x", prot: 1 }, schema, "a.json")).toThrow(
    expect.objectContaining({
      code: "config/invalid",
      message: expect.stringMatching(/^a\.json: .*port.*prot/),
    }),
  );
});

test("a file that cannot be read is named", async () => {
  await expect(readConfig("/nonexistent.json", schema)).rejects.toMatchObject({
    code: "config/invalid",
    message: expect.stringContaining("/nonexistent.json"),
  });
});
