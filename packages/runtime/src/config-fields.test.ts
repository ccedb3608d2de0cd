import { describe, expect, test } from "vitest";
import { parseConfig, z } from "./config.ts";
import {
  addressField,
  joinAddress,
  PROCESS_FIELDS,
  pathsField,
  splitAddress,
  splitPaths,
} from "./config-fields.ts";

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

describe("addresses in several networks", () => {
  test.each([
    ["node.example:0", [{ host: "node.example", port: 0 }]],
    ["0.0.0.0:7001", [{ host: "0.0.0.0", port: 7001 }]],
    [
      "10.0.1.5:7001,10.0.2.5:7002",
      [
        { host: "10.0.1.5", port: 7001 },
        { host: "10.0.2.5", port: 7002 },
      ],
    ],
    [
      "[fd00::1]:1,[fd01::1]:1",
      [
        { host: "fd00::1", port: 1 },
        { host: "fd01::1", port: 1 },
      ],
    ],
  ])("%s is split", (text, parts) => {
    expect(splitPaths(text)).toEqual(parts);
    expect(parts.map(joinAddress).join(",")).toBe(text);
  });

  test.each([
    ["", "must be host:port"],
    ["10.0.1.5:7001,", "must be host:port"],
    [",10.0.1.5:7001", "must be host:port"],
    ["10.0.1.5:7001,10.0.2.5", "must be host:port"],
    ["10.0.1.5:7001, 10.0.2.5:7001", "must be host:port"],
    ["10.0.1.5:7001,node.example:7001", "must be IP addresses of one family"],
    ["10.0.1.5:7001,[fd00::1]:7001", "must be IP addresses of one family"],
    ["0.0.0.0:7001,10.0.2.5:7001", "must say which"],
    ["10.0.1.5:7001,10.0.1.5:7002", "one host is there twice"],
    ["10.0.1.1:1,10.0.1.2:1,10.0.1.3:1,10.0.1.4:1,10.0.1.5:1", "must be 4 at most"],
  ])("%s is refused with its field", (listen, why) => {
    const schema = z.strictObject({ listen: pathsField });
    expect(() => parseConfig({ listen }, schema, "a.json")).toThrow(
      expect.objectContaining({
        code: "config/invalid",
        message: expect.stringMatching(new RegExp(`^a\\.json: listen: .*${why}`)),
      }),
    );
  });
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
