import { describe, expect, test } from "vitest";
import { parseConfig, z } from "./config.ts";
import { addressField, PROCESS_FIELDS, splitAddress } from "./config-fields.ts";

describe("an address", () => {
  test.each([
    ["127.0.0.1:3260", { host: "127.0.0.1", port: 3260 }],
    ["node.example:0", { host: "node.example", port: 0 }],
    ["[fd00::1]:65535", { host: "fd00::1", port: 65535 }],
  ])("%s is split", (text, parts) => {
    expect(splitAddress(text)).toEqual(parts);
  });

  test.each(["127.0.0.1", "fd00::1:3260", ":3260", "host:65536", "host:x"])(
    "%s is refused with its field",
    (listen) => {
      const schema = z.strictObject({ listen: addressField });
      expect(() => parseConfig({ listen }, schema, "a.json")).toThrow(
        expect.objectContaining({
          code: "config/invalid",
          message: expect.stringMatching(/^a\.json: listen: must be host:port/),
        }),
      );
    },
  );
});

test("a bad name is told with file and field, like every other fault", () => {
  const document = { nodeId: "No Node", clusterId: "?", metrics: { host: "127.0.0.1", port: 0 } };
  expect(() => parseConfig(document, z.strictObject(PROCESS_FIELDS), "a.json")).toThrow(
    expect.objectContaining({
      code: "config/invalid",
      message: expect.stringMatching(/^a\.json: nodeId: node id must be.*; clusterId: /),
    }),
  );
});
